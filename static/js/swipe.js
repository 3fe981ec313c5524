// Swipes of one finger to the side. Scrolling up and down and zooming stay the browser's: see
// `touch-action` where the stylesheet names the element.

const FAR_PX = 48;
const STRAIGHT = 1.5; // so much more to the side than up or down

/** Call `step` with 1 for a swipe to the left, -1 for one to the right, over `element`. */
export function onSwipe(element, step) {
  let start = null;

  element.addEventListener("pointerdown", (event) => {
    const isOnlyFinger = event.isPrimary && event.pointerType !== "mouse";
    start = isOnlyFinger && !isZoomed() ? event : null;
  });
  element.addEventListener("pointercancel", () => (start = null));
  element.addEventListener("pointerup", (event) => {
    const from = start;
    start = null;
    if (event.pointerId !== from?.pointerId) return;
    const [aside, along] = [event.clientX - from.clientX, event.clientY - from.clientY];
    if (Math.abs(aside) > FAR_PX && Math.abs(aside) > STRAIGHT * Math.abs(along)) step(aside < 0 ? 1 : -1);
  });
  // Who has zoomed in moves the picture with one finger.
  visualViewport?.addEventListener("resize", () => element.toggleAttribute("data-zoomed", isZoomed()));
}

function isZoomed() {
  return (globalThis.visualViewport?.scale ?? 1) > 1.05;
}
