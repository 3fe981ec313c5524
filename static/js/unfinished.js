// What a closed page or a reload left unfinished: gone on with where the file is still here, else
// shown with how much of it has arrived, until the person chooses it again.

import { claim, kept } from "./kept-files.js";
import { giveUp } from "./transfer.js";
import { withName } from "./upload-texts.js";

const zone = document.getElementById("drop-zone");
const list = document.getElementById("unfinished");
const template = document.getElementById("unfinished-card");
const left = new Map(); // what only the server has, by its address

/** Go on with what is here, and show what is not.
 *  @param {(record: object) => void} resume sends a file again */
export async function takeUp(resume) {
  const records = await kept();
  const here = new Set(records.map(({ chosen }) => chosen));
  for (const one of JSON.parse(zone.dataset.unfinished)) if (!here.has(one.chosen)) show(one);
  for (const record of records) claim(record.chosen).then((isLeft) => isLeft && resume(record));
}

/** @returns {number | undefined} when a file whose beginning has arrived was chosen before */
export function startOf(file) {
  const modified = Math.max(0, Math.round(file.lastModified));
  const isSame = (one) =>
    one.length === file.size && one.modified === modified && one.name === file.name;
  const found = [...left.values()].find(isSame);
  if (found) hide(found);
  return found?.chosen;
}

function show(one) {
  const card = template.content.firstElementChild.cloneNode(true);
  card.querySelector(".photo-name").textContent = one.name;
  card.querySelector("progress").value = one.offset / one.length;
  const label = withName(gettext("What has arrived of %(name)s"), one.name);
  card.querySelector("progress").setAttribute("aria-label", label);
  const text = gettext("%(part)s has arrived. Choose this file again and it goes on from there.");
  const part = `${Math.floor((one.offset / one.length) * 100)} %`;
  card.querySelector("[data-note]").textContent = interpolate(text, { part }, true);
  const button = card.querySelector("[data-remove]");
  button.querySelector("span").textContent = withName(gettext("Remove %(name)s"), one.name);
  button.addEventListener("click", () => {
    giveUp(one.address);
    const next = card.nextElementSibling ?? card.previousElementSibling;
    hide(one);
    (next?.querySelector("[data-remove]") ?? zone.querySelector("[data-choose]")).focus();
  });
  list.append(card);
  left.set(one.address, { ...one, card });
  list.hidden = false;
}

function hide(one) {
  left.get(one.address)?.card.remove();
  left.delete(one.address);
  list.hidden = left.size === 0;
}
