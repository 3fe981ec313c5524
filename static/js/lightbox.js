// Shows a picture large, with the settings that made it. Without it the links lead to pages that do.

import { isBeside } from "./backdrop.js";
import { hasModifier, isPlain } from "./modifiers.js";
import { onSwipe } from "./swipe.js";

const dialog = document.getElementById("lightbox");
const frame = dialog?.querySelector(".lightbox-frame");
const image = document.getElementById("lightbox-image");
const facts = document.getElementById("lightbox-facts");
const place = document.getElementById("lightbox-place");
let current = null;
/** What gets the focus when it closes: the picture that was shown last, or what asked for more. */
let after = null;

const links = () => [...document.querySelectorAll("a[data-lightbox]")];

function open(event) {
  const link = event.target.closest?.("a[data-lightbox]");
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  show(link);
  dialog.showModal();
  dialog.scrollTop = 0;
  keepForBack();
}

function show(link) {
  const all = links();
  const thumbnail = link.querySelector("img");
  current = after = link;
  // The thumbnail is loaded already; the full picture replaces it once it is loaded too.
  image.src = thumbnail.src;
  image.alt = thumbnail.alt;
  image.width = thumbnail.getAttribute("width");
  image.height = thumbnail.getAttribute("height");
  const full = new Image();
  full.onload = () => {
    if (current === link) image.src = full.src;
  };
  full.src = link.dataset.full ?? link.href; // a sample has no page, its link is the file
  facts.replaceChildren(...link.parentElement.querySelector(".image-facts").cloneNode(true).childNodes);
  place.parentElement.hidden = all.length < 2;
  const position = { number: all.indexOf(link) + 1, total: all.length };
  place.textContent = interpolate(gettext("%(number)s of %(total)s"), position, true);
  returnHere(all, link);
}

/** After a deletion: back to this page, at the picture that takes the place. */
function returnHere(all, link) {
  const next = facts.querySelector('input[name="next"]');
  const here = document.querySelector("[data-here]")?.dataset.here ?? location.pathname + location.search;
  const neighbour = all[all.indexOf(link) + 1] ?? all[all.indexOf(link) - 1];
  if (next) next.value = here + (neighbour?.id ? `#${neighbour.id}` : "");
}

function step(by) {
  const all = links();
  const at = all.indexOf(current);
  if (all.length) show(all[(at + by + all.length) % all.length]);
}

function onKey(event) {
  if (hasModifier(event) || event.target.matches("input, textarea")) return;
  if (event.key === "ArrowRight") step(1);
  else if (event.key === "ArrowLeft") step(-1);
}

function onClick(event) {
  const stepper = event.target.closest("[data-lightbox-step]");
  if (stepper) step(Number(stepper.dataset.lightboxStep));
  else if (isBeside(event)) dialog.close();
}

/** The back button of a phone closes it: while it is open, the page has one entry more. */
function keepForBack() {
  history.scrollRestoration = "manual"; // going back must not scroll away from what has the focus
  history.pushState({ lightbox: true }, "");
}

function onBack() {
  history.scrollRestoration = "auto";
  if (dialog.open) dialog.close();
}

function onClosed() {
  after?.focus();
  if (history.state?.lightbox) history.back();
}

/** The form of the page is filled in from the picture: that is where to go on. */
function leaveFor({ detail }) {
  if (!dialog.open) return;
  after = detail;
  dialog.close();
}

/** A link that leads away takes the place of the entry for the open picture: one step back is
 *  enough. Heard last, when nobody else has filled in a form with it. */
function onLink(event) {
  const link = event.target.closest?.("#lightbox-facts a[href]:not([download])");
  if (!link || event.defaultPrevented || !isPlain(event)) return;
  event.preventDefault();
  location.replace(link.href);
}

// A browser without <dialog> follows the links.
if (dialog?.showModal) {
  history.scrollRestoration = "auto";
  if (history.state?.lightbox) history.replaceState(null, ""); // reloaded while it was open
  document.addEventListener("click", open);
  document.addEventListener("studio:filling", leaveFor);
  addEventListener("click", onLink);
  addEventListener("popstate", onBack);
  // As it was left by a link, in browsers that keep whole pages: its entry is gone.
  addEventListener("pageshow", ({ persisted }) => persisted && dialog.open && dialog.close());
  dialog.addEventListener("keydown", onKey);
  dialog.addEventListener("click", onClick);
  dialog.addEventListener("close", onClosed);
  onSwipe(frame, step);
}
