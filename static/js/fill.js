// Fills in the studio's form: from an idea, or from the settings of a picture. Nothing is sent: the
// person presses the button. Without it, or without the form, the links load the page filled in.

import { isPlain } from "./modifiers.js";

function fill(event) {
  const link = event.target.closest?.("a[data-fill]");
  const form = document.querySelector("#studio-form form");
  // The form of another model is on another page.
  if (!link || !form || !new URL(form.action).pathname.startsWith(`${link.pathname}/`)) return;
  if (!isPlain(event)) return;
  event.preventDefault();
  const values = JSON.parse(link.closest("[data-fills]").dataset.fills);
  if (link.dataset.fill) values[link.dataset.fill] = "";
  // First: nothing can be typed in a form that lies behind a dialog.
  document.dispatchEvent(new CustomEvent("studio:filling", { detail: form.elements.prompt }));
  const { provider } = form.elements;
  const before = provider?.value;
  for (const [name, value] of Object.entries(values)) write(form.elements[name], value);
  const more = form.querySelector("details.more");
  // Who makes it decides what it costs: that changes before the person's eyes.
  if (more && (values.seed || provider?.value !== before)) more.open = true;
  form.elements.prompt.focus();
}

/** A choice that is not offered (any more) stays what it was. */
function write(field, value) {
  if (!field) return;
  const isOffered = field.tagName !== "SELECT" || [...field.options].some((option) => option.value === String(value));
  if (!isOffered || field.type === "hidden") return;
  if (field.tagName !== "TEXTAREA" || !type(field, value)) field.value = value;
}

/** Write over somebody's own words as typing does, so that Ctrl+Z brings them back.
 *  @returns {boolean} whether the browser can do that */
function type(field, text) {
  if (field.value === text) return true;
  field.focus();
  field.select();
  return document.execCommand(text ? "insertText" : "delete", false, text) && field.value === text;
}

document.addEventListener("click", fill);
