// The tile of a file on its way, in the place where its photo will be.

import { place } from "./photo-places.js";
import { goTo, isOpen, open, succeed } from "./photo-wall.js";
import { preview } from "./previews.js";
import { isolated, withName } from "./upload-texts.js";

const template = document.getElementById("upload-card");

export class UploadTile {
  /** @param {{ file: File, chosen: number, isArchive: boolean, retry: Function, dismiss: Function }} upload */
  constructor(upload) {
    const { file } = upload;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.id = `upload-${upload.chosen}`;
    this.element.dataset.chosen = upload.chosen;
    const part = (name) => this.element.querySelector(`[data-${name}]`);
    [this.short, this.note, this.says] = ["short", "note", "says"].map(part);
    [this.retryButton, this.signIn, this.removeButton] = ["retry", "sign-in", "remove"].map(part);
    this.bar = this.element.querySelector("progress");
    this.canvas = Object.assign(document.createElement("canvas"), { hidden: true });
    part("kind").after(this.canvas);
    part("name").textContent = file.name;
    this.name = file.name;
    this.bar.setAttribute("aria-label", withName(gettext("Upload of %(name)s"), file.name));
    this.removeButton.querySelector("span").textContent = withName(gettext("Remove %(name)s"), file.name);
    this.removeButton.addEventListener("click", () => upload.dismiss());
    this.retryButton.addEventListener("click", () => upload.retry());
    if (upload.isArchive) part("kind").textContent = "ZIP";
    this.isPreviewed = upload.isArchive;
    this.file = file;
  }

  /** Put it on the wall, or back on it. */
  add() {
    place(this.element);
    document.dispatchEvent(new Event("wall-changed"));
    if (!this.isPreviewed) preview(this.file, this.canvas);
    this.isPreviewed = true;
  }

  /** @param {string} state of the upload  @param {string} short for the tile  @param {string} text */
  show(state, short, text) {
    this.element.dataset.state = state;
    this.bar.hidden = state === "failed";
    this.retryButton.hidden = state !== "failed" && state !== "paused";
    this.removeButton.hidden = false;
    this.signIn.hidden = true;
    this.note.classList.toggle("error", state === "failed");
    this.say(short, text);
  }

  say(short, text = short) {
    this.short.textContent = short;
    this.note.textContent = text;
    this.says.textContent = `${isolated(this.name)}: ${short}`;
  }

  showShare(share) {
    this.bar.value = share;
    this.say(`${Math.floor(share * 100)} %`);
  }

  /** @param {string} text what the server does; it may have stored the file already, and then the
   *  photo's own tile can remove it */
  showTaking(text) {
    this.bar.removeAttribute("value");
    this.say(text);
    this.removeButton.hidden = true;
  }

  showSignIn(address) {
    this.signIn.hidden = false;
    this.signIn.href = address;
  }

  /** Let the stored photo take this place: the preview stays below until its picture is there. */
  become(card) {
    const image = card.querySelector("img");
    if (!this.canvas.hidden) {
      image.before(this.canvas);
      image.loading = "eager";
      const done = () => this.canvas.remove();
      image.addEventListener("load", done, { once: true });
      image.addEventListener("error", done, { once: true });
    }
    card.dataset.arrived = "";
    succeed(this.element, card);
    place(card); // photos may have been moved meanwhile
  }

  /** Take it off the wall; where the focus was in it, the next tile has it. */
  remove() {
    const { element } = this;
    const next = element.nextElementSibling ?? element.previousElementSibling;
    const hadFocus = element.contains(document.activeElement);
    const wasOpen = isOpen(element);
    element.remove();
    document.dispatchEvent(new Event("wall-changed"));
    if (!hadFocus) return;
    if (!next) document.querySelector("[data-choose]").focus();
    else if (wasOpen) goTo(next);
    else next.querySelector("[data-open]").focus();
  }

  reveal() {
    goTo(this.element);
    this.element.querySelector(".photo-frame").scrollIntoView({ block: "nearest" });
  }

  close() {
    if (isOpen(this.element)) open(null);
  }
}
