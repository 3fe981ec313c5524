// Keeps a wizard step as it is answered, so that a closed tab loses nothing.
// form[data-autosave] is sent whole; a field with data-save-to is sent alone to that address.

import { csrfToken } from "./csrf.js";

const PAUSE = 400; // ms without typing; a submit in that time overtakes the save
const form = document.getElementById("wizard");
const word = document.getElementById("saved");
const waiting = new Map(); // what is to be saved → its timer
let sending = null;
let isLeaving = false;

function say(text, tone = "plain", link = "") {
  word.dataset.tone = tone;
  word.textContent = text;
  if (!link) return;
  const anchor = Object.assign(document.createElement("a"), {
    href: link,
    target: "_blank",
    textContent: "Sign in",
  });
  word.append(" ", anchor);
}

function request(what) {
  if (what === form) return [form.action, new FormData(form)];
  const body = new FormData();
  body.set(what.dataset.saveAs, what.value);
  return [what.dataset.saveTo, body];
}

function schedule(what) {
  clearTimeout(waiting.get(what));
  waiting.set(what, setTimeout(() => save(what), PAUSE));
}

/** One at a time and in order: an older answer must never arrive after a newer one. */
async function save(what) {
  if (isLeaving) return;
  const before = sending;
  sending = (async () => {
    await before;
    if (isLeaving || !waiting.delete(what)) return; // left, or sent by an earlier turn
    await send(what);
  })();
  await sending;
}

async function send(what) {
  const [address, body] = request(what);
  say("Saving…");
  try {
    const headers = { "X-CSRFToken": csrfToken(), "X-Autosave": "1", Accept: "application/json" };
    // keepalive: a reload or a closed tab does not take back what is on its way.
    const answer = await fetch(address, { method: "POST", body, headers, keepalive: true });
    await receive(what, answer);
  } catch {
    say("Not saved: no connection. It is tried again with your next answer.", "bad");
  }
}

async function receive(what, answer) {
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  const reply = isJson ? await answer.json() : {};
  if (answer.status === 401 || answer.status === 403) {
    const address = reply.sign_in ?? reply.address ?? "/accounts/login/";
    say("You are signed out; your answers wait here.", "bad", address);
  } else if (!answer.ok) {
    say(reply.message ?? "Not saved. Reload the page and look whether all is there.", "bad");
  } else {
    say("Saved");
    if (what === form) show(reply);
  }
}

function show(reply) {
  if (reply.address && form.getAttribute("action") !== reply.address) {
    form.action = reply.address;
    history.replaceState(null, "", reply.address);
  }
  for (const field of form.elements) showErrors(field, reply.errors ?? {});
  for (const [id, html] of Object.entries(reply.fragments ?? {})) {
    document.getElementById(id).outerHTML = html;
  }
}

function showErrors(field, errors) {
  const place = field.name && document.getElementById(`id_${field.name}_error`);
  if (!place) return;
  const lines = (errors[field.name] ?? []).map((text) =>
    Object.assign(document.createElement("p"), { className: "error", textContent: text }),
  );
  place.replaceChildren(...lines);
  field.setAttribute("aria-invalid", lines.length > 0 ? "true" : "false");
}

/** Closing the tab within the pause: a beacon-like request still gets through. */
function saveOnLeaving() {
  if (isLeaving) return;
  for (const [what, timer] of waiting) {
    clearTimeout(timer);
    const [address, body] = request(what);
    const headers = { "X-CSRFToken": csrfToken(), "X-Autosave": "1" };
    fetch(address, { method: "POST", body, headers, keepalive: true }).catch(() => {});
  }
  waiting.clear();
}

function onAnswer(event) {
  const field = event.target;
  if (field.form !== form) return;
  if (field.dataset.saveTo) schedule(field);
  else if (form.matches("[data-autosave]")) schedule(form);
}

document.addEventListener("change", onAnswer);
document.addEventListener("input", onAnswer);
document.addEventListener("submit", (event) => {
  if (event.target === form && !event.defaultPrevented) isLeaving = true;
});
window.addEventListener("pageshow", () => (isLeaving = false));
window.addEventListener("pagehide", saveOnLeaving);
if (form.matches("[data-unsaved][data-autosave]")) schedule(form);
