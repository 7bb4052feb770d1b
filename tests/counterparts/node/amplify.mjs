// aws-amplify, driven by lines: each call is the function of `aws-amplify/auth` of that name.
// Usage: node amplify.mjs USER_POOL_ID CLIENT_ID ENDPOINT

import { answerLines } from './lines.mjs';

globalThis.navigator ??= { userAgent: 'node' }; // Node has it from version 21 on, and Amplify looks at it when it is imported.

const { Amplify } = await import('aws-amplify');
const auth = await import('aws-amplify/auth');

const [userPoolId, userPoolClientId, userPoolEndpoint] = process.argv.slice(2);
Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });

await answerLines((call, input) => auth[call](input));
