// aws-amplify, driven by lines: each call but `configure` is the function of `aws-amplify/auth` of that name.

import { answerLines } from './lines.mjs';

globalThis.navigator ??= { userAgent: 'node' }; // Node has it from version 21 on, and Amplify looks at it when it is imported.

const { Amplify } = await import('aws-amplify');
const auth = await import('aws-amplify/auth');

const configure = ({ pool, client, endpoint }) =>
  Amplify.configure({ Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint } } });

await answerLines((call, input) => (call === 'configure' ? configure(input) : auth[call](input)));

process.exit(); // the timer of an automatic sign-in would go on for three minutes
