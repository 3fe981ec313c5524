// Moves and removes photos: one request each, whose answer is merged into the wall.

import { csrfToken } from "./csrf.js";
import { morph } from "./morph.js";
import { refresh } from "./phone-photos.js";
import { changePhotos, grid, photos } from "./photo-places.js";
import { goTo, stayingInView, target } from "./photo-wall.js";
import { isOurs, refusalInFront } from "./refusals.js";

const status = document.getElementById("wall-status");
const zone = document.getElementById("drop-zone");
let actions = Promise.resolve(); // one after the other, as they were pressed
let waiting = 0; // moves that are not saved yet
let known = []; // the order that the server has
let changes = 0; // of the wall, by whom ever

const nameOf = (tile) => tile.dataset.name; // isolated by the server

function say(text, values = {}) {
  status.textContent = interpolate(text, values, true);
}

/** Put a photo before another, at the end without one, at once; and back where that is not saved. */
export function moveBefore(tile, before) {
  if (waiting === 0) known = photos();
  changePhotos((wall) => wall.insertBefore(tile, before));
  sayPlace(tile);
  waiting += 1;
  const id = before ? before.id.replace("photo-", "") : "";
  inTurn(() => save(tile, id));
}

/** What fails holds up nothing that comes after it. */
function inTurn(action) {
  actions = actions.then(action).catch(() => refresh());
}

function sayPlace(tile) {
  const all = photos();
  const values = { name: nameOf(tile), place: all.indexOf(tile) + 1, total: all.length };
  say(gettext("%(name)s is now photo %(place)s of %(total)s."), values);
}

async function save(tile, before) {
  const button = tile.querySelector('[data-acts="later"]');
  const seen = changes;
  const { html, problem } = await ask(button.formAction, { before }).finally(() => (waiting -= 1));
  if (problem) return putBack(tile, problem);
  const fresh = parsed(html);
  known = [...fresh.querySelectorAll("#photo-grid > li")].map(({ id }) => document.getElementById(id));
  if (waiting === 0) await merge(fresh, seen);
}

function putBack(tile, problem) {
  changePhotos((wall) => wall.append(...known.filter((one) => one?.isConnected)));
  say(gettext("%(name)s was not moved. %(problem)s"), { name: nameOf(tile), problem });
  tellAll(status.textContent);
}

/** Say what went wrong also to people who see the page. */
function tellAll(text) {
  const saved = document.getElementById("saved");
  saved.dataset.tone = "bad";
  saved.textContent = text;
}

/** @returns {Promise<{ html?: string, problem?: string, isGone?: boolean }>} */
async function ask(address, fields) {
  const headers = { "X-CSRFToken": csrfToken(), "HX-Request": "true" };
  const body = new URLSearchParams(fields);
  const response = await fetch(address, { method: "POST", body, headers }).catch(() => null);
  if (!response) return { problem: gettext("There is no connection. Try again.") };
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere) location.assign(elsewhere);
  if (!isOurs((name) => response.headers.get(name))) return { problem: refusalInFront(response.status) };
  if (response.ok) return { html: await response.text() };
  if (response.status === 404) {
    return { problem: gettext("The photos have changed in another tab. Reload the page."), isGone: true };
  }
  return { problem: gettext("This did not work. Try again in a moment.") };
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

/** Show the photos as the server had them, with the advice on them; where the wall was changed
 *  while that was on its way, as the server has them now. */
async function merge(fresh, seen) {
  const wanted = fresh.getElementById("photo-grid");
  if (!wanted) return; // another page is on its way
  if (changes !== seen) return refresh();
  changePhotos((wall) => morph(wall, wanted));
  for (const id of ["photo-advice", "caption-notes"]) {
    const part = fresh.getElementById(id);
    part?.removeAttribute("hx-swap-oob");
    if (part) document.getElementById(id)?.replaceWith(part);
  }
}

/** Remove a photo, once however often it is pressed. */
function remove(tile, button) {
  if (tile.hasAttribute("data-leaving")) return;
  tile.dataset.leaving = "";
  inTurn(() => take(tile, button).finally(() => delete tile.dataset.leaving));
}

/** The next photo takes the place of a removed one, and its button that of the pressed one. */
async function take(tile, button) {
  const at = photos().indexOf(tile);
  const seen = changes;
  const { html, problem, isGone } = await ask(button.formAction, {});
  if (isGone) changePhotos(() => tile.remove()); // in another tab
  else if (problem) {
    say(gettext("%(name)s was not removed. %(problem)s"), { name: nameOf(tile), problem });
    return tellAll(status.textContent);
  } else await merge(parsed(html), seen);
  const left = photos();
  const next = left[Math.min(at, left.length - 1)];
  if (next) goTo(next, '[data-acts="remove"]');
  else zone.querySelector("[data-choose]").focus();
  say(gettext("%(name)s was removed."), { name: nameOf(tile) });
}

function onClick(event) {
  const button = event.target.closest?.("#photo-grid [data-acts]");
  if (!button) return;
  event.preventDefault();
  const tile = button.closest("li");
  // The second click of two, or a key that is held, would remove the next photo too.
  if (button.dataset.acts === "remove") return event.detail > 1 ? undefined : remove(tile, button);
  step(tile, button.dataset.acts === "earlier" ? "ArrowLeft" : "ArrowRight");
}

/** Move a photo as a key says; it, and the button that was pressed, stay where they are seen. */
function step(tile, key) {
  const others = photos().filter((other) => other !== tile);
  const to = target(key, photos().indexOf(tile), others.length + 1);
  if (to !== undefined) stayingInView(tile, () => moveBefore(tile, others[to] ?? null));
}

/** Alt with an arrow key moves the photo. Alone, it would leave the page. */
function onKey(event) {
  const tile = event.target.closest?.("#photo-grid > :not([data-state])");
  const isMove = event.altKey && !event.ctrlKey && !event.metaKey && /^(Arrow|Home|End)/.test(event.key);
  if (!tile || !isMove || !event.target.matches("[data-open]")) return;
  event.preventDefault();
  step(tile, event.key);
  event.target.scrollIntoView({ block: "nearest" });
}

function onHeldKey(event) {
  if (event.repeat && event.target.closest?.('#photo-grid [data-acts="remove"]')) event.preventDefault();
}

new MutationObserver(() => (changes += 1)).observe(grid(), { childList: true });
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("keydown", onHeldKey);
