// Saves a wizard step while it is filled in, so that a closed tab loses nothing.
// Of form[data-autosave] is sent what was changed; a field with data-save-to goes to that address.

import { channelTo } from "./channel.js";
import { csrfToken } from "./csrf.js";
import { decide, fill, follow, isTouched, learn, names, settle, valueOf } from "./edits.js";
import { isFinal, isOurs, isPassing, refusalInFront } from "./refusals.js";

const DELAY = 400; // ms without typing; a submit within that time replaces the save
const AGAIN = 5000; // ms until what could not be sent is sent again by itself
const form = document.getElementById("wizard");
const status = document.getElementById("saved");
const pending = new Map(); // form or field to save → its timer
const unsent = new Set(); // forms and fields whose last save did not arrive
let sending = null;
let again = 0;
let isLeaving = false;
const HIDDEN = '[name="author"], [name="draft"]';
const channel = channelTo("wizard");

function showStatus(text, tone = "plain", link = "") {
  if (!link && status.textContent === text && status.dataset.tone === tone) return; // said already
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

/** @returns {[string, FormData, Map]} where to send, what, and which fields that are */
function payload(target) {
  const isForm = target === form;
  const fields = isForm ? names().filter((name) => isOwn(name) && isTouched(name)) : [target.name];
  const sent = new Map(fields.map((name) => [name, valueOf(name)]));
  const body = new FormData();
  if (isForm) for (const one of form.querySelectorAll(HIDDEN)) body.set(one.name, one.value);
  fill(body, fields, (name) => (isForm ? name : target.dataset.saveAs));
  return [isForm ? form.action : target.dataset.saveTo, body, sent];
}

/** Whether a field is saved with the form, and not to an address of its own. */
function isOwn(name) {
  return !form.elements.namedItem(name)?.dataset?.saveTo;
}

function schedule(target) {
  if (!isLeaving && status.textContent === gettext("Saved")) showStatus(gettext("Saving…"));
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
  const [address, body, sent] = payload(target);
  showStatus(gettext("Saving…"));
  try {
    const response = await post(address, body);
    await receive(target, response, sent);
  } catch {
    showStatus(gettext("Not saved: no connection. It is sent again by itself."), "bad");
    keep(target);
  }
}

/** Have it sent again soon; without a connection, once there is one again. */
function keep(target) {
  unsent.add(target);
  clearTimeout(again);
  again = navigator.onLine ? setTimeout(sendAgain, AGAIN) : 0;
}

function sendAgain() {
  clearTimeout(again);
  const targets = [...unsent].filter((target) => target.isConnected);
  unsent.clear();
  for (const target of targets) schedule(target);
}

/** keepalive: the request survives a reload or a closed tab. */
function post(address, body) {
  const headers = { "X-CSRFToken": csrfToken(), "X-Autosave": "1", Accept: "application/json" };
  return fetch(address, { method: "POST", body, headers, keepalive: true });
}

async function receive(target, response, sent) {
  if (!isOurs((name) => response.headers.get(name))) {
    if (!isFinal(response.status)) keep(target);
    return showStatus(`${gettext("Not saved.")} ${refusalInFront(response.status)}`, "bad");
  }
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const reply = isJson ? await response.json() : {};
  if (response.status === 401 || response.status === 403) {
    const address = reply.sign_in ?? reply.address ?? "/accounts/login/";
    showStatus(gettext("You are signed out. Your answers are still on this page."), "bad", address);
    unsent.add(target); // sent once the page is seen again: signing in takes another tab
  } else if (!response.ok) {
    const text = reply.message ?? gettext("Not saved. Reload the page and check your answers.");
    showStatus(text, "bad");
    if (isPassing(response.status)) keep(target);
  } else accept(target, reply, sent);
}

function accept(target, reply, sent) {
  const said = learn(reply, sent);
  const hasClash = Object.keys(reply.clashes ?? {}).length > 0;
  const isMore = pending.size > 0 && !said;
  showStatus(said || (isMore ? gettext("Saving…") : gettext("Saved")), hasClash ? "bad" : "plain");
  if (target === form) show(reply);
  else if (!hasClash) {
    settle(target.name, reply.caption);
    tell(target, reply, sent.get(target.name));
  }
  channel.postMessage(draftOf(form.action));
}

/** Ask what other pages have changed; nothing is saved by that, and nobody waits for it. */
async function ask() {
  if (isLeaving || pending.size > 0 || document.hidden || names().length === 0) return;
  if (!form.dataset.sync && !draftOf(form.action)) return; // a draft would begin with it
  const before = sending;
  sending = (async () => {
    await before;
    const body = new FormData();
    fill(body, []);
    const response = await post(form.dataset.sync ?? form.action, body).catch(() => null);
    if (!response?.ok || !isOurs((name) => response.headers.get(name))) return;
    const reply = await response.json();
    const said = learn(reply, new Map());
    if (said) showStatus(said);
    if (said && form.matches("[data-autosave]")) show(reply);
  })();
  await sending;
}

/** @returns {string} what the pages of one draft have in common; "" before there is one */
function draftOf(address) {
  return new URL(address).pathname.match(/[0-9a-f]{8}-[0-9a-f-]{27}/)?.[0] ?? "";
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

/** Save at once: a phone that shows something else may stop the page, or end it, without a word. */
function hurry() {
  for (const [target, timer] of pending) {
    clearTimeout(timer);
    save(target);
  }
}

/** Send what is still pending when the tab closes; such a request outlives the page. */
function saveOnLeaving() {
  if (isLeaving) return;
  for (const [target, timer] of pending) {
    clearTimeout(timer);
    const [address, body] = payload(target);
    post(address, body).catch(() => {});
  }
  pending.clear();
}

function onInput({ target: field, detail }) {
  if (field.form !== form || detail === "elsewhere") return;
  follow(field);
  if (field.dataset.saveTo) schedule(field);
  else if (form.matches("[data-autosave]")) schedule(form);
}

function onClick(event) {
  const button = event.target.closest?.('[data-clash] [name="decide"]');
  if (button?.form !== form) return;
  event.preventDefault();
  const field = decide(button);
  if (field) schedule(field.dataset.saveTo ? field : form);
}

document.addEventListener("change", onInput);
document.addEventListener("input", onInput);
document.addEventListener("click", onClick);
document.addEventListener("submit", (event) => {
  if (event.target === form && !event.defaultPrevented) isLeaving = true;
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hurry();
  else sendAgain();
  ask();
});
window.addEventListener("online", sendAgain);
channel.addEventListener("message", ({ data }) => data === draftOf(form.action) && ask());
window.addEventListener("pageshow", (event) => {
  isLeaving = false;
  if (event.persisted) ask();
});
window.addEventListener("pagehide", saveOnLeaving);
if (form.matches("[data-unsaved][data-autosave]")) schedule(form);
if (draftOf(form.action)) channel.postMessage(draftOf(form.action));
