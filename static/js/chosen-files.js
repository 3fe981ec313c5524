// What a person dropped or chose: files, and folders with all that is in them.
//
// A folder becomes { name, files: [{ file, path }], litter: [path] }; single files have the name "".

const zone = document.getElementById("drop-zone");
const litter = JSON.parse(zone.dataset.litter);
const inOrder = new Intl.Collator(undefined, { numeric: true });

/** The most files that are looked through; a photo's set never needs as many. */
export const MOST_FILES = Number(zone.dataset.maxMembers);

/** @returns {Promise<object[]>} what a drop carries; its files must be read before it is over */
export async function dropped(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const folders = entries.filter((entry) => entry.isDirectory);
  if (folders.length === 0) return [loose(files)];
  const single = await Promise.all(entries.filter((entry) => entry.isFile).map(fileOf));
  const sets = single.length > 0 ? [loose(single)] : [];
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

/** Give each photo the caption beside it: a text of the same stem, whatever the case.
 *  @returns {{ photos: object[], orphans: object[] }} photos, and texts that belong to none */
export function withCaptions(files) {
  const isText = ({ path }) => /\.txt$/i.test(path);
  const texts = new Map(files.filter(isText).map((one) => [stem(one.path), one]));
  const photos = files.filter((one) => !isText(one));
  for (const photo of photos) photo.caption = texts.get(stem(photo.path))?.file;
  const stems = new Set(photos.map(({ path }) => stem(path)));
  const orphans = files.filter((one) => isText(one) && !stems.has(stem(one.path)));
  return { photos, orphans };
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
  for (const entry of await entriesOf(folder)) {
    if (set.files.length + set.litter.length > MOST_FILES) return;
    const path = prefix + entry.name;
    if (isLitter(entry.name)) set.litter.push(path);
    else if (entry.isDirectory) await walk(entry, `${path}/`, set);
    else set.files.push({ file: await fileOf(entry), path });
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

function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function sort(files) {
  files.sort((one, other) => inOrder.compare(one.path, other.path));
}
