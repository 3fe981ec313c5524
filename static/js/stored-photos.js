// Shows photos that the server has stored, and its advice on all that there are now.

import { morph } from "./morph.js";
import { place } from "./photo-places.js";

/** @param {{ id: string, card: string, advice: string, count: number }} reply
 *  @param {UploadTile} [tile] the tile of the file, whose place the photo takes */
export function showStored(reply, tile) {
  if (!document.getElementById(`photo-${reply.id}`)) show(reply.card, tile);
  // Replies can arrive out of order: one that counts fewer photos than the page shows is old.
  const advice = document.getElementById("photo-advice");
  if (reply.count <= Number(advice.dataset.count)) return;
  morph(advice, parsed(reply.advice, "#photo-advice")); // what is unfolded in it stays so
}

function parsed(html, selector) {
  return new DOMParser().parseFromString(html, "text/html").querySelector(selector);
}

function show(html, tile) {
  const card = parsed(html, "li");
  document.adoptNode(card);
  if (tile?.element.isConnected) return tile.become(card);
  place(card);
  document.dispatchEvent(new Event("wall-changed"));
}
