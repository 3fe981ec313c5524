// Takes files and folders that are dropped, chosen or pasted, and uploads them.
// The server decides about every photo; the checks here only avoid uploads that must fail.

import { MOST_FILES, chosenFolder, dropped, loose, withCaptions } from "./chosen-files.js";
import { askAgain, holdBack } from "./continue.js";
import { grid } from "./photo-places.js";
import { Results } from "./upload-results.js";
import { startOf, takeUp } from "./unfinished.js";
import { isSending } from "./upload-queue.js";
import { anotherCaption, noPhoto, noPhotoBeside, tooLarge } from "./upload-texts.js";
import { Upload, isArchive, unsent } from "./upload.js";

const zone = document.getElementById("drop-zone");
const picker = document.getElementById("photos");
const saved = document.getElementById("saved");
const wizard = document.getElementById("wizard");
let isOurs = false; // what is dragged: a link or a text of this page

/** @returns {string} why the server would refuse this file, "" where it may accept it */
function problemWith({ file, problem }) {
  if (problem) return problem;
  if (file.size === 0) return gettext("This file is empty.");
  if (isArchive(file)) return "";
  if (file.size > Number(zone.dataset.maxBytes)) return tooLarge();
  return /^(video|audio|text)\//.test(file.type) ? noPhoto() : "";
}

function add(sets) {
  for (const set of sets) addSet(set);
}

/** Upload the files of one set; a folder gets a panel with a line for each. */
function addSet({ name, files, litter }) {
  const { photos, orphans, twins } = withCaptions(files);
  const total = photos.length + orphans.length + twins.length + litter.length;
  if (name && total > MOST_FILES) return refuseFolder(name);
  const results = name ? new Results(name, total) : undefined;
  for (const path of litter) results.add(path, "skipped", gettext("Skipped: this is no photo."));
  for (const chosen of photos) addOne(chosen, results, problemWith(chosen));
  for (const chosen of orphans) addOne(chosen, results, noPhotoBeside());
  for (const chosen of twins) addOne(chosen, results, anotherCaption());
  if (name && total === 0) results.finish();
}

function addOne(chosen, results, problem) {
  const upload = new Upload({ chosen: startOf(chosen.file), ...chosen }, results);
  if (problem) upload.showRefused(problem);
  else upload.queue();
}

function refuseFolder(name) {
  const text = gettext("It holds more than %(count)s files. Choose the folder of the photos only.");
  new Results(name, 1).add(name, "refused", interpolate(text, { count: MOST_FILES }, true));
}

/** Keep the page open while photos can still arrive: leaving would drop them. */
function waitForUploads(event) {
  if (!reasonToWait() || !["next", "training", "review"].includes(event.submitter?.value)) return;
  event.preventDefault();
  holdBack(reasonToWait, showUnsent);
}

function reasonToWait() {
  const count = unsent().length;
  const text = ngettext(
    "%(count)s file is not uploaded. Wait for it, try again or remove it.",
    "%(count)s files are not uploaded. Wait for them, try again or remove them.",
    count,
  );
  return count > 0 ? interpolate(text, { count }, true) : "";
}

/** Go to the file that holds up the others: one that failed, if there is one. */
function showUnsent() {
  const all = unsent();
  (all.find(({ state }) => state === "failed") ?? all[0])?.tile.reveal();
}

function tell(text) {
  saved.textContent = text;
  saved.dataset.tone = "bad";
}

/** A picture that is dragged from a page comes as its address: followed, it would replace this page. */
function onDrag(event) {
  const types = event.dataTransfer?.types ?? [];
  const isAddress = types.includes("text/uri-list") && !event.target.closest?.("input, textarea");
  if (!types.includes("Files") && !isAddress) return;
  event.preventDefault();
  if (isOurs) return;
  if (event.type === "dragover") zone.dataset.over = "";
  else delete zone.dataset.over;
  if (event.type === "drop") dropped(event.dataTransfer).then(addDropped);
}

function addDropped(sets) {
  if (sets.some(({ name, files }) => name || files.length > 0)) add(sets);
  else tell(gettext("No file came along. Save the picture on your device first, then add it from there."));
}

/** Add what is chosen in a dialog; emptied, it takes the same files again. */
function follow(field, read) {
  field?.addEventListener("change", () => {
    add(read([...field.files]));
    field.value = "";
  });
}

document.addEventListener("dragstart", () => (isOurs = true));
// What was dragged may be gone when it is let go, and then nothing says so.
for (const type of ["dragend", "drop", "pointerdown"]) {
  document.addEventListener(type, () => setTimeout(() => (isOurs = false)));
}
for (const type of ["dragover", "dragleave", "drop"]) document.addEventListener(type, onDrag);

/** Word and Excel put a picture of a text beside it: in a field the text is meant. */
function onPaste({ target, clipboardData }) {
  const isText = clipboardData.types.includes("text/plain") && target.closest?.("input, textarea");
  if (clipboardData.files.length > 0 && !isText) add([loose([...clipboardData.files])]);
}

document.addEventListener("paste", onPaste);
zone.querySelector("[data-choose]").addEventListener("click", () => picker.click());
follow(picker, (files) => [loose(files)]);
follow(document.getElementById("archive"), (files) => [loose(files)]);
follow(document.getElementById("folder"), chosenFolder);
for (const button of zone.querySelectorAll("[data-choose-with]")) {
  const field = document.getElementById(button.dataset.chooseWith);
  button.addEventListener("click", () => field.click());
  // Browsers of phones that know no folders would offer single files.
  if (button.dataset.chooseWith === "folder") button.hidden = !("webkitdirectory" in field);
}
// Asked for pictures only, a phone offers its library and its camera.
picker.accept = zone.dataset.accept;
wizard.addEventListener("submit", waitForUploads);
window.addEventListener("beforeunload", (event) => isSending() && event.preventDefault());
new MutationObserver(askAgain).observe(grid(), { childList: true });
takeUp((record) => addOne({ ...record, isClaimed: true }, undefined, ""));
zone.dataset.ready = "";
