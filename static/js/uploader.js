// Sends photos one by one, at most three at a time, each with its own progress bar.
// The server decides about every photo; what is checked here only spares a useless wait.

import { csrfToken } from "./csrf.js";

const AT_ONCE = 3;
const zone = document.getElementById("drop-zone");
const picker = document.getElementById("photos");
const uploads = document.getElementById("uploads");
const refusedButton = document.getElementById("leave-refused-out");
const news = document.getElementById("upload-news");
const wizard = document.getElementById("wizard");
const cardTemplate = document.getElementById("upload-card");
const queue = [];
let sendingCount = 0;

class Upload {
  constructor(file) {
    this.file = file;
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
    this.removeButton.querySelector("span").textContent = `Remove ${file.name}`;
    this.removeButton.addEventListener("click", () => this.leaveOut());
    this.retryButton.addEventListener("click", () => enqueue(this));
  }

  get isOver() {
    return this.card.dataset.state === "refused" || this.card.dataset.state === "broken";
  }

  show(state, text) {
    this.card.dataset.state = state;
    this.note.textContent = text;
    this.note.classList.toggle("error", this.isOver);
    this.bar.hidden = this.isOver;
    this.retryButton.hidden = state !== "broken";
    this.signIn.hidden = true;
    this.removeButton.hidden = false;
    if (this.isOver) announce(`${this.file.name}: ${text}`);
    showWhatIsLeft();
  }

  send() {
    this.request = new XMLHttpRequest();
    this.request.open("POST", zone.action);
    this.request.setRequestHeader("X-CSRFToken", csrfToken());
    this.request.setRequestHeader("Accept", "application/json");
    this.request.upload.addEventListener("progress", (event) => this.showSent(event));
    this.request.addEventListener("load", () => this.finish());
    this.request.addEventListener("error", () => this.fail("No connection. The photo is still here."));
    this.request.addEventListener("abort", () => done());
    this.show("sending", "Sending");
    const body = new FormData();
    body.set("photos", this.file);
    this.request.send(body);
  }

  showSent(event) {
    if (!event.lengthComputable) return;
    this.bar.value = event.loaded / event.total;
    const percent = Math.floor(this.bar.value * 100);
    if (percent < 100) this.note.textContent = `${percent} %`;
    else this.showLooking();
  }

  showLooking() {
    this.bar.removeAttribute("value");
    this.note.textContent = "Looking at it";
    this.removeButton.hidden = true; // it may be stored already; its own card can remove it
  }

  finish() {
    const { status } = this.request;
    const reply = readJson(this.request.responseText);
    if (status === 201) this.settle(reply);
    else if (status === 422 && isStoredUnseen(reply)) this.settle(reply);
    else if (status === 422) this.show("refused", reply.message);
    else if (status === 413) this.show("refused", tooLarge());
    else if (status === 401 || status === 403) this.showSignedOut(reply);
    else if (reply.message) this.show("broken", reply.message);
    else this.show("broken", `The server stumbled over this one (${status}).`);
    done();
  }

  fail(text) {
    this.show("broken", text);
    done();
  }

  showSignedOut(reply) {
    this.show("broken", "You are signed out. Sign in in another tab, then try again here.");
    this.signIn.hidden = false;
    this.signIn.href = reply.address ?? zone.dataset.signIn;
  }

  /** The stored photo takes the place of the card that was on its way. */
  settle(reply) {
    place(reply.card);
    // Answers overtake each other: one that counted fewer photos than the page shows is old.
    const advice = document.getElementById("photo-advice");
    if (reply.count > Number(advice.dataset.count)) advice.outerHTML = reply.advice;
    document.getElementById("problems")?.remove(); // it counted the photos before this one
    announce(`${this.file.name} is here.`);
    this.remove();
  }

  /** The focus goes on to the next card's button, not to the top of the page. */
  leaveOut() {
    const next = this.card.nextElementSibling ?? this.card.previousElementSibling;
    this.remove();
    (next?.querySelector("[data-remove]") ?? zone.querySelector("[data-choose]")).focus();
  }

  remove() {
    const at = queue.indexOf(this);
    if (at >= 0) queue.splice(at, 1);
    URL.revokeObjectURL(this.preview);
    this.card.remove();
    showWhatIsLeft();
    if (this.request && this.request.readyState !== XMLHttpRequest.DONE) this.request.abort();
  }
}

/** Sent again after a lost answer, the server has it already and this page does not. */
function isStoredUnseen(reply) {
  return reply.card !== undefined && !document.getElementById(`photo-${reply.id}`);
}

/** Put a stored photo where the server has it: answers overtake each other. */
function place(html) {
  const grid = document.getElementById("photo-grid");
  grid.insertAdjacentHTML("beforeend", html);
  const card = grid.lastElementChild;
  const position = (other) => Number(other.dataset.position);
  const later = [...grid.children].find((other) => position(other) > position(card));
  if (later) grid.insertBefore(card, later);
  window.htmx?.process(card);
}

/** Without cards the list is away; with several that failed, one button removes them all. */
function showWhatIsLeft() {
  uploads.hidden = uploads.childElementCount === 0;
  refusedButton.hidden = uploads.querySelectorAll('[data-state="refused"]').length < 2;
}

function leaveRefusedOut() {
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
  news.textContent = text;
}

function enqueue(upload) {
  upload.bar.value = 0;
  upload.show("waiting", "Waiting");
  queue.push(upload);
  pump();
}

function pump() {
  while (sendingCount < AT_ONCE && queue.length > 0) {
    sendingCount += 1;
    queue.shift().send();
  }
}

function done() {
  sendingCount -= 1;
  pump();
}

function tooLarge() {
  return `Larger than ${zone.dataset.sizeText}. Save it as a smaller JPEG and add that.`;
}

/** @returns {string} why sending this file would be in vain, "" where it may well be taken */
function problemWith(file) {
  if (file.size === 0) return "This file is empty.";
  if (file.size > Number(zone.dataset.maxBytes)) return tooLarge();
  if (/^(video|audio|text)\//.test(file.type)) {
    return `Not a photo. ${zone.dataset.formatsText} can be taken.`;
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

/** Going on would leave photos behind without a word, so first each is here or removed. */
function holdForUploads(event) {
  const go = event.submitter?.value;
  const left = uploads.childElementCount;
  if (left === 0 || !["next", "training", "review"].includes(go)) return;
  event.preventDefault();
  const text =
    left === 1
      ? "One photo is not here yet. Wait for it or remove it."
      : `${left} photos are not here yet. Wait for them or remove them.`;
  document.getElementById("saved").textContent = text;
  document.getElementById("saved").dataset.tone = "bad";
  uploads.scrollIntoView({ block: "center" });
}

function dragged(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  if (event.type === "dragover") zone.dataset.over = "";
  else delete zone.dataset.over;
  if (event.type === "drop") add(event.dataTransfer.files);
}

for (const type of ["dragover", "dragleave", "drop"]) document.addEventListener(type, dragged);
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length > 0) add(event.clipboardData.files);
});
zone.querySelector("[data-choose]").addEventListener("click", () => picker.click());
picker.addEventListener("change", () => {
  add(picker.files);
  picker.value = "";
});
refusedButton.addEventListener("click", leaveRefusedOut);
wizard.addEventListener("submit", holdForUploads);
window.addEventListener("beforeunload", (event) => sendingCount > 0 && event.preventDefault());
zone.dataset.ready = "";
