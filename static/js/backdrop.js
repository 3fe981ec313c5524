// Clicks beside an open dialog. A browser says the dialog itself of them, as of clicks on its own
// edge, and of a press that began in one of its fields (text is selected there) and ended outside.

/** The dialog beside which the last press began. */
let pressed = null;

/** Whether a click, from the press on, was beside the dialog that it is told of. */
export function isBeside(event) {
  return event.target === pressed && isOutside(event);
}

function isOutside({ target, clientX, clientY }) {
  const { left, right, top, bottom } = target.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

function onPress(event) {
  pressed = event.target.matches?.("dialog") && isOutside(event) ? event.target : null;
}

document.addEventListener("pointerdown", onPress, { capture: true });

/** The room that a scroll bar takes stays while a dialog is open (base.css); where bars lie over the
 *  page there is none. */
const root = document.documentElement;
new ResizeObserver(() => {
  root.toggleAttribute("data-has-bar", innerWidth > root.clientWidth);
}).observe(document.body);
