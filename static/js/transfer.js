// How the bytes of one file travel: a small one in a single request, a large one in parts, so that
// a lost connection or a reload goes on where it stopped.
//
// The parts follow “Resumable Uploads for HTTP” (draft-ietf-httpbis-resumable-upload-10): HEAD asks
// how much has arrived, PATCH appends there, and the last part is answered like a single request.

import { isOurs } from "./refusals.js";
import { ask } from "./upload-requests.js";

const zone = document.getElementById("drop-zone");
const FROM_BYTES = Number(zone.dataset.partsFrom);
const MEBIBYTE = 1024 * 1024;
const FIRST = 4 * MEBIBYTE;
const LEAST = 1 * MEBIBYTE;
const MOST = 8 * MEBIBYTE;
// A part takes about so long. That is what a lost connection costs where a server in front passes on
// whole requests only, or where a browser sends a broken request again by itself, as Chromium does.
const SECONDS = 2;
// Two pages that send the same file move its end under each other, but not for ever.
const MOST_SURPRISES = 20;
// What servers in front say that know the methods of forms only.
const NO_SUCH_METHOD = [403, 405, 501];

/** Send the file of an upload, from where it stopped.
 *  @returns {Promise<XMLHttpRequest>} the request whose answer says what became of it */
export function transfer(upload) {
  const isLarge = upload.file.size >= FROM_BYTES && !upload.isWholeOnly;
  return isLarge ? sendParts(upload) : sendWhole(upload);
}

/** Give up what has arrived of a file; whether that is heard, the page does not wait for. */
export function giveUp(address) {
  ask("DELETE", address).catch(() => undefined); // else it expires
}

function sendWhole(upload) {
  const body = new FormData();
  body.set("chosen", upload.chosen);
  body.set("photos", upload.file);
  if (upload.caption) body.set("caption", upload.caption);
  // A form is a little longer than its file.
  const onSent = (loaded, total) => upload.showSent((loaded / total) * upload.file.size);
  return ask("POST", zone.action, { body, ...following(upload), onSent });
}

async function sendParts(upload) {
  const found = await locate(upload);
  if (found.status) return found;
  let { offset } = found;
  let surprises = 0;
  for (;;) {
    const end = Math.min(offset + upload.partSize, upload.file.size);
    const began = performance.now();
    const answer = await sendPart(upload, offset, end);
    const arrived = answer.getResponseHeader("Upload-Offset");
    if (answer.status === 204 && arrived !== null) {
      upload.partSize = nextSize(end - offset, performance.now() - began);
      upload.tries = 0; // it goes forward
    } else if (answer.status !== 409 || arrived === null || ++surprises > MOST_SURPRISES) {
      return isRefusedMethod(answer) ? sendWholeInstead(upload) : answer;
    }
    offset = Number(arrived);
  }
}

/** @returns {Promise<object>} where to go on, or the request that was refused */
async function locate(upload) {
  if (upload.address) {
    const answer = await ask("HEAD", upload.address, following(upload));
    if (answer.status === 204) return { offset: offsetIn(answer) };
    if (answer.status !== 404) return answer;
  }
  const body = description(upload);
  const answer = await ask("POST", zone.dataset.parts, { body, ...following(upload) });
  if (answer.status !== 201) return answer;
  upload.address = answer.getResponseHeader("Location");
  return { offset: offsetIn(answer) };
}

function description({ file, chosen, caption }) {
  const body = new FormData();
  body.set("name", file.name);
  body.set("length", file.size);
  body.set("modified", Math.max(0, Math.round(file.lastModified)));
  body.set("chosen", chosen);
  if (caption) body.set("caption", caption);
  return body;
}

function sendPart(upload, offset, end) {
  const isLast = end === upload.file.size;
  const headers = {
    "Content-Type": "application/partial-upload",
    "Upload-Offset": String(offset),
    "Upload-Complete": isLast ? "?1" : "?0",
  };
  const onSent = (loaded) => upload.showSent(offset + loaded);
  if (offset === end) upload.showSent(end); // all is there; it only has to be taken
  const body = upload.file.slice(offset, end);
  return ask("PATCH", upload.address, { headers, body, ...following(upload), onSent });
}

function nextSize(size, milliseconds) {
  const wanted = (size / Math.max(1, milliseconds)) * 1000 * SECONDS;
  return Math.round(Math.min(MOST, Math.max(LEAST, Math.min(wanted, size * 4))));
}

/** @returns {number} how large a part of an upload is before its speed is known */
export function firstSize(tries) {
  return Math.max(LEAST, FIRST / 2 ** tries);
}

function offsetIn(answer) {
  return Number(answer.getResponseHeader("Upload-Offset"));
}

function isRefusedMethod(answer) {
  const isForeign = !isOurs((name) => answer.getResponseHeader(name));
  return isForeign && NO_SUCH_METHOD.includes(answer.status);
}

function sendWholeInstead(upload) {
  upload.isWholeOnly = true;
  return sendWhole(upload);
}

function following(upload) {
  return {
    onStart: (request) => (upload.request = request),
    onAnswer: () => upload.readAnswer(),
  };
}
