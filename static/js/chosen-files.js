// What a person dropped or chose: files, and folders with all that is in them.
//
// A folder becomes { name, files: [{ file, path }], litter: [path] }; single files have the name "".
// What the disk does not give is an empty file with the `problem` why.

import { unreadable } from "./readable.js";

const zone = document.getElementById("drop-zone");
const litter = JSON.parse(zone.dataset.litter);
const captionEndings = zone.dataset.captionEndings.split(" ");
const inOrder = new Intl.Collator(undefined, { numeric: true });

/** The most files that are looked through; a photo's set never needs as many. */
export const MOST_FILES = Number(zone.dataset.maxMembers);

/** @returns {Promise<object[]>} what a drop carries; its files must be read before it is over */
export async function dropped(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const folders = entries.filter((entry) => entry.isDirectory);
  if (folders.length === 0) return [loose(files)];
  const single = await Promise.all(entries.filter((entry) => entry.isFile).map((entry) => fileOf(entry)));
  const sets = single.length > 0 ? [{ name: "", files: single, litter: [] }] : [];
  for (const folder of folders) sets.push(await read(folder));
  return sets;
}

/** @returns {object[]} the folder that was chosen in the dialog, as a list */
export function chosenFolder(files) {
  const set = { name: "", files: [], litter: [] };
  for (const file of files) {
    const [name, ...parts] = file.webkitRelativePath.split("/");
    set.name = name;
    if (parts.some(isLitter)) set.litter.push(parts.join("/"));
    else set.files.push({ file, path: parts.join("/") });
  }
  sort(set.files);
  return set.name ? [set] : [];
}

export function loose(files) {
  return { name: "", files: files.map((file) => ({ file, path: file.name })), litter: [] };
}

/** Give each photo the caption beside it: the first text of the same stem, whatever the case.
 *  @returns {{ photos: object[], orphans: object[], twins: object[] }} photos, texts that belong to
 *  none, and further ones of the same stem */
export function withCaptions(files) {
  const isText = ({ path }) => captionEndings.some((end) => path.toLowerCase().endsWith(end));
  const photos = files.filter((one) => !isText(one));
  const stems = new Set(photos.map(({ path }) => stem(path)));
  const texts = new Map();
  const [orphans, twins] = [[], []];
  for (const one of files.filter(isText)) {
    const name = stem(one.path);
    if (!stems.has(name)) orphans.push(one);
    else if (texts.has(name)) twins.push(one);
    else texts.set(name, one);
  }
  for (const photo of photos) photo.caption = texts.get(stem(photo.path))?.file;
  return { photos, orphans, twins };
}

function stem(path) {
  return path.replace(/\.[^./]*$/, "").normalize("NFC").toLowerCase();
}

function isLitter(name) {
  const lower = name.toLowerCase();
  return (
    litter.names.includes(lower) ||
    litter.starts.some((start) => lower.startsWith(start)) ||
    litter.ends.some((end) => lower.endsWith(end))
  );
}

async function read(folder) {
  const set = { name: folder.name, files: [], litter: [] };
  await walk(folder, "", set);
  sort(set.files);
  return set;
}

async function walk(folder, prefix, set) {
  const entries = await entriesOf(folder).catch(() => null);
  if (!entries) set.files.push(lost(folder, prefix || folder.name));
  for (const entry of entries ?? []) {
    if (set.files.length + set.litter.length > MOST_FILES) return;
    const path = prefix + entry.name;
    if (isLitter(entry.name)) set.litter.push(path);
    else if (entry.isDirectory) await walk(entry, `${path}/`, set);
    else set.files.push(await fileOf(entry, path));
  }
}

/** A folder tells of its entries in portions, the last of them empty (WICG, File and Directory
 *  Entries API, 7.3). */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** One that cannot be read, such as a link to nothing, stops no other. */
async function fileOf(entry, path = entry.name) {
  try {
    return { file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path };
  } catch {
    return lost(entry, path);
  }
}

function lost({ name }, path) {
  return { file: new File([], name), path, problem: unreadable() };
}

function sort(files) {
  files.sort((one, other) => inOrder.compare(one.path, other.path));
}
