// The Authenticator of @aws-amplify/ui-react, for the pool that the page's address names.

import { Amplify } from 'aws-amplify';
import { Authenticator } from '@aws-amplify/ui-react';
import { createRoot } from 'react-dom/client';

const { pool, client, endpoint } = Object.fromEntries(new URLSearchParams(location.search));
Amplify.configure({ Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint } } });

const Page = () => (
  <Authenticator signUpAttributes={['email']}>
    {({ signOut, user }) => (
      <main>
        <h1>Hello, {user.username}</h1>
        <button onClick={signOut}>Sign out</button>
      </main>
    )}
  </Authenticator>
);
createRoot(document.getElementById('root')).render(<Page />);
