// aws-amplify, driven by lines: each call but these is the function of `aws-amplify/auth` of that name.

import { answerLines } from './lines.mjs';
import { storage, storageCalls } from './storage.mjs';

globalThis.navigator ??= { userAgent: 'node' }; // Node has it from version 21 on, and Amplify looks at it when it is imported.

const { Amplify } = await import('aws-amplify');
const auth = await import('aws-amplify/auth');
const { cognitoUserPoolsTokenProvider } = await import('aws-amplify/auth/cognito');

const calls = {
  ...storageCalls,
  configure: ({ pool, client, endpoint }) => {
    Amplify.configure({ Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint } } });
    cognitoUserPoolsTokenProvider.setKeyValueStorage(storage);
  },
};

// `auth` is not copied: Amplify replaces its `autoSignIn` after a sign-up.
await answerLines((call, input) => (calls[call] ?? auth[call])(input));

process.exit(); // the timer of an automatic sign-in would go on for three minutes
