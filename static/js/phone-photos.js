// Shows photos on the photos step as they come from a phone, while the draft's code is open.
//
// The stream only says that something changed: the page then asks for its photos, and merges them.
// Where it has changed them itself meanwhile it asks again, so that nothing old is put back.

import { Link } from "./live-link.js";
import { morph } from "./morph.js";
import { changePhotos, grid } from "./photo-places.js";

const POLL_MS = { failing: 3000, refused: 10000 };
const root = document.querySelector("[data-phone-live]");
const status = document.getElementById("wall-status");
let link = null;
let topic = "";
let polling = 0;
let ending = 0;
let isAsking = false;
let isBehind = false;
let changes = 0;

const panel = () => document.getElementById("phone");

/** Follow the code that is shown; nothing is followed without one. */
function follow() {
  const { phoneTopic = "", phoneVersion } = panel().dataset;
  const until = panel().querySelector("#phone-until time")?.dateTime;
  clearTimeout(ending);
  if (until) ending = setTimeout(refresh, Math.max(0, Date.parse(until) - Date.now()) + 1000);
  const wanted = document.visibilityState === "hidden" ? "" : phoneTopic;
  if (wanted === topic) return;
  link?.close();
  setPace(0);
  topic = wanted;
  link = topic ? new Link(options(topic, Number(phoneVersion)), receive) : null;
  link?.open();
}

function options(topic, after) {
  const { live, liveHub, livePerson } = root.dataset;
  return { address: live, hub: liveHub, person: livePerson, topic, after };
}

function receive({ type, id }) {
  if (type === "update" && id === Number(panel().dataset.phoneVersion)) return;
  if (type === "update" || type === "resync") refresh();
  else setPace(POLL_MS[type] ?? 0);
}

function setPace(milliseconds) {
  clearInterval(polling);
  polling = milliseconds ? setInterval(refresh, milliseconds) : 0;
}

/** One question at a time; what is said meanwhile asks once more. */
export async function refresh() {
  isBehind = true;
  if (isAsking) return;
  isAsking = true;
  while (isBehind) {
    isBehind = false;
    await ask().catch(() => {});
  }
  isAsking = false;
}

async function ask() {
  const before = changes;
  const response = await fetch(root.dataset.phoneLive);
  if (response.status === 404) return location.reload(); // started or deleted in another tab
  if (!response.ok || response.redirected) return;
  const text = await response.text();
  await Promise.resolve(); // the observer has been told by now
  if (changes !== before) isBehind = true;
  else merge(new DOMParser().parseFromString(text, "text/html"));
}

function merge(fresh) {
  const known = grid().childElementCount;
  changePhotos((wall) => morph(wall, fresh.getElementById("photo-grid")));
  for (const id of ["photo-advice", "phone"]) {
    const old = document.getElementById(id);
    const wanted = fresh.getElementById(id);
    if (old && wanted) morph(old, wanted);
  }
  observer.takeRecords(); // these were ours
  window.htmx?.process(panel());
  say(grid().childElementCount - known);
  follow();
}

function say(more) {
  if (more <= 0) return;
  const text = ngettext("%s photo came from the phone.", "%s photos came from the phone.", more);
  status.textContent = interpolate(text, [more]);
}

const observer = new MutationObserver(() => (changes += 1));
observer.observe(grid(), { childList: true });

/** htmx has put another part about phones in its place. */
function onSettled({ detail }) {
  if (detail.target?.id !== "phone" && detail.elt?.id !== "phone") return;
  follow();
  document.getElementById("phone-title").focus();
}

document.body.addEventListener("htmx:afterSettle", onSettled);
document.addEventListener("visibilitychange", () => {
  follow();
  if (topic) refresh();
});
addEventListener("pagehide", () => link?.close());
follow();
