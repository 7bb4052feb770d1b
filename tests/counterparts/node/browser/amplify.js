// aws-amplify in a page: `perform(call, input)` is the function of `aws-amplify/auth` of that name.

import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';

const configure = ({ pool, client, endpoint }) =>
  Amplify.configure({ Auth: { Cognito: { userPoolId: pool, userPoolClientId: client, userPoolEndpoint: endpoint } } });

window.perform = async (call, input) => {
  try {
    const result = await (call === 'configure' ? configure(input) : auth[call](input ?? undefined));
    return JSON.stringify({ result: result ?? null });
  } catch (error) {
    return JSON.stringify({ error: error.name, message: error.message });
  }
};
