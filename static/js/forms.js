// Small improvements for the forms of every page. All forms work without them.

import { attend } from "./attention.js";
import { isBeside } from "./backdrop.js";
import { channelTo } from "./channel.js";
import { csrfToken } from "./csrf.js";
import { isPlain } from "./modifiers.js";

const PATIENCE_MS = 10000; // who stops loading, or whose server is gone, may send again

/** Ignore a second click on a slow button; the server would refuse it anyway. */
function blockSecondSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (!form.matches("[data-once]")) return;
  form.dataset.sent = "yes";
  markBusy(event.submitter, true);
  setTimeout(() => allowAgain(form), PATIENCE_MS);
}

/** Never `disabled`: that takes the focus away, and Firefox keeps it when a page is reloaded. */
function markBusy(button, busy) {
  for (const name of ["aria-busy", "aria-disabled"]) {
    if (busy) button?.setAttribute(name, "true");
    else button?.removeAttribute(name);
  }
}

function allowAgain(form) {
  delete form.dataset.sent;
  form.querySelectorAll("button[aria-busy]").forEach((button) => markBusy(button, false));
}

/** Let forms be sent again when the browser restores the page from its cache. */
function allowAll() {
  document.querySelectorAll("form[data-sent]").forEach(allowAgain);
}

/** Use the current token: it changes when the user signs in again in another tab. */
function renewToken(event) {
  const field = event.target.elements.csrfmiddlewaretoken;
  if (field) field.value = csrfToken() || field.value;
}

function renewHeader(event) {
  event.detail.headers["X-CSRFToken"] = csrfToken();
}

/** Ask in a dialog what the opener, a link, asks on a page of its own. */
function openDialog(event) {
  const opener = event.target.closest("[data-opens]");
  if (!opener || !isPlain(event)) return;
  const dialog = document.getElementById(opener.dataset.opens);
  if (!dialog?.showModal) return;
  event.preventDefault();
  if (!dialog.open) dialog.showModal();
}

/** The browser gives the focus back to the opener, where that is still there. */
function leaveDialog(event) {
  if (!event.target.matches?.("dialog.dialog") || document.activeElement !== document.body) return;
  const place = document.querySelector(`[data-opens="${event.target.id}"]`) ?? document.querySelector("[data-attention]");
  if (place) attend(place);
}

/** Close a dialog by a click on its backdrop. */
function closeOnBackdrop(event) {
  if (event.target.matches?.("dialog.dialog") && isBeside(event)) event.target.close();
}

/** By Escape, by a click beside one, and when the focus goes on: it would lie below the menu. */
function closeMenus(event) {
  if (event.type === "keydown" && event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (event.type !== "keydown" && menu.contains(event.target)) continue;
    menu.open = false;
    if (event.type === "keydown") menu.querySelector("summary").focus();
  }
}

/** Focus what a refused form asks first: a field, or which of two answers; else its message. */
function focusFirstError() {
  const invalid = document.querySelector('[aria-invalid="true"], [data-clash] button');
  const problem = invalid ?? document.querySelector('.message[role="alert"][tabindex]');
  if (problem) problem.focus();
  else focusMessage();
}

/** What came of a button on the page before stands in a message: go on there. */
function focusMessage() {
  const messages = document.getElementById("messages");
  const isTaken = document.querySelector("[autofocus]:not(dialog *)") || location.hash;
  if (isTaken || document.activeElement !== document.body) return;
  if (messages?.childElementCount) attend(messages);
  else focusNextStep();
}

/** Who comes from another step of a form goes on at the heading, not at the top of the page. */
function focusNextStep() {
  const heading = document.querySelector("h1[data-after]");
  const [visit] = performance.getEntriesByType("navigation");
  if (!heading || visit?.type !== "navigate") return;
  if (document.referrer.startsWith(location.origin + heading.dataset.after)) attend(heading);
}

/** Say in the page what the server says about a part of it that it did not send. */
function showProblem(event) {
  const reply = event.detail.xhr;
  const isText = reply.getResponseHeader("Content-Type")?.startsWith("text/plain");
  const messages = document.getElementById("messages");
  if (reply.status !== 429 || !isText || !messages) return;
  const text = Object.assign(document.createElement("p"), { textContent: reply.responseText });
  const message = Object.assign(document.createElement("div"), { className: "message" });
  message.dataset.tone = "warn";
  message.append(text);
  messages.replaceChildren(message);
}

/** Tell the other pages of this browser that they show somebody who is signed out. */
function tellSignedOut() {
  if (document.body.hasAttribute("data-signed-out")) channelTo("sign-out").postMessage("");
}

document.addEventListener("submit", blockSecondSubmit);
document.addEventListener("htmx:responseError", showProblem);
document.addEventListener("submit", renewToken);
document.addEventListener("htmx:configRequest", renewHeader);
document.addEventListener("click", openDialog);
document.addEventListener("close", leaveDialog, true);
document.addEventListener("click", closeOnBackdrop);
document.addEventListener("click", closeMenus);
document.addEventListener("focusin", closeMenus);
document.addEventListener("keydown", closeMenus);
window.addEventListener("pageshow", (event) => event.persisted && allowAll());
focusFirstError();
tellSignedOut();
