// Saves a wizard step while it is filled in, so that a closed tab loses nothing.
// form[data-autosave] is sent as a whole; a field with data-save-to alone, to that address.

import { csrfToken } from "./csrf.js";
import { isOurs, refusalInFront } from "./refusals.js";

const DELAY = 400; // ms without typing; a submit within that time replaces the save
const form = document.getElementById("wizard");
const status = document.getElementById("saved");
const pending = new Map(); // form or field to save → its timer
let sending = null;
let isLeaving = false;

function showStatus(text, tone = "plain", link = "") {
  status.dataset.tone = tone;
  status.textContent = text;
  if (!link) return;
  const anchor = Object.assign(document.createElement("a"), {
    href: link,
    target: "_blank",
    textContent: gettext("Sign in"),
  });
  status.append(" ", anchor);
}

function payload(target) {
  if (target === form) return [form.action, new FormData(form)];
  const body = new FormData();
  body.set(target.dataset.saveAs, target.value);
  return [target.dataset.saveTo, body];
}

function schedule(target) {
  clearTimeout(pending.get(target));
  pending.set(target, setTimeout(() => save(target), DELAY));
}

/** Save one at a time and in order: older answers must never overwrite newer ones. */
async function save(target) {
  if (isLeaving) return;
  const before = sending;
  sending = (async () => {
    await before;
    if (isLeaving || !pending.delete(target)) return; // leaving, or saved by an earlier call
    await send(target);
  })();
  await sending;
}

async function send(target) {
  const [address, body] = payload(target);
  showStatus(gettext("Saving…"));
  try {
    const headers = { "X-CSRFToken": csrfToken(), "X-Autosave": "1", Accept: "application/json" };
    // keepalive: the request survives a reload or a closed tab.
    const response = await fetch(address, { method: "POST", body, headers, keepalive: true });
    await receive(target, response, body);
  } catch {
    const text = gettext("Not saved: no connection. We will try again with your next change.");
    showStatus(text, "bad");
  }
}

async function receive(target, response, body) {
  if (!isOurs((name) => response.headers.get(name))) {
    return showStatus(`${gettext("Not saved.")} ${refusalInFront(response.status)}`, "bad");
  }
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const reply = isJson ? await response.json() : {};
  if (response.status === 401 || response.status === 403) {
    const address = reply.sign_in ?? reply.address ?? "/accounts/login/";
    showStatus(gettext("You are signed out. Your answers are still on this page."), "bad", address);
  } else if (!response.ok) {
    const text = reply.message ?? gettext("Not saved. Reload the page and check your answers.");
    showStatus(text, "bad");
  } else {
    showStatus(gettext("Saved"));
    if (target === form) show(reply);
    else tell(target, reply, body.get(target.dataset.saveAs));
  }
}

/** Say beside a field of its own that it is saved (captions.js). */
function tell(field, reply, sent) {
  const detail = { reply, sent };
  field.dispatchEvent(new CustomEvent("caption-saved", { bubbles: true, detail }));
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

/** Send what is still pending when the tab closes; such a request outlives the page. */
function saveOnLeaving() {
  if (isLeaving) return;
  for (const [target, timer] of pending) {
    clearTimeout(timer);
    const [address, body] = payload(target);
    const headers = { "X-CSRFToken": csrfToken(), "X-Autosave": "1" };
    fetch(address, { method: "POST", body, headers, keepalive: true }).catch(() => {});
  }
  pending.clear();
}

function onInput(event) {
  const field = event.target;
  if (field.form !== form) return;
  if (field.dataset.saveTo) schedule(field);
  else if (form.matches("[data-autosave]")) schedule(form);
}

document.addEventListener("change", onInput);
document.addEventListener("input", onInput);
document.addEventListener("submit", (event) => {
  if (event.target === form && !event.defaultPrevented) isLeaving = true;
});
window.addEventListener("pageshow", () => (isLeaving = false));
window.addEventListener("pagehide", saveOnLeaving);
if (form.matches("[data-unsaved][data-autosave]")) schedule(form);
