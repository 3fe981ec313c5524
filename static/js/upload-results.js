// What became of each file of a folder or an archive: one panel for each, filled line by line.

import { tell } from "./upload-news.js";
import { isolated, takenOf } from "./upload-texts.js";
import { refuse } from "./upload-trouble.js";

const place = document.getElementById("upload-results");
const panelTemplate = document.getElementById("upload-results-panel");
const lineTemplate = document.getElementById("upload-results-line");

export class Results {
  /** @param {string} title the folder or the archive  @param {number} total its files */
  constructor(title, total) {
    this.title = title;
    this.total = total;
    this.counts = { stored: 0, refused: 0, skipped: 0 };
    this.refused = [];
    this.panel = panelTemplate.content.firstElementChild.cloneNode(true);
    this.panel.querySelector("[data-title]").textContent = title;
    this.panel.querySelector("[data-close]").addEventListener("click", () => this.panel.remove());
    place.append(this.panel);
    this.showProgress();
  }

  get done() {
    return this.counts.stored + this.counts.refused + this.counts.skipped;
  }

  /** @param {"stored" | "refused" | "skipped"} state */
  add(name, state, text) {
    const line = lineTemplate.content.firstElementChild.cloneNode(true);
    line.dataset.state = state;
    line.querySelector("bdi").textContent = name;
    line.querySelector("span").textContent = text;
    this.panel.querySelector("ol").append(line);
    this.counts[state] += 1;
    if (state === "refused") this.refused.push([name, text]);
    this.showProgress(name);
    if (this.done >= this.total) this.finish();
  }

  /** A file of it is not part of it any more: it was removed before it was sent. */
  drop() {
    this.total -= 1;
    if (this.done >= this.total) this.finish();
  }

  /** Say how many were taken, and list what was refused where all of that is. */
  finish() {
    const text = takenOf(this.counts.stored, this.counts.stored + this.counts.refused);
    const skipped = ngettext("%s skipped.", "%s skipped.", this.counts.skipped);
    const more = this.counts.skipped ? interpolate(skipped, [this.counts.skipped]) : "";
    this.panel.dataset.state = "done";
    this.panel.querySelector("progress").hidden = true;
    this.panel.querySelector("[data-summary]").textContent = `${text} ${more}`.trim();
    this.panel.querySelector("[data-close]").hidden = false;
    for (const [name, reason] of this.refused.splice(0)) refuse(name, reason);
    tell(`${isolated(this.title)}: ${text}`);
  }

  remove() {
    this.panel.remove();
  }

  showProgress(name) {
    const text = gettext("%(done)s of %(total)s");
    const shown = interpolate(text, { done: this.done, total: this.total }, true);
    const summary = name ? `${shown} · ${isolated(name)}` : shown;
    this.panel.querySelector("[data-summary]").textContent = summary;
    this.panel.querySelector("progress").value = this.total ? this.done / this.total : 0;
  }
}
