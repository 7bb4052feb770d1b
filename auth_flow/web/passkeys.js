// Passkeys in the forms that `render` of auth_flow.web writes.
//
// Without this script, or in a browser without WebAuthn, a form that is about a passkey says that it cannot use passkeys,
// hides the buttons for them, and offers the other ways. The script shows the buttons. If the first is pressed, or if the
// person chooses the passkey among other factors, the browser asks for the passkey. The form is sent with the answer in
// its hidden field: the credential as JSON, or {"error": NAME} with the name of the DOMException, such as
// NotAllowedError if the person cancelled.

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
const textOf = (buffer) =>
  btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const described = (list) => list?.map((one) => ({ ...one, id: bytesOf(one.id) }));

// Browsers before 2024 (Safari: 2025) convert neither options nor credentials themselves.
function requestOptions(json) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return { ...json, challenge: bytesOf(json.challenge), allowCredentials: described(json.allowCredentials) };
}

function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  return {
    ...json,
    challenge: bytesOf(json.challenge),
    user: { ...json.user, id: bytesOf(json.user.id) },
    excludeCredentials: described(json.excludeCredentials),
  };
}

function asJSON(credential) {
  try {
    return credential.toJSON();
  } catch {
    // The method is missing, or it is one that a password manager's extension has broken.
  }
  const { id, type, response } = credential;
  const members = { clientDataJSON: response.clientDataJSON };
  if (response.attestationObject) {
    members.attestationObject = response.attestationObject;
    members.authenticatorData = response.getAuthenticatorData?.();
    members.publicKey = response.getPublicKey?.();
  } else {
    members.authenticatorData = response.authenticatorData;
    members.signature = response.signature;
    members.userHandle = response.userHandle;
  }
  const encoded = Object.entries(members).filter(([, buffer]) => buffer).map(([name, buffer]) => [name, textOf(buffer)]);
  return {
    id,
    rawId: id,
    type,
    response: {
      ...Object.fromEntries(encoded),
      transports: response.getTransports?.(),
      publicKeyAlgorithm: response.getPublicKeyAlgorithm?.(),
    },
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

let latest = new AbortController();
let ended = Promise.resolve();

// Ask for a passkey. A browser allows one request at a time, so the one before is given up, and has to end first.
async function ask(options, mediation) {
  latest.abort();
  latest = new AbortController();
  const { signal } = latest;
  const request = ended.then(() =>
    'user' in options
      ? navigator.credentials.create({ publicKey: creationOptions(options), signal })
      : navigator.credentials.get({ publicKey: requestOptions(options), signal, mediation }),
  );
  ended = request.catch(() => {});
  try {
    return asJSON(await request);
  } catch (error) {
    return signal.aborted ? null : { error: error.name };
  }
}

async function enhance(field) {
  const form = field.closest('form');
  const input = field.querySelector('input');
  const button = form.querySelector('button:not([formnovalidate])');
  const options = JSON.parse(field.dataset.passkey);
  const without = field.querySelector('[data-without-passkeys]'); // null if the passkey is one choice among others

  function send(answer) {
    input.value = JSON.stringify(answer);
    form.noValidate = true; // a passkey stands for all other fields
    form.requestSubmit(button);
    input.value = ''; // for a page that the browser restores when the person goes back
  }

  form.addEventListener('submit', async (event) => {
    if (event.submitter !== button) latest.abort(); // the person goes another way
    else if (!input.value && (without || form.querySelector('[value="WEB_AUTHN"]:checked'))) {
      event.preventDefault();
      const answer = await ask(options);
      if (answer) send(answer);
    }
  });
  if (without) {
    without.hidden = true;
    form.querySelectorAll('button[hidden]').forEach((one) => { one.hidden = false; });
    if (document.activeElement === document.body) button.focus();
  }

  // Autofill: an input of the form whose `autocomplete` ends in "webauthn" suggests passkeys while the person types.
  const suggests = !('user' in options) && form.querySelector('[autocomplete~="webauthn"]');
  if (suggests && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    const answer = await ask(options, 'conditional');
    if (answer && !answer.error) send(answer);
  }
}

if (window.PublicKeyCredential) document.querySelectorAll('[data-passkey]').forEach(enhance);
