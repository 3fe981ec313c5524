// Turns the links and sections of [data-tabs] into tabs (WAI-ARIA Authoring Practices, "Tabs").
// The chosen one is kept in the address and through live updates.

import { hasModifier, isPlain } from "./modifiers.js";

const OWN = ["role", "aria-selected", "aria-controls", "tabindex", "hidden", "data-own", "data-chosen"];
/** What morph.js leaves alone: attributes that the server does not know. */
const own = OWN.join(" ");
/** By the id of each box: the panel that is chosen. */
const chosen = new Map();

const linksOf = (box) => [...box.querySelectorAll(":scope > .tab-list a")];
const panelOf = (link) => document.getElementById(link.hash.slice(1));

function set(element, attributes) {
  for (const [name, value] of Object.entries({ ...attributes, "data-own": own })) {
    if (value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

/** The panel to show: as chosen, as the address says, or the first. */
function current(box, links) {
  const ids = links.map((link) => link.hash.slice(1));
  const wanted = [chosen.get(box.id), location.hash.slice(1)];
  return wanted.find((id) => ids.includes(id)) ?? ids[0];
}

function dress(box) {
  const links = linksOf(box);
  const id = current(box, links);
  set(box.querySelector(":scope > .tab-list"), { role: "tablist" });
  for (const link of links) {
    const panel = panelOf(link);
    const isChosen = panel.id === id;
    set(link.parentElement, { role: "presentation" });
    set(link, {
      role: "tab",
      "aria-controls": panel.id,
      "aria-selected": String(isChosen),
      tabindex: isChosen ? "0" : "-1",
    });
    set(panel, { role: "tabpanel", tabindex: "0", hidden: isChosen ? null : "" });
  }
  set(box, { "data-chosen": id });
}

function choose(box, link, { isKept = true } = {}) {
  chosen.set(box.id, link.hash.slice(1));
  dress(box);
  if (isKept) history.replaceState(history.state, "", link.hash);
}

function onClick(event) {
  const link = event.target.closest?.("[data-tabs] > .tab-list a");
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  choose(link.closest("[data-tabs]"), link);
}

function onKey(event) {
  const link = event.target.closest?.('[data-tabs] > .tab-list a[role="tab"]');
  if (!link || hasModifier(event)) return;
  const box = link.closest("[data-tabs]");
  const links = linksOf(box);
  const next = target(event.key, links, links.indexOf(link), getComputedStyle(box).direction);
  if (!next) return;
  event.preventDefault();
  choose(box, next);
  next.focus();
}

function target(key, links, at, direction) {
  const ahead = direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const back = direction === "rtl" ? "ArrowRight" : "ArrowLeft";
  if (key === "Home") return links[0];
  if (key === "End") return links.at(-1);
  if (key === ahead) return links[(at + 1) % links.length];
  if (key === back) return links.at(at - 1);
  return key === " " ? links[at] : null;
}

/** A link elsewhere, or a hand in the address, leads to a panel. */
function onHash() {
  for (const box of document.querySelectorAll("[data-tabs]")) {
    const link = linksOf(box).find(({ hash }) => hash === location.hash);
    if (link) choose(box, link, { isKept: false });
  }
}

function dressAll() {
  document.querySelectorAll("[data-tabs]").forEach(dress);
}

document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("live:swapped", dressAll);
addEventListener("hashchange", onHash);
dressAll();
