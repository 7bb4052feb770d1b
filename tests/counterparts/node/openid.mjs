// openid-client, driven by lines: one app of one issuer, over plain http.

import * as openid from 'openid-client';

import { answerLines } from './lines.mjs';

let config, verifier, state, nonce, callback;

const CALLS = {
  discover: async ({ issuer, client, secret, redirect }) => {
    callback = redirect;
    const insecure = { execute: [openid.allowInsecureRequests] };
    config = await openid.discovery(new URL(issuer), client, secret ?? undefined, secret ? undefined : openid.None(), insecure);
    return config.serverMetadata();
  },
  begin: async () => {
    [verifier, state, nonce] = [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
    const parameters = { redirect_uri: callback, scope: 'openid email', state, nonce, code_challenge_method: 'S256' };
    parameters.code_challenge = await openid.calculatePKCECodeChallenge(verifier);
    return openid.buildAuthorizationUrl(config, parameters).href;
  },
  finish: async ({ url }) => {
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
    const tokens = await openid.authorizationCodeGrant(config, new URL(url), checks);
    const info = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token);
    await openid.tokenRevocation(config, tokens.refresh_token);
    return { claims: tokens.claims(), info, renewed: renewed.claims() };
  },
};

await answerLines((call, input) => CALLS[call](input));
