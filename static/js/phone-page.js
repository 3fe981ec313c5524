// The page on the phone: sends each photo that is chosen, a few at a time, goes on where a lost
// connection stopped it, and says what became of it. The screen stays on while something is sent,
// where the browser can do that.

import { csrfToken } from "./csrf.js";
import { preview } from "./previews.js";
import { isReadable, unreadable } from "./readable.js";
import { connectionCut, isFinal, isOurs, refusalInFront } from "./refusals.js";
import { firstSize, transfer } from "./transfer.js";
import { isolated, tooLarge, withName } from "./upload-texts.js";
import { enqueue, hasTriesLeft, isSending, observe, pause } from "./upload-queue.js";

const form = document.getElementById("drop-zone");
const list = document.getElementById("phone-list");
const status = document.getElementById("phone-status");
const done = document.getElementById("phone-done");
const template = document.getElementById("phone-row");
let lastChosen = 0;
let wake; // what keeps the screen on

class Photo {
  constructor(file) {
    this.file = file;
    this.tries = 0;
    this.chosen = lastChosen = Math.max(lastChosen + 1, Date.now() * 1000);
    this.row = template.content.firstElementChild.cloneNode(true);
    this.bar = this.row.querySelector("progress");
    this.text = this.row.querySelector("span");
    this.retry = this.row.querySelector("[data-retry]");
    this.remove = this.row.querySelector("[data-remove]");
    this.row.querySelector("bdi").textContent = file.name;
    this.bar.setAttribute("aria-label", file.name);
    this.retry.addEventListener("click", () => this.queue());
    this.remove.addEventListener("click", () => this.takeBack());
    list.append(this.row);
    preview(file, this.row.querySelector("canvas"));
  }

  queue() {
    this.tries = 0;
    this.bar.value = 0;
    this.show("waiting", gettext("Waiting"));
    enqueue(this);
  }

  show(state, text) {
    this.row.dataset.state = state;
    this.text.textContent = text;
    this.bar.hidden = state !== "sending" && state !== "waiting";
    this.retry.hidden = state !== "failed";
    this.remove.hidden = state !== "stored" || !this.receipt;
    if (["stored", "refused", "failed"].includes(state)) {
      status.textContent = `${isolated(this.file.name)}: ${text}`;
    }
  }

  /** What passes by itself is tried again by itself. */
  showPassing(text, seconds) {
    if (!hasTriesLeft(this)) return this.show("failed", text);
    this.show("waiting", `${text} ${gettext("It is sent again by itself.")}`);
    this.partSize = undefined;
    pause(this, seconds);
  }

  /** Send it and show what became of it; ends when the next one may be sent. */
  async send() {
    this.partSize ??= firstSize(this.tries);
    this.show("sending", gettext("Uploading"));
    try {
      this.finish(await transfer(this));
    } catch {
      if (!(await isReadable(this.file))) return this.show("refused", unreadable());
      const text = navigator.onLine ? connectionCut() : gettext("No connection. The photo is still here.");
      this.showPassing(text);
    }
  }

  showSent(bytes) {
    const share = bytes / this.file.size;
    if (share < 1) this.bar.value = share;
    else this.bar.removeAttribute("value");
    this.text.textContent = share < 1 ? `${Math.floor(share * 100)} %` : gettext("Checking");
  }

  readAnswer() {} // an answer here is short

  finish(request) {
    const code = request.status;
    if (!isOurs((name) => request.getResponseHeader(name))) return this.finishInFront(code);
    const reply = read(request.responseText);
    this.receipt = reply.receipt;
    if (code === 201) this.show("stored", reply.message);
    else if (reply.code === "busy" || code >= 500) this.showPassing(reply.message ?? gettext("Try again."));
    else if (reply.message && [404, 413, 422].includes(code)) this.show("refused", reply.message);
    else this.show("failed", reply.message ?? gettext("No connection. Try again."));
  }

  finishInFront(code) {
    if (isFinal(code)) this.show("failed", refusalInFront(code));
    else this.showPassing(refusalInFront(code));
  }

  async takeBack() {
    const body = new FormData();
    body.set("receipt", this.receipt);
    const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
    const reply = await fetch(form.dataset.remove, { method: "POST", body, headers }).catch(() => null);
    if (!reply?.ok) return this.show("stored", gettext("Not removed. Try again."));
    const next = this.row.nextElementSibling ?? this.row.previousElementSibling;
    this.row.remove();
    status.textContent = withName(gettext("%(name)s was removed."), this.file.name);
    showDone();
    (next?.querySelector("[data-remove]:not([hidden])") ?? form.querySelector("input[type=file]")).focus();
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function showDone() {
  done.hidden = isSending() || !list.querySelector('[data-state="stored"]');
}

/** Keep the screen on while something is sent. Browsers end that when the page is left, and refuse
 *  it where the battery is low. */
function keepAwake() {
  if (document.visibilityState !== "visible" || !navigator.wakeLock) return;
  if (isSending() && navigator.onLine) {
    wake ??= navigator.wakeLock.request("screen").catch(() => undefined);
    return;
  }
  wake?.then((lock) => lock?.release());
  wake = undefined;
}

function add(file) {
  const photo = new Photo(file);
  if (file.size === 0) photo.show("refused", gettext("This file is empty."));
  else if (file.size > Number(form.dataset.maxBytes)) photo.show("refused", tooLarge());
  else photo.queue();
}

for (const field of form.querySelectorAll("input[type=file]")) {
  field.addEventListener("change", () => {
    for (const file of field.files) add(file);
    field.value = "";
  });
}
window.addEventListener("beforeunload", (event) => isSending() && event.preventDefault());
observe(showDone);
observe(keepAwake);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") wake = undefined;
  else keepAwake();
});
form.dataset.ready = "";
