// The wall: one tile is open at a time and shows its caption and tools in the row below; arrow keys
// go from tile to tile. A tile is known by its id, so that it stays open whatever changes around it.

import { hasModifier, isPlain } from "./modifiers.js";
import { grid, photos } from "./photo-places.js";

let openId = "";
let currentId = ""; // the one that the Tab key comes to

const tiles = () => [...grid().children];
const opener = (tile) => tile?.querySelector("[data-open]");
const tileAt = (node) => node?.closest?.("#photo-grid > li");

/** How many tiles stand in a row. */
export function columns() {
  return getComputedStyle(grid()).gridTemplateColumns.split(" ").length;
}

export const isOpen = (tile) => tile.id === openId;

/** Open a tile, and nothing else; without one all are closed. What is in the row stays in view. */
export function open(tile) {
  const id = tile?.id ?? "";
  if (id === openId) return;
  const shown = tile ?? document.getElementById(openId);
  stayingInView(shown, () => {
    openId = id;
    if (id) currentId = id;
    apply();
  });
  bodyOf(tile)?.scrollIntoView({ block: "nearest" });
}

/** Open a tile and go to a part of it, to the tile itself without one. */
export function goTo(tile, selector = "[data-open]") {
  open(tile);
  tile?.querySelector(selector)?.focus();
}

/** Let a new tile take over from one: open if that was, with the focus if that had it. */
export function succeed(old, fresh) {
  const hadFocus = old.contains(document.activeElement);
  if (openId === old.id) openId = fresh.id;
  if (currentId === old.id) currentId = fresh.id;
  old.replaceWith(fresh);
  apply();
  if (hadFocus) opener(fresh).focus({ preventScroll: true });
}

/** Change something while a tile stays where it is on the screen. */
export function stayingInView(tile, change) {
  const top = () => tile?.isConnected && tile.querySelector(".photo-frame").getBoundingClientRect().top;
  const before = top();
  change();
  const moved = top() - before;
  if (Math.abs(moved) > 1) scrollBy({ top: moved, behavior: "instant" });
}

const bodyOf = (tile) => tile?.querySelector(".photo-body");

function apply() {
  if (!document.getElementById(openId)) openId = "";
  if (!document.getElementById(currentId)) currentId = tiles()[0]?.id ?? "";
  for (const tile of tiles()) {
    tile.toggleAttribute("data-opened", tile.id === openId);
    opener(tile).setAttribute("aria-expanded", String(tile.id === openId));
    opener(tile).tabIndex = tile.id === currentId ? 0 : -1;
    showLine(tile);
  }
  const all = photos();
  for (const tile of all) {
    markEnd(tile, "earlier", tile === all[0]);
    markEnd(tile, "later", tile === all.at(-1));
  }
}

/** The first has nowhere earlier to go, the last nowhere later; the focus may stay there. */
function markEnd(tile, name, isEnd) {
  tile.querySelector(`[data-acts="${name}"]`).setAttribute("aria-disabled", String(isEnd));
}

/** Show the words of a caption on its tile. */
function showLine(tile) {
  const words = tile.querySelector("[data-caption]")?.value;
  const line = tile.querySelector("[data-line]");
  if (!line || line.textContent === words) return;
  line.replaceChildren(...(words ? [Object.assign(document.createElement("bdi"), { textContent: words })] : []));
}

function onClick(event) {
  const link = event.target.closest?.('a[href^="#photo-"]');
  const tile = link ? document.getElementById(link.hash.slice(1)) : tileAt(event.target);
  if (link && !isPlain(event)) return;
  if (link && tile) {
    event.preventDefault();
    goTo(tile);
  } else if (event.target.closest?.("[data-open]") && tile) open(isOpen(tile) ? null : tile);
  else if (tile && event.target.closest("[data-close]")) close(tile);
}

function close(tile) {
  open(null);
  opener(tile).focus();
}

function onKey(event) {
  const tile = tileAt(event.target);
  if (!tile || event.isComposing || event.defaultPrevented) return;
  if (event.key === "Escape" && isOpen(tile)) close(tile);
  else if (event.target === opener(tile) && !hasModifier(event)) go(tile, event);
}

/** @returns {number | undefined} where an arrow key leads from a place among `count` */
export function target(key, at, count) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() };
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const to = at + steps[key];
  return to >= 0 && to < count ? to : undefined;
}

function go(tile, event) {
  const all = tiles();
  const next = all[target(event.key, all.indexOf(tile), all.length)];
  if (!next) return;
  event.preventDefault();
  opener(next).focus();
}

function onFocus({ target: element }) {
  const tile = tileAt(element);
  if (!tile || tile.id === currentId) return;
  currentId = tile.id;
  apply();
}

function onInput({ target: field }) {
  if (field.matches?.("[data-caption]") && tileAt(field)) showLine(tileAt(field));
}

/** What is decided about a caption goes on in its field (autosave.js). */
function onDecision({ target: button }) {
  if (button.closest?.("[data-clash]") && tileAt(button)) open(tileAt(button));
}

/** A caption is wanted that is not on the screen yet; or there is none after the last. */
function onWanted({ target: field }) {
  open(tileAt(field));
}

function onLeft({ target: field }) {
  if (tileAt(field)) close(tileAt(field));
}

/** Open what the address, or a question about it, is about. */
function openAtFirst() {
  const named = /^#photo-/.test(location.hash) && document.getElementById(location.hash.slice(1));
  const asked = tileAt(grid().querySelector("[data-clash]"));
  apply();
  if (named || asked) open(named || asked);
  if (named) opener(named).focus();
  else asked?.querySelector("[data-clash] button").focus();
}

document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("focusin", onFocus);
document.addEventListener("input", onInput);
document.addEventListener("change", onInput);
document.addEventListener("click", onDecision, { capture: true });
document.addEventListener("caption-wanted", onWanted);
document.addEventListener("caption-left", onLeft);
document.addEventListener("wall-changed", apply);
openAtFirst();
grid().dataset.ready = "";
