// Files that were chosen and have not arrived, kept in the browser so that a reload goes on with
// them. They are gone once they have arrived, are removed, or are a day old, and with all that this
// site has in the browser at signing out.
//
// A browser that keeps nothing (a private window, a full disk) only means that a person is asked
// to choose the file again.

const DATABASE = "theway-uploads";
const STORE = "files";
const DAY = 24 * 60 * 60 * 1000;
// More than that is a copy that browsers make for minutes.
const MOST_BYTES = 256 * 1024 * 1024;
const draft = document.getElementById("drop-zone").action;

/** Keep what is needed to go on with an upload. */
export async function keep({ chosen, file, path, caption }) {
  if (file.size > MOST_BYTES) return;
  const record = { chosen, file, path, caption, draft, at: Date.now() };
  await change((store) => store.put(record));
}

export async function drop(chosen) {
  await change((store) => store.delete(chosen));
}

/** @returns {Promise<object[]>} what waits for this draft, as it was chosen */
export async function kept() {
  const records = (await change((store) => store.getAll())) ?? [];
  const old = records.filter(({ at }) => Date.now() - at > DAY);
  for (const { chosen } of old) await drop(chosen);
  const mine = records.filter((one) => one.draft === draft && !old.includes(one));
  return mine.sort((one, other) => one.chosen - other.chosen);
}

/** Wait until no other tab has this upload, and have it as long as this page is open.
 *  @returns {Promise<boolean>} whether it still has to be sent then */
export function claim(chosen) {
  // Only where the connection is safe; elsewhere the server sees to it that nothing is mixed.
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const held = new Promise(() => undefined); // for ever
    navigator.locks.request(`upload ${chosen}`, async () => {
      const isLeft = await change((store) => store.get(chosen));
      resolve(Boolean(isLeft));
      if (isLeft) await held;
    });
  });
}

/** Have a new upload as long as this page is open. */
export function hold(chosen) {
  navigator.locks?.request(`upload ${chosen}`, () => new Promise(() => undefined));
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
