"""Scripts that find what a person with small screens, large letters or thick fingers meets."""

from __future__ import annotations

from tests.matrix.world import WORD

# Add up how far things moved by themselves (web.dev/articles/cls), from before anything is drawn.
WATCH = """
window.moved = 0;
window.movers = [];
const named = (node) => [node?.nodeName, node?.id, ...(node?.classList ?? [])].join(" ");
const told = ({ node, previousRect: from, currentRect: to }) =>
  `${named(node)}: ${from.y}+${from.height} to ${to.y}+${to.height}`;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.moved += entry.value;
    window.movers.push(...entry.sources.map(told));
  }
}).observe({ type: "layout-shift", buffered: true });
"""

# How far things moved, two drawn frames after the page has loaded, where that is seen.
MOVED = """() => new Promise((resolve) => {
  const most = 0.02;
  const { moved, movers } = window;
  const tell = () => resolve(moved < most ? null : [`moved by ${moved.toFixed(3)}`, ...movers]);
  requestAnimationFrame(() => requestAnimationFrame(tell));
})"""

# What stands out at the right where the page can be scrolled there.
SIDEWAYS = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return null;
  const named = ({ tagName, id, classList }) => [tagName, id, ...classList].join(" ");
  const wide = [...document.querySelectorAll("body *")].filter(
    (element) => element.getBoundingClientRect().right > clientWidth + 1,
  );
  return [scrollWidth, ...wide.slice(0, 6).map(named)];
}"""

# Words whose letters stand in two lines. People's own words, addresses and codes may be longer
# than a line: those are in elements of their own, or are this one.
SPLIT_WORDS = """() => {
  const split = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const others = "bdi, code, pre, textarea, [dir=auto], [translate=no], .visually-hidden";
    if (text.parentElement.closest(others)) continue;
    for (const { 0: word, index } of text.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      if (word.length > 20 || word === "%s") continue;
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1) split.push(word);
    }
  }
  return split.length ? split : null;
}""".replace("%s", WORD)

# How many main headings a page has, where it is not one.
HEADINGS = """() => {
  const { length } = document.querySelectorAll("h1");
  return length === 1 ? null : `${length} headings`;
}"""

# What moves again and again, by itself.
ANIMATED = """() => {
  const again = ({ playState, effect }) =>
    playState === "running" && effect.getTiming().iterations > 1;
  const named = ({ effect }) => effect.target.className;
  const found = document.getAnimations().filter(again).map(named);
  return found.length ? found : null;
}"""

# What is pressed and is less than 44 pixels high or wide (WCAG 2.2, 2.5.5), measured where it is
# hit: a link whose pseudo-element covers its card is as large as the card.
SMALL_TARGETS = """() => {
  const LEAST = 44;
  const half = LEAST / 2 - 1;
  const pressed = "a[href], button, summary, select, input:not([type=hidden]), [role=tab]";
  const small = [];
  for (const element of document.querySelectorAll(`body :is(${pressed})`)) {
    const isSeen = element.checkVisibility({ visibilityProperty: true });
    if (!isSeen || element.closest(".visually-hidden")) continue;
    const isHidden = element.matches("[type=radio], [type=checkbox], [type=file]");
    const target = (isHidden && element.closest("label")) || element;
    target.scrollIntoView({ block: "center", inline: "center" });
    const { left, top, width, height } = target.getClientRects()[0];
    if (!width || (width >= LEAST - 0.5 && height >= LEAST - 0.5)) continue;
    const [x, y] = [left + width / 2, top + height / 2];
    const around = [[0, -half], [0, half], [-half, 0], [half, 0]];
    const isHit = ([across, down]) => {
      const hit = document.elementFromPoint(x + across, y + down);
      return hit && (target.contains(hit) || hit === target);
    };
    const name = element.textContent.trim().slice(0, 30) || element.id;
    if (!around.every(isHit)) small.push(`${name} ${Math.round(width)}×${Math.round(height)}`);
  }
  return small.length ? small : null;
}"""
