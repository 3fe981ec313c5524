// Says beside the way on what holds it up, and leads there.

import { isPlain } from "./modifiers.js";

const box = document.getElementById("problems");
const text = box.querySelector("[data-text]");
const link = box.querySelector("[data-show]");
let reason = null;
let show = null;

/** Keep the person here, as long as there is a reason.
 *  @param {() => string} ask for the reason, "" without one  @param {Function} lead goes to what it is about */
export function holdBack(ask, lead) {
  [reason, show] = [ask, lead];
  text.textContent = ask();
  link.textContent = link.dataset.textUploads;
  box.hidden = false;
  box.focus({ preventScroll: true });
}

/** The photos have changed: what the server said of them is over, what is said here may be another. */
export function askAgain() {
  const message = reason?.();
  if (!message) letGo();
  else if (text.textContent !== message) text.textContent = message;
}

function letGo() {
  [reason, show] = [null, null];
  const hadFocus = box.contains(document.activeElement);
  box.hidden = true;
  if (hadFocus) document.querySelector('#foot [value="next"]')?.focus({ preventScroll: true });
}

link.addEventListener("click", (event) => {
  if (!isPlain(event)) return;
  event.preventDefault();
  if (show) show();
  else document.querySelector("#drop-zone [data-choose]").focus();
});
