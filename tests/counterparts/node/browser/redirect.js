// Amplify's sign-in with a redirect, for the pool that the page's address names at the first visit.

import { Amplify } from 'aws-amplify';
import 'aws-amplify/auth/enable-oauth-listener';
import { fetchAuthSession, signInWithRedirect, signOut } from 'aws-amplify/auth';
import { Hub } from 'aws-amplify/utils';

const named = Object.fromEntries(new URLSearchParams(location.search));
if (named.pool) localStorage.setItem('pool', JSON.stringify(named));
const { pool, client, endpoint, domain } = JSON.parse(localStorage.getItem('pool'));
const here = [`${location.origin}/redirect`];
const oauth = { domain, scopes: ['openid', 'email'], redirectSignIn: here, redirectSignOut: here, responseType: 'code' };
Amplify.configure({ Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint, loginWith: { oauth } } } });

const button = (text, press) => {
  const made = document.createElement('button');
  made.textContent = text;
  made.onclick = press;
  return made;
};

async function show() {
  const { tokens } = await fetchAuthSession();
  const said = document.createElement('h1');
  said.textContent = tokens?.idToken ? `Hello, ${tokens.idToken.payload.email}` : 'Nobody is signed in';
  document.getElementById('root').replaceChildren(said, button('Sign in', () => signInWithRedirect()), button('Sign out', () => signOut()));
}

Hub.listen('auth', show);
show();
