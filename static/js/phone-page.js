// The page on the phone: sends each photo that is chosen, a few at a time, and says what became of it.

import { csrfToken } from "./csrf.js";

const MAX_PARALLEL = 2;
const form = document.getElementById("phone-form");
const list = document.getElementById("phone-list");
const status = document.getElementById("phone-status");
const done = document.getElementById("phone-done");
const template = document.getElementById("phone-row");
const queue = [];
let sending = 0;

class Photo {
  constructor(file) {
    this.file = file;
    this.row = template.content.firstElementChild.cloneNode(true);
    this.bar = this.row.querySelector("progress");
    this.text = this.row.querySelector("span");
    this.retry = this.row.querySelector("[data-retry]");
    this.remove = this.row.querySelector("[data-remove]");
    this.row.querySelector("bdi").textContent = file.name;
    const image = this.row.querySelector("img");
    image.addEventListener("error", () => image.remove()); // browsers that cannot show HEIC
    image.src = URL.createObjectURL(file);
    this.bar.setAttribute("aria-label", file.name);
    this.retry.addEventListener("click", () => enqueue(this));
    this.remove.addEventListener("click", () => this.takeBack());
    list.append(this.row);
  }

  show(state, text) {
    this.row.dataset.state = state;
    this.text.textContent = text;
    this.bar.hidden = state !== "sending" && state !== "waiting";
    this.retry.hidden = state !== "failed";
    this.remove.hidden = state !== "stored" || !this.receipt;
    if (["stored", "refused", "failed"].includes(state)) {
      status.textContent = `\u2068${this.file.name}\u2069: ${text}`;
    }
    done.hidden = sending + queue.length > 0 || !list.querySelector('[data-state="stored"]');
  }

  send() {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total }) => this.showSent(loaded / total));
    request.addEventListener("loadend", () => this.finish(request));
    const body = new FormData();
    body.set("photos", this.file);
    this.show("sending", gettext("Uploading"));
    request.send(body);
  }

  showSent(share) {
    if (share < 1) this.bar.value = share;
    else this.bar.removeAttribute("value");
    this.text.textContent = share < 1 ? `${Math.floor(share * 100)} %` : gettext("Checking");
  }

  finish(request) {
    sending -= 1;
    const reply = read(request.responseText);
    const code = request.status;
    this.receipt = reply.receipt;
    if (code === 200 || code === 201) this.show("stored", reply.message);
    else if (reply.message && [404, 413, 422].includes(code)) this.show("refused", reply.message);
    else this.show("failed", reply.message ?? gettext("No connection. Try again."));
    pump();
  }

  async takeBack() {
    const body = new FormData();
    body.set("receipt", this.receipt);
    const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
    const reply = await fetch(form.dataset.remove, { method: "POST", body, headers }).catch(() => null);
    if (!reply?.ok) return this.show("stored", gettext("Not removed. Try again."));
    const next = this.row.nextElementSibling ?? this.row.previousElementSibling;
    this.row.remove();
    status.textContent = interpolate(gettext("%(name)s was removed."), { name: `\u2068${this.file.name}\u2069` }, true);
    done.hidden = !list.querySelector('[data-state="stored"]');
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

function enqueue(photo) {
  queue.push(photo);
  photo.bar.value = 0;
  photo.show("waiting", gettext("Waiting"));
  pump();
}

function pump() {
  while (sending < MAX_PARALLEL && queue.length > 0) {
    sending += 1;
    queue.shift().send();
  }
}

function add(file) {
  const photo = new Photo(file);
  if (file.size === 0) photo.show("refused", gettext("This file is empty."));
  else if (file.size > Number(form.dataset.maxBytes)) {
    const text = gettext("Larger than %(size)s. Save it as a smaller JPEG and upload that.");
    photo.show("refused", interpolate(text, { size: form.dataset.sizeText }, true));
  } else enqueue(photo);
}

for (const field of form.querySelectorAll("input[type=file]")) {
  field.addEventListener("change", () => {
    for (const file of field.files) add(file);
    field.value = "";
  });
}
window.addEventListener("beforeunload", (event) => sending > 0 && event.preventDefault());
form.dataset.ready = "";
