// The frame over a photo: moved and pulled with a pointer, a finger or the arrow keys.

import { fitted, isWhole, moved, pulled, squared, whole } from "./crop-box.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEPS = 100; // of the long side: how often an arrow key is pressed from end to end

export class CropEditor {
  /** @param {HTMLElement} root an element with data-crop-editor */
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector("[data-stage]");
    this.frame = root.querySelector("[data-frame]");
    this.shapes = [...root.querySelectorAll("[data-shape]")];
    this.fields = ["left", "top", "width", "height"].map((name) => root.querySelector(`[name="${name}"]`));
    for (const part of root.querySelectorAll("[data-needs-script]")) part.hidden = false;
    this.stage.dataset.ready = "";
    this.stage.addEventListener("pointerdown", (event) => this.grab(event));
    this.stage.addEventListener("pointermove", (event) => this.drag(event));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
      this.stage.addEventListener(type, (event) => this.release(event));
    }
    this.frame.addEventListener("keydown", (event) => this.press(event));
    for (const button of this.shapes) button.addEventListener("click", () => this.choose(button.dataset.shape));
    root.querySelector("[data-whole]").addEventListener("click", () => this.showWhole());
    for (const field of this.fields) field.addEventListener("change", () => this.readFields());
  }

  /** Show a photo of this size with this box. */
  load({ width, height }, box) {
    const { least, ratio, recommended } = this.root.dataset;
    this.photo = { width, height, least: Number(least), ratio: Number(ratio) };
    this.recommended = Number(recommended);
    this.step = Math.max(1, Math.round(Math.max(width, height) / STEPS));
    this.stage.style.setProperty("--photo-ratio", String(width / height));
    this.isSquare = box.width === box.height && !isWhole(box, this.photo);
    this.show(box);
  }

  show(box) {
    this.box = box;
    const { width, height } = this.photo;
    const shares = { left: box.left / width, top: box.top / height, width: box.width / width, height: box.height / height };
    for (const [name, share] of Object.entries(shares)) {
      this.stage.style.setProperty(`--crop-${name}`, `${share * 100}%`);
    }
    for (const field of this.fields) field.value = box[field.name];
    for (const button of this.shapes) {
      button.setAttribute("aria-pressed", String((button.dataset.shape === "square") === this.isSquare));
    }
    const text = gettext("%(width)s × %(height)s pixels will be trained on.");
    this.root.querySelector("[data-size]").textContent = interpolate(text, box, true);
    const isSmall = Math.min(box.width, box.height) < this.recommended;
    this.root.querySelector("[data-warning]").hidden = !isSmall;
  }

  /** Tell people who do not see the frame where it is now. */
  say() {
    const text = gettext("%(width)s × %(height)s pixels, %(left)s from the left, %(top)s from the top");
    this.root.querySelector("[data-said]").textContent = interpolate(text, this.box, true);
  }

  choose(shape) {
    this.isSquare = shape === "square";
    this.show(this.isSquare ? squared(this.box, this.photo) : this.box);
    this.say();
  }

  showWhole() {
    this.isSquare = false;
    this.show(whole(this.photo));
    this.say();
  }

  readFields() {
    const numbers = this.fields.map((field) => wholeNumber(field.value));
    if (numbers.some(Number.isNaN)) return;
    const [left, top, width, height] = numbers;
    this.isSquare &&= width === height;
    this.show(fitted({ left, top, width, height }, this.photo));
    this.say();
  }

  press(event) {
    const arrow = ARROWS[event.key];
    if (!arrow || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [across, down] = arrow.map((way) => way * this.step);
    this.show(event.shiftKey ? this.pull(across ? "e" : "s", across, down) : moved(this.box, across, down, this.photo));
    this.say();
  }

  pull(handle, across, down, box = this.box) {
    return pulled(box, handle, across, down, this.photo, this.isSquare);
  }

  grab(event) {
    if (this.held || event.button) return;
    event.preventDefault();
    const handle = event.target.closest("[data-handle]")?.dataset.handle;
    this.held = { pointer: event.pointerId, handle, x: event.clientX, y: event.clientY, box: this.box };
    this.stage.setPointerCapture(event.pointerId);
    this.frame.focus({ preventScroll: true });
  }

  drag(event) {
    if (this.held?.pointer !== event.pointerId) return;
    if (!event.buttons) return this.release(event); // let go where nobody was told
    const { handle, x, y, box } = this.held;
    const scale = this.photo.width / this.stage.clientWidth;
    const across = Math.round((event.clientX - x) * scale);
    const down = Math.round((event.clientY - y) * scale);
    this.show(handle ? this.pull(handle, across, down, box) : moved(box, across, down, this.photo));
  }

  release(event) {
    if (this.held?.pointer !== event.pointerId) return;
    this.held = undefined;
    this.say();
  }
}

/** A number of pixels as people write it; NaN for all else, which the server explains. */
function wholeNumber(text) {
  return /^\s*\d+\s*(px)?\s*$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
}
