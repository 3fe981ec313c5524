// Keeps the keyboard among the photos when one is removed, and says so to people who do not see it.

const status = document.getElementById("upload-status");
const zone = document.getElementById("drop-zone");
let removed = null;

function onRequest({ detail }) {
  const card = detail.elt.closest?.("#photo-grid > li");
  if (!card || detail.elt.id !== card.id.replace("photo-", "remove-")) return;
  const at = [...card.parentElement.children].indexOf(card);
  removed = { id: card.id, at, name: card.querySelector(".photo-name").textContent.trim() };
}

function onSettled() {
  if (!removed || document.getElementById(removed.id)) return;
  const { at, name } = removed;
  removed = null;
  const cards = document.getElementById("photo-grid").children;
  const next = cards[Math.min(at, cards.length - 1)];
  (next?.querySelector('[id^="remove-"]') ?? zone.querySelector("[data-choose]")).focus();
  status.textContent = interpolate(gettext("%(name)s was removed."), { name: `\u2068${name}\u2069` }, true);
}

document.body.addEventListener("htmx:beforeRequest", onRequest);
document.body.addEventListener("htmx:afterSettle", onSettled);
