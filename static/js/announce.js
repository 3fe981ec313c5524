// Tells people who do not see the page what becomes of their models and pictures while it is open.

/** Follow the states in `root`: of each `[data-says]`, its heading and its tag. */
export class Announcer {
  /** @param {Element} root the live part of the page */
  constructor(root) {
    this.root = root;
    this.known = this.states();
    this.place = Object.assign(document.createElement("p"), { className: "visually-hidden" });
    this.place.setAttribute("role", "status");
    root.append(this.place);
  }

  /** Say what has changed since the last time; progress is no change of state. */
  say() {
    const before = this.known;
    this.known = this.states();
    const news = [...this.known].filter(([id, text]) => before.get(id) !== text);
    if (news.length > 0) this.place.textContent = news.map(([, text]) => text).join(". ");
  }

  states() {
    const rows = [...this.root.querySelectorAll("[data-says]")];
    return new Map(rows.map((row) => [row.closest("[id]").id, textOf(row)]));
  }
}

function textOf(row) {
  const parts = [row.querySelector("h1, h3"), row.querySelector(".tag")];
  return parts.map((part) => part?.textContent.trim()).filter(Boolean).join(": ");
}
