// One file on its way: its card, and what becomes of it.

import { ArchiveAnswer, isArchiveAnswer } from "./archive-answer.js";
import { MOST_FILES } from "./chosen-files.js";
import { drop, hold, keep } from "./kept-files.js";
import { isReadable, unreadable } from "./readable.js";
import { connectionCut, isFinal, isOurs, isPassing, refusalInFront } from "./refusals.js";
import { firstSize, giveUp, transfer } from "./transfer.js";
import { enqueue, forget, hasTriesLeft, pause, waitingOf } from "./upload-queue.js";
import { Stopped } from "./upload-requests.js";
import { announce, isolated, serverError, tooLarge, withName } from "./upload-texts.js";
import { count, show as showTotal, uncount } from "./upload-total.js";

const zone = document.getElementById("drop-zone");
const uploads = document.getElementById("uploads");
const removeRefusedButton = document.getElementById("remove-refused");
const cardTemplate = document.getElementById("upload-card");
// Longer than that nobody waits in front of a page for a limit to pass.
const MOST_SECONDS = 120;
let lastChosen = 0;

export class Upload {
  /** @param {{ file: File, path: string, caption?: File, chosen?: number, isClaimed?: boolean }} given
   *  the file, and since when it has been on its way before  @param {Results} [results] */
  constructor({ file, path, caption, chosen, isClaimed }, results) {
    this.file = file;
    this.path = path;
    this.caption = caption;
    this.isClaimed = isClaimed;
    this.isResumed = chosen !== undefined;
    this.results = results;
    this.sent = 0;
    this.tries = 0;
    this.isOver = false;
    this.isArchive = isArchive(file);
    this.stored = new Set(); // ids of photos in an archive, also those of earlier tries
    this.chosen = chosen ?? nextChosen(this.isArchive ? MOST_FILES : 1);
    this.card = cardTemplate.content.firstElementChild.cloneNode(true);
    this.bar = this.card.querySelector("progress");
    this.note = this.card.querySelector("[data-note]");
    this.retryButton = this.card.querySelector("[data-retry]");
    this.signIn = this.card.querySelector("[data-sign-in]");
    this.removeButton = this.card.querySelector("[data-remove]");
    this.image = this.card.querySelector("img");
    this.image.addEventListener("error", () => (this.image.hidden = true));
    if (!this.isArchive) this.image.src = URL.createObjectURL(file);
    this.card.querySelector(".photo-name").textContent = file.name;
    this.bar.setAttribute("aria-label", withName(gettext("Upload of %(name)s"), file.name));
    const label = this.removeButton.querySelector("span");
    label.textContent = withName(gettext("Remove %(name)s"), file.name);
    this.removeButton.addEventListener("click", () => this.dismiss());
    this.retryButton.addEventListener("click", () => this.retry());
  }

  /** Send it when its turn comes, and have it survive a reload until it is over. */
  queue() {
    if (!this.isClaimed) hold(this.chosen);
    keep(this);
    this.retry();
  }

  /** Send it, from where it stopped. */
  retry() {
    this.tries = 0;
    this.isOver = false;
    this.show("waiting", gettext("Waiting"));
    enqueue(this);
    count(this);
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
    this.retryButton.hidden = state !== "failed" && state !== "paused";
    this.signIn.hidden = true;
    this.removeButton.hidden = false;
    this.isOver = state === "refused";
    if (this.isOver) drop(this.chosen);
    if (this.hasFailed) announce(`${isolated(this.file.name)}: ${text}`);
    updateList();
  }

  /** What passes by itself is tried again by itself; only what lasts becomes the person's matter. */
  showPassing(text, seconds) {
    if (!hasTriesLeft(this) || seconds > MOST_SECONDS) return this.show("failed", text);
    if (this.tries === 0) announce(`${isolated(this.file.name)}: ${text}`);
    this.show("paused", `${text} ${gettext("It is sent again by itself.")}`);
    this.partSize = undefined;
    pause(this, seconds);
  }

  /** Send it and show what became of it; ends when the next one may be sent. */
  async send() {
    this.partSize ??= firstSize(this.tries);
    this.answer = new ArchiveAnswer(this, showStored);
    this.show("sending", gettext("Uploading"));
    try {
      this.request = await transfer(this);
      this.finish();
    } catch (error) {
      if (error instanceof Stopped) return;
      if (await isReadable(this.file)) this.fail();
      else this.giveUp(unreadable());
    }
  }

  showSent(bytes) {
    this.sent = Math.min(bytes, this.file.size);
    this.bar.value = this.sent / this.file.size;
    const percent = Math.floor(this.bar.value * 100);
    if (percent < 100) this.note.textContent = `${percent} %`;
    else this.showChecking();
    showTotal();
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
  }

  finish() {
    const code = this.request.status;
    if (code === 200 && isArchiveAnswer(this.request)) return this.finishArchive();
    const isOur = isOurs((name) => this.request.getResponseHeader(name));
    if (!isOur) return this.showRefusedInFront(code);
    const reply = readJson(this.request.responseText);
    const text = reply.message ?? serverError(code);
    if (code === 201) this.complete(reply);
    else if (code === 422 && this.isStoredAlready(reply)) this.complete(reply);
    else if (code === 422 && reply.code === "busy") this.showPassing(text);
    else if (code === 422) this.refuse(reply);
    else if (code === 413) this.show("refused", reply.message ?? tooLarge());
    else if (code === 401 || code === 403) this.showSignedOut(reply);
    else if (isPassing(code) && !this.isLimit(reply)) this.showPassing(text, this.secondsToWait());
    else this.show("failed", text);
  }

  showRefusedInFront(code) {
    if (!isFinal(code)) return this.showPassing(refusalInFront(code));
    this.show("refused", refusalInFront(code));
    this.retryButton.hidden = false; // the operator may have raised a limit meanwhile
  }

  /** Whether a limit of the person's is reached that waiting does not help against. */
  isLimit(reply) {
    return reply.code === "limit_reached" && this.secondsToWait() === 0;
  }

  secondsToWait() {
    return Number(this.request.getResponseHeader("Retry-After") ?? 0);
  }

  /** Whether the server has the photo from an earlier try whose reply was lost. */
  isStoredAlready(reply) {
    if (reply.card === undefined) return false;
    return this.isResumed || !document.getElementById(`photo-${reply.id}`);
  }

  /** What is refused for want of room would be so with all others of the folder. */
  refuse(reply) {
    const isFull = reply.code === "too_many_photos" && this.results;
    const others = isFull ? waitingOf(this.results) : [];
    for (const upload of others) forget(upload);
    for (const upload of [this, ...others]) upload.show("refused", reply.message);
  }

  fail() {
    this.answer.forget();
    const isCut = this.bar.value > 0 && navigator.onLine && !hasTriesLeft(this);
    this.showPassing(isCut ? connectionCut() : gettext("No connection. The photo is still here."));
  }

  giveUp(text) {
    if (this.address) giveUp(this.address);
    this.address = undefined;
    this.show("refused", text);
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
    uncount(this);
    this.remove();
    if (this.address) giveUp(this.address);
    (next?.querySelector("[data-remove]") ?? zone.querySelector("[data-choose]")).focus();
  }

  remove() {
    this.results?.drop();
    this.results = undefined;
    this.isOver = true;
    drop(this.chosen);
    forget(this);
    URL.revokeObjectURL(this.image.src);
    this.image.removeAttribute("src"); // where it was refused at once, it is not loaded yet
    this.card.remove();
    updateList();
    if (this.request && this.request.readyState !== XMLHttpRequest.DONE) this.request.abort();
  }
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
  if (!document.getElementById(`photo-${reply.id}`)) place(reply.card);
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
