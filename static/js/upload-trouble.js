// What stands in the way beside the way on: photos that could not be sent, with one button for all,
// and files that were not taken, each with its reason, until they are dismissed.

import { isolated } from "./upload-texts.js";

const place = document.getElementById("upload-trouble");
const failedPart = place.querySelector("[data-failed]");
const refusedPart = place.querySelector("[data-refused]");
const list = refusedPart.querySelector("ul");
const lineTemplate = document.getElementById("refused-line");
const refused = []; // { name, reason }, as long as they are listed
let failed = [];

const isWide = matchMedia("(min-width: 48rem)");

/** List a file that was not taken. @param {Function} [retry] where another try may help */
export function refuse(name, reason, retry) {
  const line = lineTemplate.content.firstElementChild.cloneNode(true);
  const entry = { name, reason, line };
  line.querySelector("bdi").textContent = name;
  line.querySelector("[data-reason]").textContent = reason;
  const button = line.querySelector("[data-retry]");
  button.hidden = !retry;
  button.addEventListener("click", () => {
    forget(entry);
    retry();
  });
  if (refused.length === 0) refusedPart.querySelector("details").open = isWide.matches;
  refused.push(entry);
  list.append(line);
  show();
}

function forget(entry) {
  const hadFocus = entry.line.contains(document.activeElement);
  refused.splice(refused.indexOf(entry), 1);
  entry.line.remove();
  show();
  if (hadFocus) leave();
}

function dismiss() {
  refused.length = 0;
  list.replaceChildren();
  show();
  leave();
}

/** What had the focus is gone: the way on is beside it. */
function leave() {
  const next = list.querySelector("[data-retry]:not([hidden])") ?? document.querySelector('#foot [value="next"]');
  next?.focus({ preventScroll: true });
}

/** Say which uploads wait for the person. */
export function showFailed(uploads) {
  failed = uploads;
  show();
}

function show() {
  refusedPart.hidden = refused.length === 0;
  refusedPart.querySelector("[data-text]").textContent = refusedText();
  const hadFocus = failedPart.contains(document.activeElement);
  failedPart.hidden = failed.length === 0;
  failedPart.querySelector("[data-text]").textContent = failedText();
  failedPart.querySelector("[data-why]").textContent = reasonOfAll();
  const signIn = failed.find((upload) => upload.signInAddress)?.signInAddress;
  failedPart.querySelector("[data-sign-in]").hidden = !signIn;
  if (signIn) failedPart.querySelector("[data-sign-in]").href = signIn;
  place.hidden = refusedPart.hidden && failedPart.hidden;
  if (failedPart.hidden && hadFocus) leave();
}

function refusedText() {
  const text = ngettext("%s file was not taken", "%s files were not taken", refused.length);
  return interpolate(text, [refused.length]);
}

function failedText() {
  const text = ngettext("%s photo could not be sent.", "%s photos could not be sent.", failed.length);
  return interpolate(text, [failed.length]);
}

/** @returns {string} why, where it is the same for all; each says it on its own tile too */
function reasonOfAll() {
  const reasons = new Set(failed.map((upload) => upload.text));
  return reasons.size === 1 ? [...reasons][0] : "";
}

/** @returns {string[]} a sentence on each kind of trouble that there is, with names */
export function troubles() {
  const lines = [];
  if (refused.length > 0) lines.push(`${refusedText()}: ${named(refused)}.`);
  if (failed.length > 0) lines.push(`${failedText()} ${reasonOfAll()}`.trim());
  return lines;
}

function named(entries) {
  const few = entries.slice(0, 3).map(({ name, reason }) => `${isolated(name)}, ${reason.replace(/\.$/, "")}`);
  const more = entries.length - few.length;
  if (more > 0) few.push(interpolate(ngettext("and %s more", "and %s more", more), [more]));
  return few.join("; ");
}

function sendAllAgain() {
  for (const upload of [...failed]) upload.retry();
}

refusedPart.querySelector("[data-dismiss]").addEventListener("click", dismiss);
failedPart.querySelector("[data-again]").addEventListener("click", sendAllAgain);
