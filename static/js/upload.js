// One file on its way: its card, its request, and the queue in which it waits for its turn.

import { ArchiveAnswer, isArchiveAnswer } from "./archive-answer.js";
import { MOST_FILES } from "./chosen-files.js";
import { csrfToken } from "./csrf.js";
import { connectionCut, isFinal, isOurs, refusalInFront } from "./refusals.js";
import { announce, isolated, serverError, tooLarge, withName } from "./upload-texts.js";

const MAX_PARALLEL = 3;
const zone = document.getElementById("drop-zone");
const uploads = document.getElementById("uploads");
const removeRefusedButton = document.getElementById("remove-refused");
const cardTemplate = document.getElementById("upload-card");
const queue = [];
let sendingCount = 0;
let lastChosen = 0;

export class Upload {
  /** @param {{ file: File, path: string, caption?: File }} chosen  @param {Results} [results] */
  constructor({ file, path, caption }, results) {
    this.file = file;
    this.path = path;
    this.caption = caption;
    this.results = results;
    this.isArchive = isArchive(file);
    this.stored = new Set(); // ids of photos in an archive, also those of earlier tries
    this.chosen = nextChosen(this.isArchive ? MOST_FILES : 1);
    this.card = cardTemplate.content.firstElementChild.cloneNode(true);
    this.bar = this.card.querySelector("progress");
    this.note = this.card.querySelector("[data-note]");
    this.retryButton = this.card.querySelector("[data-retry]");
    this.signIn = this.card.querySelector("[data-sign-in]");
    this.removeButton = this.card.querySelector("[data-remove]");
    this.preview = URL.createObjectURL(file);
    const image = this.card.querySelector("img");
    image.addEventListener("error", () => (image.hidden = true));
    if (!this.isArchive) image.src = this.preview;
    this.card.querySelector(".photo-name").textContent = file.name;
    const label = this.removeButton.querySelector("span");
    label.textContent = withName(gettext("Remove %(name)s"), file.name);
    this.removeButton.addEventListener("click", () => this.dismiss());
    this.retryButton.addEventListener("click", () => enqueue(this));
  }

  get hasFailed() {
    return this.card.dataset.state === "refused" || this.card.dataset.state === "failed";
  }

  show(state, text) {
    if (state === "refused" && this.results) return this.settle("refused", text);
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
    this.answer = new ArchiveAnswer(this, showStored);
    this.request.addEventListener("progress", () => this.readAnswer());
    this.request.addEventListener("load", () => this.finish());
    this.request.addEventListener("error", () => this.fail());
    this.request.addEventListener("abort", finishOne);
    this.show("sending", gettext("Uploading"));
    const body = new FormData();
    body.set("chosen", this.chosen);
    body.set("photos", this.file);
    if (this.caption) body.set("caption", this.caption);
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

  /** Show what is told of an archive so far. */
  readAnswer() {
    if (!isArchiveAnswer(this.request)) return;
    this.answer.read();
    this.removeButton.hidden = true;
    this.note.textContent = gettext("Taking photos from it");
  }

  finishArchive() {
    this.answer.read();
    if (!this.answer.isWhole) return this.fail();
    if (this.answer.message) this.show("failed", this.answer.message);
    else this.remove();
    finishOne();
  }

  finish() {
    const code = this.request.status;
    if (code === 200 && isArchiveAnswer(this.request)) return this.finishArchive();
    if (!isOurs((name) => this.request.getResponseHeader(name))) {
      this.show(isFinal(code) ? "refused" : "failed", refusalInFront(code));
      this.retryButton.hidden = false; // the operator may have raised a limit meanwhile
      return finishOne();
    }
    const reply = readJson(this.request.responseText);
    if (code === 201) this.complete(reply);
    else if (code === 422 && isStoredButNotShown(reply)) this.complete(reply);
    else if (code === 422) this.refuse(reply);
    else if (code === 413) this.show("refused", reply.message ?? tooLarge());
    else if (code === 401 || code === 403) this.showSignedOut(reply);
    else if (reply.message) this.show("failed", reply.message);
    else this.show("failed", serverError(code));
    finishOne();
  }

  /** What is refused for want of room would be so with all others of the folder. */
  refuse(reply) {
    const isFull = reply.code === "too_many_photos" && this.results;
    const others = isFull ? queue.filter(({ results }) => results === this.results) : [];
    for (const upload of [this, ...others]) upload.show("refused", reply.message);
  }

  fail() {
    this.answer.forget();
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
    showStored(reply);
    if (this.results) return this.settle("stored", storedText(this.caption));
    announce(withName(gettext("%(name)s was uploaded."), this.file.name));
    this.remove();
  }

  /** One file of a folder is done with: its line takes the place of its card. */
  settle(state, text) {
    this.results.add(this.path, state, text);
    this.results = undefined;
    this.remove();
  }

  /** Remove the card and move the focus to the next one, not to the top of the page. */
  dismiss() {
    const next = this.card.nextElementSibling ?? this.card.previousElementSibling;
    this.remove();
    (next?.querySelector("[data-remove]") ?? zone.querySelector("[data-choose]")).focus();
  }

  remove() {
    this.results?.drop();
    this.results = undefined;
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

/** When a photo was chosen, in microseconds: more for the next of the same moment, as many as the
 *  files that an archive may hold. */
function nextChosen(count) {
  const chosen = Math.max(lastChosen + 1, Date.now() * 1000);
  lastChosen = chosen + count - 1;
  return chosen;
}

export function isArchive(file) {
  return /\.zip$/i.test(file.name) || /\bzip\b/.test(file.type);
}

function storedText(caption) {
  return caption ? gettext("Stored with its caption.") : gettext("Stored.");
}

/** Show a stored photo in the grid, and the advice on all that there are now. */
function showStored(reply) {
  place(reply.card);
  // Replies can arrive out of order: one that counts fewer photos than the page shows is old.
  const advice = document.getElementById("photo-advice");
  if (reply.count > Number(advice.dataset.count)) advice.outerHTML = reply.advice;
  document.getElementById("problems")?.remove(); // it counted the photos before this one
}

/** Insert a stored photo where the server has it: after the last that was chosen before it. */
function place(html) {
  const grid = document.getElementById("photo-grid");
  grid.insertAdjacentHTML("beforeend", html);
  const card = grid.lastElementChild;
  // It is there already where it came along with a phone's photos.
  if (document.getElementById(card.id) !== card) return card.remove();
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

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

export function enqueue(upload) {
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

/** @returns {boolean} whether leaving the page would cut something off */
export function isSending() {
  return sendingCount > 0;
}
