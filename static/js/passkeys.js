// Forms with [data-passkey]: ask the browser to make or use a passkey, then send its answer.

// Browsers have no such thing at plain http in a home network: not even the name.
const supported = typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === "function";

/** The server's options: in the page, or fetched on the click so that they are fresh. */
async function optionsOf(form) {
  if (!("fetch" in form.dataset)) {
    return JSON.parse(form.querySelector("script[type='application/json']").textContent).publicKey;
  }
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`The server answered ${response.status}`);
  return (await response.json()).request_options.publicKey;
}

function create(options) {
  // A passkey can be found without a user name, and asks for a fingerprint, face or PIN.
  options.authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  };
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return navigator.credentials.create({ publicKey });
}

function get(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return navigator.credentials.get({ publicKey });
}

function explain(form, error) {
  const text =
    error.name === "SecurityError"
      ? gettext("Passkeys work at the site's own address only, not at a bare IP address.")
      : gettext("That did not work, or it was cancelled. Please try again.");
  const place = form.querySelector("[data-passkey-error]");
  place.textContent = text;
  place.hidden = false;
}

async function send(event) {
  const form = event.target;
  if (form.elements.credential.value) return;
  event.preventDefault();
  try {
    const ask = form.dataset.passkey === "create" ? create : get;
    const credential = await ask(await optionsOf(form));
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    explain(form, error);
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !supported;
  form.addEventListener("submit", send);
}
