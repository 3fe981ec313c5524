// Forms with [data-passkey]: ask the browser to make or use a passkey, then send its answer.

const QUICK_MS = 1000; // two presses that are meant as one
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

function create(options, signal) {
  // A passkey can be found without a user name, and asks for a fingerprint, face or PIN.
  options.authenticatorSelection = {
    ...options.authenticatorSelection,
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  };
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return navigator.credentials.create({ publicKey, signal });
}

function get(options, signal) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return navigator.credentials.get({ publicKey, signal });
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

/** What the browser is asked now. It takes one question at a time: a second one fails, even where
 *  nobody sees the first any more. So the one that is pressed last counts. */
let asked = null;

async function send(event) {
  const form = event.target;
  if (form.elements.credential.value) return;
  event.preventDefault();
  if (Date.now() - asked?.at < QUICK_MS) return;
  asked?.control.abort();
  const mine = (asked = { at: Date.now(), control: new AbortController() });
  try {
    const ask = form.dataset.passkey === "create" ? create : get;
    const credential = await ask(await optionsOf(form), mine.control.signal);
    if (asked !== mine) return;
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    if (asked === mine) explain(form, error);
  }
  if (asked === mine) asked = null;
}

/** An answer is good for once: the page may be seen again, by “Back”. */
function forget() {
  for (const form of document.querySelectorAll("form[data-passkey]")) form.elements.credential.value = "";
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !supported;
  form.addEventListener("submit", send);
}
addEventListener("pageshow", forget);
