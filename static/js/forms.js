// Small manners for every page. Everything here is a comfort: all forms work without it.

import { csrfToken } from "./csrf.js";

/** A second press of a slow button sends nothing; the server would refuse it anyway. */
function holdWhileSending(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (!form.matches("[data-once]")) return;
  form.dataset.sent = "yes";
  // After this turn: a disabled button would not be part of what is sent.
  setTimeout(() => markBusy(event.submitter, true));
}

function markBusy(button, busy) {
  if (!button) return;
  button.disabled = busy;
  if (busy) button.setAttribute("aria-busy", "true");
  else button.removeAttribute("aria-busy");
}

/** Back to a page the browser kept: its buttons must work again. */
function release() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelectorAll("button[aria-busy]").forEach((button) => markBusy(button, false));
  }
}

/** A page left open while its owner signed in again elsewhere may still send its form. */
function renewToken(event) {
  const field = event.target.elements.csrfmiddlewaretoken;
  if (field) field.value = csrfToken() || field.value;
}

function renewHeader(event) {
  event.detail.headers["X-CSRFToken"] = csrfToken();
}

function openDialog(event) {
  const opener = event.target.closest("[data-opens]");
  if (!opener) return;
  const dialog = document.getElementById(opener.dataset.opens);
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
}

/** A click on the veil, outside the dialog's own box, is a “no”. */
function closeOnVeil(event) {
  if (event.target.matches?.("dialog.dialog")) event.target.close();
}

function closeMenus(event) {
  if (event.type === "keydown" && event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (event.type === "click" && menu.contains(event.target)) continue;
    menu.open = false;
    if (event.type === "keydown") menu.querySelector("summary").focus();
  }
}

/** After a refused form the first wrong field has the focus, or else what is said about all. */
function focusFirstError() {
  const wrong = document.querySelector('[aria-invalid="true"]');
  (wrong ?? document.querySelector('.message[role="alert"][tabindex]'))?.focus();
}

document.addEventListener("submit", holdWhileSending);
document.addEventListener("submit", renewToken);
document.addEventListener("htmx:configRequest", renewHeader);
document.addEventListener("click", openDialog);
document.addEventListener("click", closeOnVeil);
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
window.addEventListener("pageshow", (event) => event.persisted && release());
focusFirstError();
