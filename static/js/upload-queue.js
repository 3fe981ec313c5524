// The uploads that wait for their turn, those under way, and those that are tried again by
// themselves.

const MAX_PARALLEL = 3;
// A server that is started anew, or a tunnel, takes minutes.
const MOST_TRIES = 10;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
const waiting = [];
const sending = new Set();
const paused = new Map(); // what to call to go on, by upload
const observers = [];

/** Call `observer` whenever the queue has changed. */
export function observe(observer) {
  observers.push(observer);
}

export function enqueue(upload) {
  forget(upload);
  waiting.push(upload);
  pump();
}

/** Take an upload out of everything that would send it. */
export function forget(upload) {
  const at = waiting.indexOf(upload);
  if (at >= 0) waiting.splice(at, 1);
  paused.get(upload)?.();
  changed();
}

/** @returns {object[]} those that still wait and belong to the same folder */
export function waitingOf(results) {
  return waiting.filter((upload) => upload.results === results);
}

/** @returns {boolean} whether an upload may be tried again without being asked to */
export function hasTriesLeft(upload) {
  return upload.tries < MOST_TRIES;
}

/** Try again after a pause that grows; without a connection, once there is one again. A phone that
 *  was locked or showed something else goes on as soon as the page is seen again. */
export function pause(upload, seconds) {
  upload.tries += navigator.onLine ? 1 : 0;
  const longer = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (upload.tries - 1));
  const growing = longer * (0.75 + Math.random() / 2); // not all in the same moment
  const again = () => enqueue(upload);
  const timer = navigator.onLine ? setTimeout(again, seconds ? seconds * 1000 : growing) : 0;
  const seen = () => document.visibilityState === "visible" && again();
  window.addEventListener("online", again);
  document.addEventListener("visibilitychange", seen);
  paused.set(upload, () => {
    clearTimeout(timer);
    window.removeEventListener("online", again);
    document.removeEventListener("visibilitychange", seen);
    paused.delete(upload);
  });
  changed();
}

/** @returns {boolean} whether leaving the page would cut something off */
export function isSending() {
  return sending.size + waiting.length + paused.size > 0;
}

function pump() {
  while (sending.size < MAX_PARALLEL && waiting.length > 0) start(waiting.shift());
  changed();
}

async function start(upload) {
  sending.add(upload);
  try {
    await upload.send();
  } finally {
    sending.delete(upload);
    pump();
  }
}

function changed() {
  for (const observer of observers) observer();
}
