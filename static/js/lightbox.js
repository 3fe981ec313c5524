// Shows a picture large, with the settings that made it. Without it the links open the pictures.

const dialog = document.getElementById("lightbox");
const image = document.getElementById("lightbox-image");
const facts = document.getElementById("lightbox-facts");
const place = document.getElementById("lightbox-place");
let current = null;

const links = () => [...document.querySelectorAll("a[data-lightbox]")];

function open(event) {
  const link = event.target.closest?.("a[data-lightbox]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link);
  dialog.showModal();
}

function show(link) {
  const all = links();
  const thumbnail = link.querySelector("img");
  current = link;
  // The thumbnail is loaded already; the full picture replaces it once it is loaded too.
  image.src = thumbnail.src;
  image.alt = thumbnail.alt;
  image.width = thumbnail.getAttribute("width");
  image.height = thumbnail.getAttribute("height");
  const full = new Image();
  full.onload = () => {
    if (current === link) image.src = full.src;
  };
  full.src = link.href;
  facts.innerHTML = link.parentElement.querySelector(".image-facts").innerHTML;
  place.parentElement.hidden = all.length < 2;
  const position = { number: all.indexOf(link) + 1, total: all.length };
  place.textContent = interpolate(gettext("%(number)s of %(total)s"), position, true);
}

function step(by) {
  const all = links();
  const at = all.indexOf(current);
  if (all.length) show(all[(at + by + all.length) % all.length]);
}

function onKey(event) {
  if (event.key === "ArrowRight") step(1);
  else if (event.key === "ArrowLeft") step(-1);
}

function onClick(event) {
  const stepper = event.target.closest("[data-lightbox-step]");
  if (stepper) step(Number(stepper.dataset.lightboxStep));
  else if (event.target === dialog) dialog.close();
}

if (dialog) {
  document.addEventListener("click", open);
  dialog.addEventListener("keydown", onKey);
  dialog.addEventListener("click", onClick);
  // Return to the shown picture, also after stepping to another one.
  dialog.addEventListener("close", () => current?.focus());
}
