// Crops a photo: in a dialog over the photos step, or on the page that there is for one photo.

import { CropEditor } from "./crop-editor.js";
import { csrfToken } from "./csrf.js";
import { isOurs, refusalInFront } from "./refusals.js";

const dialog = document.getElementById("crop-dialog");
const editor = new CropEditor(document.querySelector("[data-crop-editor]"));

if (dialog) followDialog();
else fillFromPage();

/** On its own page the server has filled the fields, and takes the form as it is. */
function fillFromPage() {
  const picture = editor.root.querySelector("[data-picture]");
  const photo = { width: Number(picture.getAttribute("width")), height: Number(picture.getAttribute("height")) };
  const [left, top, width, height] = editor.fields.map((field) => Number(field.value));
  editor.load(photo, { left, top, width, height });
}

function followDialog() {
  const form = dialog.querySelector("[data-crop-form]");
  const picture = dialog.querySelector("[data-picture]");
  const problem = dialog.querySelector("[data-problem]");
  const save = form.querySelector('[type="submit"]');
  const clash = form.querySelector("[data-clash-place]");
  let opener = null;

  function open(event) {
    const button = event.target.closest?.("[data-crop]");
    if (!button) return;
    event.preventDefault();
    opener = button;
    const given = Object.fromEntries(Object.entries(button.dataset).map(([name, text]) => [name, Number(text)]));
    form.action = button.formAction;
    picture.removeAttribute("src"); // the photo before would stretch over this one while it loads
    picture.src = button.dataset.photo;
    say("");
    know(boxOf(given));
    editor.load({ width: given.photoWidth, height: given.photoHeight }, boxOf(given));
    dialog.showModal();
    editor.frame.focus({ preventScroll: true });
  }

  async function send(event) {
    event.preventDefault();
    if (save.hasAttribute("aria-busy")) return;
    save.setAttribute("aria-busy", "true");
    say("");
    try {
      const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
      await receive(await fetch(form.action, { method: "POST", body: new FormData(form), headers }));
    } catch {
      say(gettext("No connection. Your crop is still here, so you can try again."));
    } finally {
      save.removeAttribute("aria-busy");
    }
  }

  async function receive(response) {
    if (!isOurs((name) => response.headers.get(name))) return say(refusalInFront(response.status));
    const reply = await response.json().catch(() => ({}));
    if (response.ok) show(reply);
    else if (reply.clash) decide(reply.clash);
    else if (response.status === 401) {
      say(gettext("You are signed out. Use another tab to sign in, then try again here."));
    } else if (response.status === 404) say(gettext("This photo was removed. Reload the page."));
    else say(reply.message ?? gettext("This did not work. Try again in a moment."));
  }

  /** Say to the server which box this page knows of, so that it undoes no other. */
  function know({ left, top, width, height }) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "was-crop" });
    field.value = [left, top, width, height].join();
    clash.replaceChildren(field);
  }

  /** The crop was changed elsewhere meanwhile: show both, and do what is chosen. */
  function decide({ other, html }) {
    clash.insertAdjacentHTML("beforeend", html);
    clash.querySelector("button").focus();
    clash.onclick = (event) => {
      const button = event.target.closest('[name="decide"]');
      if (!button) return;
      event.preventDefault();
      know(other);
      if (button.value.startsWith("mine")) return form.requestSubmit();
      editor.show(other);
      editor.frame.focus({ preventScroll: true });
    };
  }

  /** Put the new card in the old one's place, with the field of the caption as it is. */
  function show(reply) {
    const before = document.getElementById(`photo-${reply.id}`);
    before.insertAdjacentHTML("afterend", reply.card);
    const card = before.nextElementSibling;
    const kept = (of) => of.querySelector("[data-live-keep]"); // what of it is unsent stays known
    kept(card).replaceWith(kept(before));
    before.remove();
    document.dispatchEvent(new Event("wall-changed")); // it is opened as the one before was
    document.getElementById("photo-advice").outerHTML = reply.advice;
    opener = card.querySelector("[data-crop]");
    dialog.close();
    document.getElementById("wall-status").textContent = gettext("The crop was saved.");
  }

  function say(text) {
    problem.textContent = text;
    problem.hidden = text === "";
  }

  document.addEventListener("click", open);
  form.addEventListener("submit", send);
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => opener?.focus());
}

function boxOf({ left, top, width, height }) {
  return { left, top, width, height };
}
