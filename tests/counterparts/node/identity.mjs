// amazon-cognito-identity-js, driven by lines. Its callbacks become results: `{"step": NAME_OF_THE_CALLBACK, "details": …}`.

import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';

import { answerLines } from './lines.mjs';
import { storage, storageCalls } from './storage.mjs';

let userPool;
let user;

const QUESTIONS = ['newPasswordRequired', 'mfaRequired', 'totpRequired', 'selectMFAType', 'mfaSetup', 'customChallenge'];

const tokens = (session, confirm) => ({ step: 'onSuccess', details: session.getAccessToken?.().payload, confirm: confirm ?? null });

/** What a method does that takes an object of callbacks, as a promise. */
function conversation(method) {
  return new Promise((resolve, reject) => {
    const questions = QUESTIONS.map((step) => [step, (name, details) => resolve({ step, details: details ?? name })]);
    method({
      ...Object.fromEntries(questions),
      onSuccess: (session, confirm) => resolve(tokens(session, confirm)),
      onFailure: reject,
      associateSecretCode: (details) => resolve({ step: 'associateSecretCode', details }),
      inputVerificationCode: (details) => resolve({ step: 'inputVerificationCode', details }),
    });
  });
}

/** What a method does that takes an object of two callbacks, as a promise. */
function outcome(method) {
  return new Promise((resolve, reject) => method({ onSuccess: resolve, onFailure: reject }));
}

/** What a method does that takes a callback of error and result, as a promise. */
function node(method) {
  return new Promise((resolve, reject) => method((error, result) => (error ? reject(error) : resolve(result))));
}

const named = (Username) => (user = new CognitoUser({ Username, Pool: userPool, Storage: storage }));
const attribute = ([Name, Value]) => new CognitoUserAttribute({ Name, Value });

const calls = {
  ...storageCalls,
  configure: ({ pool, client, endpoint }) => {
    userPool = new CognitoUserPool({ UserPoolId: pool, ClientId: client, endpoint, Storage: storage });
  },
  signIn: ({ username, password, flow }) => {
    named(username).setAuthenticationFlowType(flow ?? 'USER_SRP_AUTH');
    const details = new AuthenticationDetails({ Username: username, Password: password });
    return conversation((on) => (password ? user.authenticateUser(details, on) : user.initiateAuth(details, on)));
  },
  newPassword: ({ password, attributes }) => conversation((on) => user.completeNewPasswordChallenge(password, attributes ?? {}, on)),
  sendCode: ({ code, type }) => conversation((on) => user.sendMFACode(code, on, type)),
  selectMfa: ({ type }) => conversation((on) => user.sendMFASelectionAnswer(type, on)),
  associateToken: () => conversation((on) => user.associateSoftwareToken(on)),
  verifyToken: ({ code }) => conversation((on) => user.verifySoftwareToken(code, 'phone', on)),
  answerChallenge: ({ answer }) => conversation((on) => user.sendCustomChallengeAnswer(answer, on)),
  signUp: async ({ username, password, attributes }) => {
    const list = Object.entries(attributes).map(attribute);
    const signedUp = await node((done) => userPool.signUp(username, password, list, null, done));
    return { confirmed: signedUp.userConfirmed };
  },
  confirmSignUp: ({ username, code }) => node((done) => named(username).confirmRegistration(code, false, done)),
  resendCode: ({ username }) => node((done) => named(username).resendConfirmationCode(done)),
  forgotPassword: ({ username }) => conversation((on) => named(username).forgotPassword(on)),
  confirmPassword: ({ code, password }) => conversation((on) => user.confirmPassword(code, password, on)),
  refresh: async () => {
    const session = await node((done) => user.getSession(done));
    return tokens(await node((done) => user.refreshSession(session.getRefreshToken(), done)));
  },
  attributes: async () => {
    const list = await node((done) => user.getUserAttributes(done));
    return Object.fromEntries(list.map((one) => [one.getName(), one.getValue()]));
  },
  rememberDevice: () => outcome((on) => user.setDeviceStatusRemembered(on)),
  notRememberDevice: () => outcome((on) => user.setDeviceStatusNotRemembered(on)),
  forgetDevice: () => outcome((on) => user.forgetDevice(on)),
  getDevice: () => outcome((on) => user.getDevice(on)),
  listDevices: () => outcome((on) => user.listDevices(60, null, on)),
  globalSignOut: () => conversation((on) => user.globalSignOut(on)),
};

await answerLines((call, input) => calls[call](input ?? {}));
