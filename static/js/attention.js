// Keeps the keyboard where the person's attention is when the part of the page that had it goes.

const WANTED = "[data-attention]";

/** Where the focus is: the element, and what is around it, from near to far. */
export function attentionNow() {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const around = [];
  for (let one = focused.parentElement; one; one = one.parentElement) if (one.id) around.push(one.id);
  return { focused, around };
}

/** Move a focus that was lost to what stands in its place now: the nearest part that is left. */
export function restore(attention) {
  if (!attention || attention.focused.isConnected) return;
  const part = attention.around.map((id) => document.getElementById(id)).find(Boolean);
  // Who has scrolled on is not taken back.
  if (part) attend(part.querySelector(WANTED) ?? part.querySelector("h1") ?? part, { preventScroll: true });
}

/** Focus what takes no focus by itself, such as a heading or a message. */
export function attend(element, options) {
  if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.focus(options);
}
