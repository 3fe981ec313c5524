// What this page knows of what is stored, and what other pages have changed meanwhile.
//
// Beside each field stand hidden fields `was-<name>`: what was stored when the page was shown, and
// what it has sent since without an answer. With them the server never undoes what the page did not
// know of (dashboard/wizard/edits.py). An untouched field takes over what was changed elsewhere.

const CAPTION = "caption-";
const MOST = 20; // texts per field that the server reads
const form = document.getElementById("wizard");

const wasName = (name) => `was-${name.startsWith(CAPTION) ? name.slice(CAPTION.length) : name}`;
const lines = (text) => text.replace(/\r\n?/g, "\n");
const controls = (name) => [...form.elements].filter((one) => one.name === name);
const wasOf = (name) => controls(wasName(name));

/** @returns {string[]} what may be stored of a field as far as this page knows */
export const known = (name) => wasOf(name).map((one) => lines(one.value));

/** @returns {string[]} the fields of which this page knows what is stored */
export function names() {
  const all = new Set([...form.elements].map((one) => one.name));
  return [...all].filter((name) => name && !name.startsWith("was-") && all.has(wasName(name)));
}

/** @returns {string} what a form would send; "" where it sends nothing */
export function valueOf(name) {
  const usable = controls(name).filter((one) => !one.disabled);
  const isTick = ["radio", "checkbox"].includes(usable[0]?.type);
  const one = isTick ? usable.find((each) => each.checked) : usable[0];
  return lines(one?.value ?? "");
}

export function isTouched(name) {
  const texts = known(name);
  return texts.length !== 1 || texts[0] !== valueOf(name);
}

/** Put what is sent of these fields into `body`, with what is known of them. */
export function fill(body, fields, nameOf = (name) => name) {
  body.set("version", controls("version")[0]?.value ?? "");
  for (const name of fields) {
    const value = valueOf(name);
    body.set(nameOf(name), value);
    for (const text of known(name)) body.append(wasName(name), text);
    remember(name, value); // its answer may be lost
  }
}

/** From now on `text` may be what is stored. */
function remember(name, text) {
  const all = wasOf(name);
  if (all.length === 0 || all.at(-1).value === text) return;
  if (all.length >= MOST) all[1].remove();
  const more = all.at(-1).cloneNode();
  more.value = text;
  all.at(-1).after(more);
}

/** From now on `text` is what is stored. */
export function settle(name, text) {
  const [first, ...others] = wasOf(name);
  if (first) first.value = text;
  for (const one of others) one.remove();
}

function setValue(name, text) {
  const all = controls(name);
  for (const one of all) {
    if (["radio", "checkbox"].includes(one.type)) one.checked = one.value === text;
    else one.value = text;
  }
  // For what follows a field. It is saved already.
  const field = all.find((one) => one.checked) ?? all[0];
  for (const type of ["input", "change"]) {
    field?.dispatchEvent(new CustomEvent(type, { bubbles: true, detail: "elsewhere" }));
  }
}

/**
 * Take over what an answer says of other pages.
 * @param {object} reply with version, answers (all that is stored) and clashes (what to decide)
 * @param {Map<string, string>} sent what it answers, by field
 * @returns {string} what is to be said of it, "" for nothing
 */
export function learn({ version, answers = {}, clashes = {} }, sent) {
  for (const one of controls("version")) one.value = version ?? "";
  for (const [name, text] of sent) {
    if (name in clashes) continue;
    settle(name, text);
    clashOf(name)?.remove();
  }
  const taken = Object.entries(answers).filter(([name, text]) => !sent.has(name) && take(name, text));
  for (const [name, clash] of Object.entries(clashes)) ask(name, clash.html);
  if (Object.keys(clashes).length > 0) return gettext("Changed in another tab. Choose what stays.");
  return taken.length > 0 ? gettext("Changed in another tab") : "";
}

/** Show what is stored in a field that nobody has touched here. */
function take(name, text) {
  if (isTouched(name) || known(name)[0] === text) return false;
  setValue(name, text);
  settle(name, text);
  const note = document.createElement("p");
  Object.assign(note, { className: "help elsewhere", textContent: gettext("Changed in another tab") });
  noteOf(name)?.remove();
  placeOf(name).after(note);
  note.dataset.elsewhere = name;
  return true;
}

const clashOf = (name) => document.querySelector(`[data-clash="${name}"]`);
const noteOf = (name) => document.querySelector(`[data-elsewhere="${name}"]`);

function placeOf(name) {
  return document.getElementById(`id_${name}_error`) ?? wasOf(name).at(-1);
}

/** Show both values and two buttons; who is deciding right now is left alone. */
function ask(name, html) {
  const before = clashOf(name);
  if (before?.contains(document.activeElement)) return;
  before?.remove();
  placeOf(name).insertAdjacentHTML("afterend", html);
}

/** What is typed goes on in what is to be decided, and is no news from elsewhere any more. */
export function follow(field) {
  noteOf(field.name)?.remove();
  const mine = clashOf(field.name)?.querySelector("[data-mine]");
  if (mine && field.matches("input:not([type=radio], [type=checkbox]), textarea")) {
    mine.textContent = field.value;
  }
}

/**
 * Do what a button beside a clash says.
 * @returns {Element | null} the field that is to be saved then
 */
export function decide(button) {
  const [choice, name] = button.value.split(/:(.*)/s);
  const clash = clashOf(name);
  const other = lines(clash.querySelector('[name^="other-"]').value);
  if (choice === "mine") remember(name, other);
  else {
    setValue(name, other);
    settle(name, other);
  }
  clash.remove();
  const all = controls(name);
  const field = all.find((one) => one.checked) ?? all[0];
  field?.focus();
  return field ?? null;
}
