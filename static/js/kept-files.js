// Files that were chosen and have not arrived, kept in the browser so that a reload goes on with
// them. They are gone once they have arrived, are removed, or are a day old, when somebody else signs
// in, and with all that this site has in the browser at signing out.
//
// A browser that keeps nothing (a private window, a full disk) only means that a person is asked
// to choose the file again.

import { channelTo } from "./channel.js";

const DATABASE = "theway-uploads";
const STORE = "files";
const DAY = 24 * 60 * 60 * 1000;
// More than that is a copy that browsers make for minutes.
const MOST_BYTES = 256 * 1024 * 1024;
const zone = document.getElementById("drop-zone");
const { keeper } = zone.dataset; // whose page this is
const draft = zone.action;

/** Keep what is needed to go on with an upload. */
export async function keep({ chosen, file, path, caption }) {
  if (file.size > MOST_BYTES) return;
  const record = { chosen, file, path, caption, draft, keeper, at: Date.now() };
  await change((store) => store.put(record));
}

export async function drop(chosen) {
  await change((store) => store.delete(chosen));
}

/** @returns {Promise<object[]>} what waits for this draft, as it was chosen */
export async function kept() {
  const records = (await change((store) => store.getAll())) ?? [];
  // Without https a browser keeps what it was told to forget at signing out.
  const isOver = (one) => one.keeper !== keeper || Date.now() - one.at > DAY;
  const over = records.filter(isOver);
  for (const { chosen } of over) await drop(chosen);
  const mine = records.filter((one) => one.draft === draft && !over.includes(one));
  return mine.sort((one, other) => one.chosen - other.chosen);
}

/** Wait until no other tab has this upload, and have it as long as this page is open.
 *  @returns {Promise<boolean>} whether it still has to be sent then */
export async function claim(chosen) {
  if (!navigator.locks) return (await isNobodys(chosen)) && hold(chosen);
  return new Promise((resolve) => {
    navigator.locks.request(`upload ${chosen}`, async () => {
      const isLeft = await change((store) => store.get(chosen));
      resolve(Boolean(isLeft));
      if (isLeft) await forEver();
    });
  });
}

/** Have a new upload as long as this page is open. */
export function hold(chosen) {
  held.add(chosen);
  navigator.locks?.request(`upload ${chosen}`, forEver).catch(() => undefined);
  return true;
}

// Without https there are no locks: then tabs ask each other.
const held = new Set();
const tabs = channelTo(DATABASE);
tabs.addEventListener("message", ({ data }) => {
  if (held.has(data.ask)) tabs.postMessage({ has: data.ask });
});

function isNobodys(chosen) {
  return new Promise((resolve) => {
    const listen = ({ data }) => data.has === chosen && resolve(false);
    tabs.addEventListener("message", listen);
    tabs.postMessage({ ask: chosen });
    setTimeout(() => resolve(true), 500);
  });
}

function forEver() {
  return new Promise(() => undefined);
}

/** Do one thing in the store; undefined where the browser has none. */
async function change(work) {
  try {
    const database = await opened();
    const request = work(database.transaction(STORE, "readwrite").objectStore(STORE));
    return await answerOf(request);
  } catch {
    return undefined;
  }
}

let opening;

function opened() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "chosen" });
    answerOf(request).then(resolve, reject);
  });
  return opening;
}

function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
