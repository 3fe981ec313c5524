// Keeps the live parts of a page up to date while it is open.
//
// The server sends rendered parts as server-sent events, over one stream for all pages of this
// browser; each part replaces the element with its id. A page that shows nothing in progress needs
// no stream, and a hidden one none either: it asks now and then, for its title. Without a stream
// (no EventSource, or it keeps failing) the page polls instead, and more slowly where
// the server refuses one (429: this person has many open).

import { Announcer } from "./announce.js";
import { attentionNow, restore } from "./attention.js";
import { channelTo } from "./channel.js";
import { csrfToken } from "./csrf.js";
import { Link } from "./live-link.js";
import { morph } from "./morph.js";

const POLL_MS = { failing: 3000, refused: 10000 };
const HIDDEN_POLL_MS = 30000;
// No update for this long: poll once, because some values change without an event.
const IDLE_MS = 15000;
// What comes after the end, such as the last lines of a log.
const LINGER_MS = 10000;
// Answers that were older than what the stream had brought by then, in a row.
const MOST_TRIES = 3;
const TOKEN_FROM_PAGE = "from-the-page";

const root = document.querySelector("[data-live]");
const icon = document.querySelector('link[rel="icon"]');
const plainIcon = icon?.href;
let link = null;
let announcer = null;
let streamState = "opening";
let isLeft = false;
let isAsking = false;
let isBehind = false;
let followedAt = 0;
let polling = 0;
let pace = 0;
let idle = 0;
let linger = 0;

function newLink() {
  const { live, liveHub, livePerson, liveTopic, liveAfter } = root.dataset;
  const options = { address: live, hub: liveHub, person: livePerson, topic: liveTopic, after: Number(liveAfter) };
  return new Link(options, receive);
}

function receive({ type, update: parts }) {
  if (type === "update") apply(parts);
  else if (type === "resync") poll();
  else if (streamState !== type) {
    streamState = type;
    adjust();
    if (type in POLL_MS) poll();
  }
}

/** Open or close the stream, and set how often to poll, as the page is now. */
function adjust() {
  const isHidden = isLeft || document.visibilityState === "hidden";
  const isFollowing = follows();
  if (isFollowing && !isHidden) link.open();
  else link.close();
  if (!isFollowing) setPace(0);
  else setPace(isHidden ? HIDDEN_POLL_MS : (POLL_MS[streamState] ?? 0));
}

/** Whether the page shows something in progress, or did a moment ago. */
function follows() {
  if (root.querySelector("[data-follow]")) followedAt = Date.now();
  clearTimeout(linger);
  const left = followedAt + LINGER_MS - Date.now();
  if (left > 0) linger = setTimeout(adjust, left);
  return left > 0;
}

function onVisibility() {
  adjust();
  // Whatever happened meanwhile, also that somebody signed out.
  if (document.visibilityState !== "hidden") poll();
}

function apply({ fragments, title, progress }) {
  for (const { html } of fragments) swap(html);
  if (title !== undefined) setTitle(title);
  if (progress !== undefined) setIcon(progress);
  pollWhenIdle();
}

/** Update the elements of the page from those in `html` with the same ids. */
function swap(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  if (isOld(parsed)) return false;
  personalise(parsed);
  const attention = attentionNow();
  // The outermost live elements of the answer that are on this page.
  for (const fresh of parsed.querySelectorAll('[id^="live-"], [id^="card-"]')) {
    const old = document.getElementById(fresh.id);
    if (old && root.contains(old) && fresh.isConnected) update(old, fresh.cloneNode(true));
    fresh.replaceChildren();
  }
  document.dispatchEvent(new CustomEvent("live:swapped"));
  restore(attention);
  announcer.say();
  adjust();
  return true;
}

/** An answer that was on its way when newer news came by the stream would turn the page back. */
function isOld(parsed) {
  const { liveAfter } = parsed.querySelector("[data-live-after]")?.dataset ?? {};
  return liveAfter !== undefined && Number(liveAfter) < link.after;
}

/** What is another page now (training, ready) is new: nothing of the old one slides to a new place. */
function update(old, fresh) {
  if (old.dataset.shape === fresh.dataset.shape) morph(old, fresh);
  else old.replaceWith(fresh);
}

/** Parts rendered for all open pages carry no token; forms in them get this page's. */
function personalise(parsed) {
  const token = csrfToken();
  for (const input of parsed.querySelectorAll('input[name="csrfmiddlewaretoken"]')) {
    if (input.getAttribute("value") === TOKEN_FROM_PAGE) input.setAttribute("value", token);
  }
  // Two tabs received the same form: a click in each must not count as one repeated click.
  const key = parsed.querySelector('[data-live-keep] input[name="idempotency_key"]');
  key?.setAttribute("value", randomKey());
}

/** 32 hexadecimal digits. (`crypto.randomUUID` is missing on plain HTTP in a home network.) */
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function setTitle(title) {
  const end = document.title.split(" · ").at(-1);
  document.title = `${title} · ${end}`;
}

/** Show progress as a ring in the tab's icon; the plain icon where `progress` is null. */
function setIcon(progress) {
  if (!icon) return;
  if (progress === null) {
    icon.href = plainIcon;
    return;
  }
  const length = 2 * Math.PI * 12;
  const accent = matchMedia("(prefers-color-scheme: dark)").matches ? "#9d94ff" : "#4a3aff";
  icon.href = `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke-width="7" transform="rotate(-90 16 16)"><circle cx="16" cy="16" r="12" stroke="#9996"/><circle cx="16" cy="16" r="12" stroke="${accent}" stroke-dasharray="${(length * progress) / 100} ${length}"/></g></svg>`,
  )}`;
}

function poll() {
  document.body.dispatchEvent(new CustomEvent("live:poll"));
  pollWhenIdle();
}

function setPace(milliseconds) {
  if (pace === milliseconds) return;
  clearInterval(polling);
  pace = milliseconds;
  polling = pace ? setInterval(poll, pace) : 0;
}

function pollWhenIdle() {
  clearTimeout(idle);
  if (!polling && root.querySelector("progress")) idle = setTimeout(poll, IDLE_MS);
}

/** A page may be kept when it is left, and shown again. */
function leave(isLeaving) {
  isLeft = isLeaving;
  adjust();
}

/** Fetch the live parts, one request at a time; who asks meanwhile may need what came later. */
async function ask() {
  isBehind = true;
  if (isAsking) return;
  isAsking = true;
  for (let tries = 0; isBehind && tries < MOST_TRIES; tries += 1) {
    isBehind = false;
    await fetchParts().catch(() => undefined);
  }
  isAsking = false;
}

async function fetchParts() {
  const response = await fetch(root.dataset.livePoll);
  // Deleted, or signed out in another tab (then the answer is the sign-in page): reload to show
  // that.
  if (response.status === 404 || response.redirected) return location.reload();
  if (!response.ok) return;
  isBehind ||= !swap(await response.text());
  const body = document.getElementById("live-body");
  if (body?.dataset.title) setTitle(body.dataset.title);
}

if (root) {
  document.body.addEventListener("live:poll", ask);
  const { progress } = document.getElementById("live-body")?.dataset ?? {};
  if (progress) setIcon(Number(progress));
  link = newLink();
  announcer = new Announcer(root);
  document.addEventListener("visibilitychange", onVisibility);
  addEventListener("pagehide", () => leave(true));
  addEventListener("pageshow", () => leave(false));
  channelTo("sign-out").addEventListener("message", poll);
  adjust();
  pollWhenIdle();
}
