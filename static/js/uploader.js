// Uploads photos one by one, at most three at a time, each with its own progress bar.
// The server decides about every photo; the checks here only avoid uploads that must fail.

import { csrfToken } from "./csrf.js";
import { connectionCut, isFinal, isOurs, refusalInFront } from "./refusals.js";

const MAX_PARALLEL = 3;
const zone = document.getElementById("drop-zone");
const picker = document.getElementById("photos");
const uploads = document.getElementById("uploads");
const removeRefusedButton = document.getElementById("remove-refused");
const status = document.getElementById("upload-status");
const saved = document.getElementById("saved");
const wizard = document.getElementById("wizard");
const cardTemplate = document.getElementById("upload-card");
const queue = [];
let sendingCount = 0;
let lastChosen = 0;

class Upload {
  constructor(file) {
    this.file = file;
    this.chosen = nextChosen();
    this.card = cardTemplate.content.firstElementChild.cloneNode(true);
    this.bar = this.card.querySelector("progress");
    this.note = this.card.querySelector("[data-note]");
    this.retryButton = this.card.querySelector("[data-retry]");
    this.signIn = this.card.querySelector("[data-sign-in]");
    this.removeButton = this.card.querySelector("[data-remove]");
    this.preview = URL.createObjectURL(file);
    const image = this.card.querySelector("img");
    image.addEventListener("error", () => (image.hidden = true));
    image.src = this.preview;
    this.card.querySelector(".photo-name").textContent = file.name;
    const label = this.removeButton.querySelector("span");
    label.textContent = withName(gettext("Remove %(name)s"), file);
    this.removeButton.addEventListener("click", () => this.dismiss());
    this.retryButton.addEventListener("click", () => enqueue(this));
  }

  get hasFailed() {
    return this.card.dataset.state === "refused" || this.card.dataset.state === "failed";
  }

  show(state, text) {
    this.card.dataset.state = state;
    this.note.textContent = text;
    this.note.classList.toggle("error", this.hasFailed);
    this.bar.hidden = this.hasFailed;
    this.retryButton.hidden = state !== "failed";
    this.signIn.hidden = true;
    this.removeButton.hidden = false;
    if (this.hasFailed) announce(`${isolated(this.file.name)}: ${text}`);
    updateList();
  }

  send() {
    this.request = new XMLHttpRequest();
    this.request.open("POST", zone.action);
    this.request.setRequestHeader("X-CSRFToken", csrfToken());
    this.request.setRequestHeader("Accept", "application/json");
    this.request.upload.addEventListener("progress", (event) => this.showSent(event));
    this.request.addEventListener("load", () => this.finish());
    this.request.addEventListener("error", () => this.fail());
    this.request.addEventListener("abort", finishOne);
    this.show("sending", gettext("Uploading"));
    const body = new FormData();
    body.set("chosen", this.chosen);
    body.set("photos", this.file);
    this.request.send(body);
  }

  showSent(event) {
    if (!event.lengthComputable) return;
    this.bar.value = event.loaded / event.total;
    const percent = Math.floor(this.bar.value * 100);
    if (percent < 100) this.note.textContent = `${percent} %`;
    else this.showChecking();
  }

  showChecking() {
    this.bar.removeAttribute("value");
    this.note.textContent = gettext("Checking");
    this.removeButton.hidden = true; // it may be stored already; then its own card can remove it
  }

  finish() {
    const code = this.request.status;
    if (!isOurs((name) => this.request.getResponseHeader(name))) {
      this.show(isFinal(code) ? "refused" : "failed", refusalInFront(code));
      this.retryButton.hidden = false; // the operator may have raised a limit meanwhile
      return finishOne();
    }
    const reply = readJson(this.request.responseText);
    if (code === 201) this.complete(reply);
    else if (code === 422 && isStoredButNotShown(reply)) this.complete(reply);
    else if (code === 422) this.show("refused", reply.message);
    else if (code === 413) this.show("refused", reply.message ?? tooLarge());
    else if (code === 401 || code === 403) this.showSignedOut(reply);
    else if (reply.message) this.show("failed", reply.message);
    else this.show("failed", serverError(code));
    finishOne();
  }

  fail() {
    const lost = gettext("No connection. The photo is still here, so you can try again.");
    this.show("failed", this.bar.value > 0 && navigator.onLine ? connectionCut() : lost);
    finishOne();
  }

  showSignedOut(reply) {
    const text = gettext("You are signed out. Use another tab to sign in, then try again here.");
    this.show("failed", text);
    this.signIn.hidden = false;
    this.signIn.href = reply.address ?? zone.dataset.signIn;
  }

  /** Replace the upload's card with the stored photo's card. */
  complete(reply) {
    place(reply.card);
    // Replies can arrive out of order: one that counts fewer photos than the page shows is old.
    const advice = document.getElementById("photo-advice");
    if (reply.count > Number(advice.dataset.count)) advice.outerHTML = reply.advice;
    document.getElementById("problems")?.remove(); // it counted the photos before this one
    announce(withName(gettext("%(name)s was uploaded."), this.file));
    this.remove();
  }

  /** Remove the card and move the focus to the next one, not to the top of the page. */
  dismiss() {
    const next = this.card.nextElementSibling ?? this.card.previousElementSibling;
    this.remove();
    (next?.querySelector("[data-remove]") ?? zone.querySelector("[data-choose]")).focus();
  }

  remove() {
    const at = queue.indexOf(this);
    if (at >= 0) queue.splice(at, 1);
    URL.revokeObjectURL(this.preview);
    this.card.remove();
    updateList();
    if (this.request && this.request.readyState !== XMLHttpRequest.DONE) this.request.abort();
  }
}

/** Whether the server has the photo from an earlier try whose reply was lost. */
function isStoredButNotShown(reply) {
  return reply.card !== undefined && !document.getElementById(`photo-${reply.id}`);
}

/** When a photo was chosen, in microseconds: one more for the next of the same moment. */
function nextChosen() {
  lastChosen = Math.max(lastChosen + 1, Date.now() * 1000);
  return lastChosen;
}

/** Insert a stored photo where the server has it: after the last that was chosen before it. */
function place(html) {
  const grid = document.getElementById("photo-grid");
  grid.insertAdjacentHTML("beforeend", html);
  const card = grid.lastElementChild;
  const others = [...grid.children].slice(0, -1);
  const chosen = (other) => Number(other.dataset.chosen);
  const before = others.findLast((other) => chosen(other) < chosen(card));
  if (before) before.after(card);
  else grid.prepend(card);
  window.htmx?.process(card);
}

/** Hide the list when it is empty; offer one button for several refused files. */
function updateList() {
  uploads.hidden = uploads.childElementCount === 0;
  removeRefusedButton.hidden = uploads.querySelectorAll('[data-state="refused"]').length < 2;
}

function removeRefused() {
  for (const button of uploads.querySelectorAll('[data-state="refused"] [data-remove]')) {
    button.click();
  }
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function announce(text) {
  status.textContent = text;
}

function enqueue(upload) {
  upload.bar.value = 0;
  upload.show("waiting", gettext("Waiting"));
  queue.push(upload);
  pump();
}

function pump() {
  while (sendingCount < MAX_PARALLEL && queue.length > 0) {
    sendingCount += 1;
    queue.shift().send();
  }
}

function finishOne() {
  sendingCount -= 1;
  pump();
}

function withName(text, file) {
  return interpolate(text, { name: isolated(file.name) }, true);
}

/** A name that turns the direction of writing turns nothing around it (Unicode Annex 9). */
function isolated(name) {
  return `\u2068${name}\u2069`;
}

function serverError(code) {
  const text = gettext("The server could not take this photo (error %(code)s). Try again.");
  return interpolate(text, { code }, true);
}

function tooLarge() {
  const text = gettext("Larger than %(size)s. Save it as a smaller JPEG and upload that.");
  return interpolate(text, { size: zone.dataset.sizeText }, true);
}

/** @returns {string} why the server would refuse this file, "" where it may accept it */
function problemWith(file) {
  if (file.size === 0) return gettext("This file is empty.");
  if (file.size > Number(zone.dataset.maxBytes)) return tooLarge();
  if (/^(video|audio|text)\//.test(file.type)) {
    const text = gettext("This is not a photo. Upload photos as %(formats)s.");
    return interpolate(text, { formats: zone.dataset.formatsText }, true);
  }
  return "";
}

function add(files) {
  for (const file of files) {
    const upload = new Upload(file);
    uploads.append(upload.card);
    uploads.hidden = false;
    const problem = problemWith(file);
    if (problem) upload.show("refused", problem);
    else enqueue(upload);
  }
}

/** Keep the page open while photos can still arrive: leaving would drop them. A refused one cannot. */
function waitForUploads(event) {
  const go = event.submitter?.value;
  const left = uploads.querySelectorAll(':scope > :not([data-state="refused"])').length;
  if (left === 0 || !["next", "training", "review"].includes(go)) return;
  event.preventDefault();
  const text = ngettext(
    "%(count)s file is not uploaded. Wait for it, try again or remove it.",
    "%(count)s files are not uploaded. Wait for them, try again or remove them.",
    left,
  );
  saved.textContent = interpolate(text, { count: left }, true);
  saved.dataset.tone = "bad";
  uploads.scrollIntoView({ block: "center" });
}

function onDrag(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  if (event.type === "dragover") zone.dataset.over = "";
  else delete zone.dataset.over;
  if (event.type === "drop") add(event.dataTransfer.files);
}

for (const type of ["dragover", "dragleave", "drop"]) document.addEventListener(type, onDrag);
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length > 0) add(event.clipboardData.files);
});
zone.querySelector("[data-choose]").addEventListener("click", () => picker.click());
picker.addEventListener("change", () => {
  add(picker.files);
  picker.value = "";
});
removeRefusedButton.addEventListener("click", removeRefused);
wizard.addEventListener("submit", waitForUploads);
window.addEventListener("beforeunload", (event) => sendingCount > 0 && event.preventDefault());
zone.dataset.ready = "";
