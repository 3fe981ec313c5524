// Where tiles stand on the wall: photos as the server has them, files on their way among these.

export const grid = () => document.getElementById("photo-grid");

/** Tiles of photos, in their order; files on their way have a state. */
export const photos = () => [...grid().querySelectorAll(":scope > :not([data-state])")];

export const uploadTiles = () => [...grid().querySelectorAll(":scope > [data-state]")];

/** Put a tile where its photo will be: after the last that was chosen before it, as
 *  `models_app.services` has it. */
export function place(tile) {
  const chosen = (other) => Number(other.dataset.chosen);
  const others = [...grid().children].filter((other) => other !== tile);
  const before = others.findLast((other) => chosen(other) <= chosen(tile));
  if (!before) grid().prepend(tile);
  else if (tile.previousElementSibling !== before) before.after(tile);
}

/** Change the photos; the files on their way stay among them, and the focus where it is.
 *  @param {(grid: HTMLElement) => void} change */
export function changePhotos(change) {
  const active = document.activeElement;
  const uploads = uploadTiles();
  for (const tile of uploads) tile.remove();
  change(grid());
  for (const tile of uploads) place(tile);
  document.dispatchEvent(new Event("wall-changed"));
  if (active?.isConnected && active !== document.activeElement) active.focus({ preventScroll: true });
}
