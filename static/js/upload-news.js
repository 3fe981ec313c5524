// Tells people who do not see the page what becomes of their files: one summary for all, when they
// begin, at the half and at the end, and what went wrong stays in it. Never a message for each.

import { isolated } from "./upload-texts.js";
import { troubles } from "./upload-trouble.js";

const GAP = 5000; // milliseconds: somebody is listening
const status = document.getElementById("upload-status");
const sentences = []; // to be said once
let batch = new Set();
let stored = 0;
let isHalfSaid = false;
let saidAt = -Infinity;
let timer = 0;

/** A file is on its way: what was before is over once all of it is. */
export function begin(upload) {
  if (![...batch].some((one) => one.isMoving)) {
    batch = new Set();
    [stored, isHalfSaid] = [0, false];
  }
  batch.add(upload);
  tell();
}

/** A file has arrived. */
export function arrived() {
  stored += 1;
  const isOver = ![...batch].some((one) => one.isMoving);
  const isHalf = !isHalfSaid && stored * 2 >= batch.size && batch.size > 3;
  isHalfSaid ||= isHalf;
  if (isHalf || isOver) tell();
}

/** @param {string} [sentence] to be said with the next summary */
export function tell(sentence) {
  if (sentence) sentences.push(sentence);
  // Those that come together are told of together.
  timer ||= setTimeout(say, Math.max(100, saidAt + GAP - performance.now()));
}

function say() {
  timer = 0;
  const text = [progress(), ...sentences.splice(0), ...waiting(), ...troubles()].filter(Boolean).join(" ");
  if (!text) return;
  saidAt = performance.now();
  status.textContent = text;
}

function progress() {
  const total = [...batch].filter((one) => one.isMoving).length + stored;
  const isOver = total === stored;
  const values = { stored, total };
  const over = ngettext("%(stored)s photo uploaded.", "%(stored)s photos uploaded.", stored);
  const half = gettext("%(stored)s of %(total)s photos uploaded.");
  const first = ngettext("Uploading %(total)s photo.", "Uploading %(total)s photos.", total);
  if (total === 0) return "";
  return interpolate(isOver ? over : stored ? half : first, values, true);
}

/** What is sent again by itself: the first of them stands for all. */
function waiting() {
  const paused = [...batch].filter((one) => one.state === "paused");
  if (paused.length === 0) return [];
  return [`${isolated(paused[0].file.name)}: ${paused[0].text}`];
}
