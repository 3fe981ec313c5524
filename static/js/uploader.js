// Sends photos one by one, at most three at a time, each with its own progress bar.
// The server decides about every photo; what is checked here only spares a useless wait.

import { csrfToken } from "./csrf.js";

const AT_ONCE = 3;
const zone = document.getElementById("drop-zone");
const picker = document.getElementById("photos");
const uploads = document.getElementById("uploads");
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
    this.preview = URL.createObjectURL(file);
    const image = this.card.querySelector("img");
    image.addEventListener("error", () => (image.hidden = true));
    image.src = this.preview;
    this.card.querySelector(".photo-name").textContent = file.name;
    this.card.querySelector("[data-remove] span").textContent = `Remove ${file.name}`;
    this.card.querySelector("[data-remove]").addEventListener("click", () => this.remove());
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
    if (this.isOver) announce(`${this.file.name}: ${text}`);
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
  }

  finish() {
    const { status } = this.request;
    const reply = readJson(this.request.responseText);
    if (status === 201) this.settle(reply);
    else if (status === 422) this.show("refused", reply.message);
    else if (status === 413) this.show("refused", `Larger than ${zone.dataset.sizeText}.`);
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
    const grid = document.getElementById("photo-grid");
    grid.insertAdjacentHTML("beforeend", reply.card);
    window.htmx?.process(grid.lastElementChild);
    // Answers overtake each other: one that counted fewer photos than the page shows is old.
    const coach = document.getElementById("coach");
    if (reply.count > Number(coach.dataset.count)) coach.outerHTML = reply.coach;
    document.getElementById("problems")?.remove(); // it counted the photos before this one
    announce(`${this.file.name} is here.`);
    this.remove();
  }

  remove() {
    const at = queue.indexOf(this);
    if (at >= 0) queue.splice(at, 1);
    URL.revokeObjectURL(this.preview);
    this.card.remove();
    uploads.hidden = uploads.childElementCount === 0;
    if (this.request && this.request.readyState !== XMLHttpRequest.DONE) this.request.abort();
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

/** @returns {string} why sending this file would be in vain, "" where it may well be taken */
function problemWith(file) {
  if (file.size === 0) return "This file is empty.";
  if (file.size > Number(zone.dataset.maxBytes)) return `Larger than ${zone.dataset.sizeText}.`;
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
wizard.addEventListener("submit", holdForUploads);
window.addEventListener("beforeunload", (event) => sendingCount > 0 && event.preventDefault());
zone.dataset.ready = "";
