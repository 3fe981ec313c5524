// How many photos there are and how far the files are, at the lower edge of the page.

import { grid, photos, uploadTiles } from "./photo-places.js";
import { isSending, observe } from "./upload-queue.js";

const place = document.getElementById("upload-total");
const bar = place.querySelector("progress");
const text = place.querySelector("[data-text]");
const counted = document.getElementById("photo-count");
const uploads = new Set();

/** Count an upload until all have come to an end. */
export function count(upload) {
  uploads.add(upload);
  show();
}

/** A file that the person removed is no part of the whole any more. */
export function uncount(upload) {
  uploads.delete(upload);
  show();
}

export function show() {
  showCount();
  if (!isSending()) uploads.clear();
  place.hidden = uploads.size < 2;
  if (place.hidden) return;
  const all = [...uploads];
  const size = all.reduce((sum, { file }) => sum + file.size, 0);
  const sentOf = (upload) => (upload.isOver ? upload.file.size : upload.sent);
  const done = all.filter(({ isOver }) => isOver).length;
  bar.value = all.reduce((sum, upload) => sum + sentOf(upload), 0) / size;
  const files = gettext("%(done)s of %(total)s files");
  const shown = interpolate(files, { done, total: all.length }, true);
  text.textContent = `${shown} · ${Math.floor(bar.value * 100)} %`;
}

function showCount() {
  const here = photos().length;
  const coming = uploadTiles().filter((tile) => tile.dataset.state !== "failed").length;
  say("here", interpolate(ngettext("%s photo", "%s photos", here), [here]));
  say("coming", coming ? interpolate(gettext("%s uploading"), [coming]) : "");
}

function say(name, words) {
  const part = counted.querySelector(`[data-${name}]`);
  if (part.textContent !== words) part.textContent = words;
}

observe(show);
new MutationObserver(showCount).observe(grid(), { childList: true });
