// One bar for all files that are being sent, above their own.

import { isSending, observe } from "./upload-queue.js";

const place = document.getElementById("upload-total");
const bar = place.querySelector("progress");
const text = place.querySelector("[data-text]");
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
  if (!isSending()) uploads.clear();
  place.hidden = uploads.size < 2;
  if (place.hidden) return;
  const all = [...uploads];
  const size = all.reduce((sum, { file }) => sum + file.size, 0);
  const sentOf = (upload) => (upload.isOver ? upload.file.size : upload.sent);
  const done = all.filter(({ isOver }) => isOver).length;
  bar.value = all.reduce((sum, upload) => sum + sentOf(upload), 0) / size;
  const counted = gettext("%(done)s of %(total)s files");
  const shown = interpolate(counted, { done, total: all.length }, true);
  text.textContent = `${shown} · ${Math.floor(bar.value * 100)} %`;
}

observe(show);
