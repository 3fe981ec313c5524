// Tells people who do not see the page what becomes of their models and pictures while it is open:
// each change of stage, a quarter, a half and three quarters, and the end. Nothing else.

const GATHER_MS = 300; // several updates at once are one piece of news
const SETTLE_MS = 1000; // screen readers do not hear a region that is as new as the page
const MOST_KEPT = 8;
/** What has a share that is told; of many cards at once that would be too much. */
const TOLD_SHARES = '#live-progress, [id^="generation-"]';
const LONGEST_HEADING = 60; // prompts are longer
/** A training's progress and, once it is over, the head of its page are about the same. */
const SAME = { "live-progress": "live-body" };

/** Follows the states in `root`: of each `[data-says]`, what that says, or its heading and tag. */
export class Announcer {
  /** @param {Element} root the live part of the page */
  constructor(root) {
    this.root = root;
    this.place = placeIn(root);
    this.store = `said ${location.pathname}`;
    this.known = this.look();
    this.timer = 0;
    this.recall();
  }

  /** Say soon what has changed since the last time. A hidden page says it once it is back. */
  say(soon = GATHER_MS) {
    this.timer ||= setTimeout(() => this.tell(), soon);
  }

  tell() {
    this.timer = 0;
    if (document.visibilityState === "hidden") return;
    const before = this.known;
    this.known = this.look();
    for (const one of [...changes(before, this.known), ...ends(before, this.known)]) this.add(one);
    this.keep();
  }

  /** Add to what is there: what is not read yet stays, and failures stay longest. */
  add({ text, isFailure }) {
    const line = Object.assign(document.createElement("p"), { textContent: text });
    line.toggleAttribute("data-failure", isFailure);
    this.place.append(line);
    if (this.place.children.length <= MOST_KEPT) return;
    (this.place.querySelector("p:not([data-failure])") ?? this.place.firstChild).remove();
  }

  look() {
    return new Map([...this.root.querySelectorAll("[data-says]")].map(stateOf));
  }

  /** Go on where this tab was before the page was loaded again: what is news by now is said. */
  recall() {
    for (const [id, state] of Object.entries(stored(this.store) ?? {})) {
      if (this.known.has(id)) this.known.set(id, state);
    }
    this.say(SETTLE_MS);
  }

  keep() {
    try {
      const marks = [...this.known].map(([id, { text, ...rest }]) => [id, rest]);
      sessionStorage.setItem(this.store, JSON.stringify(Object.fromEntries(marks)));
    } catch {
      // A browser that is told to store nothing: the next page begins anew.
    }
  }
}

function placeIn(root) {
  const place = Object.assign(document.createElement("div"), { className: "visually-hidden" });
  place.setAttribute("role", "status");
  place.setAttribute("aria-atomic", "false"); // only what was added is read
  root.append(place);
  return place;
}

function stored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function stateOf(row) {
  const holder = row.closest("[id]");
  const bar = holder.matches(TOLD_SHARES) ? holder.querySelector("progress") : null;
  const text = row.dataset.says || headingAndTag(row);
  return [
    SAME[holder.id] ?? holder.id,
    {
      text,
      mark: markOf(text),
      quarter: Math.min(3, Math.floor((Number(bar?.getAttribute("value")) || 0) / 25)),
      isComing: bar !== null,
      isFailure: Boolean(row.querySelector('.tag[data-tone="bad"]')),
    },
  ];
}

/** What tells two texts apart: nobody's words are kept in the browser. */
function markOf(text) {
  let mark = 0;
  for (const character of text) mark = (Math.imul(mark, 31) + character.codePointAt(0)) | 0;
  return mark;
}

function headingAndTag(row) {
  const parts = [row.querySelector("h1, h3"), row.querySelector(".tag")];
  return parts.map((part) => shortened(part?.textContent.trim() ?? "")).filter(Boolean).join(": ");
}

/** What people see as one letter may be several of `length`: an emoji, an accent. */
function lettersOf(text) {
  if (!("Segmenter" in Intl)) return [...text];
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}

function shortened(text) {
  const letters = lettersOf(text);
  return letters.length > LONGEST_HEADING ? `${letters.slice(0, LONGEST_HEADING).join("").trimEnd()}…` : text;
}

function* changes(before, now) {
  for (const [id, { text, mark, quarter, isComing, isFailure }] of now) {
    const last = before.get(id);
    // What a page shows at last, such as pictures of an earlier training, is no news.
    if (!last && id.startsWith("generation-") && !isComing && !isFailure) continue;
    if (last?.mark !== mark) yield { text, isFailure };
    if (quarter > (last?.quarter ?? 0)) yield { text: shareOf(text, quarter), isFailure };
  }
}

function shareOf(what, quarter) {
  return interpolate(gettext("%(what)s, %(percent)s %"), { what, percent: 25 * quarter }, true);
}

/** A set of pictures that is taken back is no longer there. */
function* ends(before, now) {
  for (const [id, { isComing }] of before) {
    if (isComing && id.startsWith("generation-") && !now.has(id)) yield { text: gettext("No picture was made."), isFailure: false };
  }
}
