// Says in words where a stored picture cannot be shown, instead of a broken image. Nothing is asked
// for pictures that are shown; one that failed is asked once, by HEAD, whether its file is gone.

const GONE = 410;
const SMALL_PX = 120; // less has no room for a sentence
/** By the address of each picture that failed: what to say of it. */
const known = new Map();

async function reasonOf(address) {
  try {
    const { ok, status } = await fetch(address, { method: "HEAD" });
    if (ok) return null;
    if (status === GONE) return [gettext("The file is gone from the storage."), gettext("File gone")];
  } catch {
    // The connection is lost: nothing is known of the file.
  }
  return [gettext("This picture cannot be loaded now."), gettext("Not loaded")];
}

function restore(picture) {
  const state = picture.nextElementSibling;
  if (!state?.matches(".lost-file")) return;
  state.remove();
  picture.hidden = false;
}

function replace(picture, [sentence, word]) {
  restore(picture);
  const state = document.createElement("span");
  const { width } = picture.getBoundingClientRect();
  state.className = "lost-file";
  state.textContent = width && width < SMALL_PX ? word : sentence;
  state.title = picture.alt ? `${sentence} ${picture.alt}` : sentence;
  picture.hidden = true;
  picture.after(state);
}

async function failed(picture) {
  const { src } = picture;
  if (!known.has(src)) known.set(src, reasonOf(src));
  const reason = await known.get(src);
  if (reason && picture.isConnected && picture.src === src) replace(picture, reason);
}

/** Previews of files that are being sent have other addresses. */
const isStored = (element) => element instanceof HTMLImageElement && element.src.startsWith(`${location.origin}/`);
const isBroken = (picture) => picture.complete && !picture.naturalWidth;

/** Also what failed before this script ran, and what a swap has put back. */
function look() {
  for (const picture of document.images) if (isStored(picture) && isBroken(picture)) failed(picture);
}

document.addEventListener("error", ({ target }) => isStored(target) && failed(target), true);
document.addEventListener("load", ({ target }) => isStored(target) && restore(target), true);
document.addEventListener("live:swapped", look);
document.addEventListener("htmx:afterSettle", look);
look();
