// Shows photos that the server has stored, and its advice on all that there are now.

import { place } from "./photo-places.js";

/** @param {{ id: string, card: string, advice: string, count: number }} reply
 *  @param {UploadTile} [tile] the tile of the file, whose place the photo takes */
export function showStored(reply, tile) {
  if (!document.getElementById(`photo-${reply.id}`)) show(reply.card, tile);
  // Replies can arrive out of order: one that counts fewer photos than the page shows is old.
  const advice = document.getElementById("photo-advice");
  if (reply.count > Number(advice.dataset.count)) advice.outerHTML = reply.advice;
}

function show(html, tile) {
  const card = new DOMParser().parseFromString(html, "text/html").querySelector("li");
  document.adoptNode(card);
  if (tile?.element.isConnected) return tile.become(card);
  place(card);
  document.dispatchEvent(new Event("wall-changed"));
}
