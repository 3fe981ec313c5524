// One file on its way, and what becomes of it.

import { ArchiveAnswer, isArchiveAnswer } from "./archive-answer.js";
import { MOST_FILES } from "./chosen-files.js";
import { drop, hold, keep } from "./kept-files.js";
import { isReadable, unreadable } from "./readable.js";
import { connectionCut, isFinal, isOurs, isPassing, refusalInFront } from "./refusals.js";
import { showStored } from "./stored-photos.js";
import { firstSize, giveUp, transfer } from "./transfer.js";
import { arrived, begin, tell } from "./upload-news.js";
import { enqueue, forget, hasTriesLeft, pause, waitingOf } from "./upload-queue.js";
import { Stopped } from "./upload-requests.js";
import { serverError, tooLarge } from "./upload-texts.js";
import { UploadTile } from "./upload-tile.js";
import { count, show as showTotal, uncount } from "./upload-total.js";
import { refuse, showFailed } from "./upload-trouble.js";

const zone = document.getElementById("drop-zone");
// Longer than that nobody waits in front of a page for a limit to pass.
const MOST_SECONDS = 120;
const SHORT = {
  waiting: gettext("Waiting"),
  sending: gettext("Uploading"),
  paused: gettext("Paused"),
  failed: gettext("Failed"),
};
const uploads = new Set(); // those on the wall
let lastChosen = 0;

/** @returns {Upload[]} the files that have not arrived and still can */
export const unsent = () => [...uploads];

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
    this.tile = new UploadTile(this);
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
    uploads.add(this);
    this.tile.add();
    this.show("waiting", SHORT.waiting);
    enqueue(this);
    count(this);
    if (!this.isArchive) begin(this);
  }

  /** Whether it goes on by itself. */
  get isMoving() {
    return ["waiting", "sending", "paused"].includes(this.state);
  }

  show(state, text) {
    this.state = state;
    this.text = text;
    this.isPassing = false;
    this.signInAddress = "";
    this.tile.show(state, SHORT[state], text);
    updateTrouble();
    if (state === "failed") tell();
  }

  /** It is not taken: it leaves the wall, and is listed with the reason.
   *  @param {boolean} [mayTryAgain] */
  showRefused(text, mayTryAgain = false) {
    this.state = "refused";
    this.isOver = true;
    if (this.results) return this.settle("refused", text);
    refuse(this.file.name, text, mayTryAgain ? () => this.retry() : undefined);
    tell();
    this.leave();
  }

  /** What passes by itself is tried again by itself; only what lasts becomes the person's matter. */
  showPassing(text, seconds) {
    if (!hasTriesLeft(this) || seconds > MOST_SECONDS) {
      this.show("failed", text);
      this.isPassing = !(seconds > MOST_SECONDS);
      return;
    }
    if (this.tries === 0) tell();
    this.show("paused", `${text} ${gettext("It is sent again by itself.")}`);
    this.partSize = undefined;
    pause(this, seconds);
  }

  /** Send it and show what became of it; ends when the next one may be sent. */
  async send() {
    this.partSize ??= firstSize(this.tries);
    this.answer = new ArchiveAnswer(this, showStored);
    this.show("sending", SHORT.sending);
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
    const share = this.sent / this.file.size;
    if (share < 1) this.tile.showShare(share);
    else this.tile.showTaking(gettext("Checking"));
    showTotal();
  }

  /** Show what is told of an archive so far. */
  readAnswer() {
    if (!isArchiveAnswer(this.request)) return;
    this.answer.read();
    this.tile.showTaking(gettext("Taking photos from it"));
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
    else if (code === 413) this.showRefused(reply.message ?? tooLarge());
    else if (code === 401 || code === 403) this.showSignedOut(reply);
    else if (isPassing(code) && !this.isLimit(reply)) this.showPassing(text, this.secondsToWait());
    else this.show("failed", text);
  }

  showRefusedInFront(code) {
    // The operator may have raised a limit meanwhile.
    if (isFinal(code)) this.showRefused(refusalInFront(code), true);
    else this.showPassing(refusalInFront(code));
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
    for (const upload of [this, ...others]) upload.showRefused(reply.message);
  }

  fail() {
    this.answer.forget();
    const isCut = this.sent > 0 && navigator.onLine && !hasTriesLeft(this);
    this.showPassing(isCut ? connectionCut() : gettext("No connection. The photo is still here."));
  }

  giveUp(text) {
    if (this.address) giveUp(this.address);
    this.address = undefined;
    this.showRefused(text);
  }

  showSignedOut(reply) {
    const text = gettext("You are signed out. Use another tab to sign in, then try again here.");
    this.show("failed", text);
    this.signInAddress = reply.address ?? zone.dataset.signIn;
    this.tile.showSignIn(this.signInAddress);
    updateTrouble();
  }

  /** The stored photo takes the place of its tile. */
  complete(reply) {
    showStored(reply, this.tile);
    this.state = "stored";
    arrived();
    if (this.results) this.settle("stored", storedText(this.caption));
    else this.leave();
    sendBroken(); // there is a connection
  }

  /** One file of a folder is done with: its line tells of it. */
  settle(state, text) {
    this.results.add(this.path, state, text);
    this.results = undefined;
    this.leave();
  }

  /** The person does not want it any more. */
  dismiss() {
    uncount(this);
    this.remove();
    if (this.address) giveUp(this.address);
  }

  remove() {
    this.results?.drop();
    this.results = undefined;
    this.state = "removed";
    this.leave();
    if (this.request && this.request.readyState !== XMLHttpRequest.DONE) this.request.abort();
  }

  /** It is over, for now: off the wall, and out of what would send it. */
  leave() {
    this.isOver = true;
    uploads.delete(this);
    drop(this.chosen);
    this.tile.remove();
    forget(this);
    updateTrouble();
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

function updateTrouble() {
  showFailed(unsent().filter(({ state }) => state === "failed"));
}

/** With a connection again, what broke is sent again, also where it was given up. */
function sendBroken() {
  for (const upload of unsent()) if (upload.state === "failed" && upload.isPassing) upload.retry();
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

window.addEventListener("online", sendBroken);
document.addEventListener("visibilitychange", () => document.hidden || sendBroken());
