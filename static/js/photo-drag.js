// Drags a photo to another place: with the mouse at once, with a finger after it has rested on it,
// so that the page can still be scrolled by its photos.

import { moveBefore } from "./photo-actions.js";
import { grid, photos } from "./photo-places.js";
import { open, stayingInView } from "./photo-wall.js";

const NEAR = 6; // pixels: a click with an unsteady hand
const REST = 350; // milliseconds until a finger takes hold
const EDGE = 90; // pixels from the edge where the page begins to scroll
const SPEED = 14; // pixels a frame
let drag = null;

const frameOf = (tile) => tile.querySelector(".photo-frame");

function onDown(event) {
  const tile = event.target.closest?.("#photo-grid > :not([data-state])");
  if (!tile || !event.isPrimary || event.button !== 0 || !event.target.matches("[data-open]")) return;
  drag = { tile, id: event.pointerId, x: event.clientX, y: event.clientY, isHeld: false };
  drag.isTouch = event.pointerType !== "mouse";
  if (drag.isTouch) drag.timer = setTimeout(take, REST);
}

/** Take hold of the photo: what is open would be in the way. */
function take() {
  const { tile } = drag;
  stayingInView(tile, () => open(null));
  drag.isHeld = true;
  drag.top = scrollY;
  tile.dataset.dragged = "";
  grid().dataset.sorting = "";
  navigator.vibrate?.(10);
  scrollNearEdges();
}

function onMove(event) {
  if (!drag || event.pointerId !== drag.id) return;
  if (!event.buttons) return end(); // let go where nobody was told, such as in a menu of the browser
  drag.at = { x: event.clientX, y: event.clientY };
  const isFar = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > NEAR;
  if (!drag.isHeld && isFar && drag.isTouch) return end(); // the page is scrolled
  if (!drag.isHeld && isFar) take();
  if (drag.isHeld) follow();
}

function follow() {
  const { tile, at, x, y, top } = drag;
  if (!at) return;
  const { style } = frameOf(tile);
  style.setProperty("--drag-x", `${at.x - x}px`);
  style.setProperty("--drag-y", `${at.y - y + scrollY - top}px`);
  show(placeAt(at));
}

/** @returns {{ over: Element, side: "before" | "after" } | null} */
function placeAt({ x, y }) {
  const over = photos().find((other) => {
    const box = frameOf(other).getBoundingClientRect();
    return other !== drag.tile && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
  });
  if (!over) return null;
  const all = photos();
  return { over, side: all.indexOf(over) > all.indexOf(drag.tile) ? "after" : "before" };
}

function show(found) {
  if (drag.found?.over !== found?.over) delete drag.found?.over.dataset.drop;
  if (found) found.over.dataset.drop = found.side;
  drag.found = found;
}

function scrollNearEdges() {
  if (!drag?.isHeld) return;
  const { y } = drag.at ?? drag;
  const foot = document.getElementById("foot")?.offsetHeight ?? 0;
  if (y < EDGE) scrollBy(0, -SPEED);
  else if (y > innerHeight - foot - EDGE / 2) scrollBy(0, SPEED);
  follow();
  requestAnimationFrame(scrollNearEdges);
}

function onUp(event) {
  if (!drag || event.pointerId !== drag.id) return;
  const { isHeld, found, tile } = drag;
  end();
  if (!isHeld) return;
  // What follows would open the photo.
  const stop = (click) => click.stopPropagation();
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, { capture: true }));
  if (!found) return;
  moveBefore(tile, found.side === "before" ? found.over : next(found.over));
}

function next(tile) {
  const all = photos();
  return all[all.indexOf(tile) + 1] ?? null;
}

function end() {
  if (!drag) return;
  clearTimeout(drag.timer);
  show(null);
  const { style } = frameOf(drag.tile);
  for (const name of ["--drag-x", "--drag-y"]) style.removeProperty(name);
  delete drag.tile.dataset.dragged;
  delete grid().dataset.sorting;
  drag = null;
}

document.addEventListener("pointerdown", onDown);
document.addEventListener("pointermove", onMove);
document.addEventListener("pointerup", onUp);
document.addEventListener("pointercancel", end);
document.addEventListener("keydown", (event) => event.key === "Escape" && end());
document.addEventListener("contextmenu", (event) => drag?.isHeld && event.preventDefault());
// A finger that holds a photo scrolls nothing; that can only be said here.
document.addEventListener("touchmove", (event) => drag?.isHeld && event.preventDefault(), { passive: false });
