// Captions: Enter goes to the next one, each says when it is saved and how much room is left.

const ROOM_SHOWN = 60; // characters: before that nobody has to think about it

/** The captions of the page in their order; photos come and go. */
const captions = () => [...document.querySelectorAll("[data-caption]")];
const stateOf = (field) => field.parentElement.querySelector("[data-caption-state]");

/** Enter goes on to the next caption, with Shift back: a caption is one line. */
function onKey(event) {
  const field = event.target;
  // Safari says 229 of the Enter that ends a composition, when it is no composing any more.
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  if (!field.matches?.("[data-caption]")) return;
  event.preventDefault();
  const all = captions();
  const next = all[all.indexOf(field) + (event.shiftKey ? -1 : 1)];
  // On the wall of photos it is not on the screen yet (photo-wall.js).
  (next ?? field).dispatchEvent(new Event(next ? "caption-wanted" : "caption-left", { bubbles: true }));
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function say(field, text) {
  const state = stateOf(field);
  if (state) state.textContent = text;
}

function onInput({ target: field }) {
  if (!field.matches?.("[data-caption]")) return;
  const left = field.maxLength - field.value.length;
  const text = ngettext("%(left)s character left", "%(left)s characters left", left);
  say(field, left <= ROOM_SHOWN ? interpolate(text, { left }, true) : "");
}

function onSaved({ target: field, detail: { sent, reply } }) {
  if (!field.matches?.("[data-caption]")) return;
  say(field, gettext("Saved"));
  // What is stored is one line; whoever still types there sees it with the next page.
  if (field.value === sent && field !== document.activeElement) field.value = reply.caption;
  for (const [id, html] of Object.entries(reply.fragments ?? {})) {
    const part = document.getElementById(id);
    if (part && !part.contains(document.activeElement)) part.outerHTML = html;
  }
}

document.addEventListener("keydown", onKey);
document.addEventListener("input", onInput);
document.addEventListener("caption-saved", onSaved);
