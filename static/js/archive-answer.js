// Reads the answer to an archive while it arrives: a line of JSON for each file in it.

import { Results } from "./upload-results.js";

const TYPE = "application/x-ndjson";

/** Whether the answer to this request is about an archive. */
export function isArchiveAnswer(request) {
  return request.getResponseHeader("Content-Type")?.startsWith(TYPE) ?? false;
}

export class ArchiveAnswer {
  /** @param {Upload} upload the archive  @param {(photo) => void} show */
  constructor(upload, show) {
    this.upload = upload;
    this.show = show;
    this.at = 0;
    this.isWhole = false;
    this.message = "";
  }

  /** Show every line that is there by now. */
  read() {
    const text = this.upload.request.responseText;
    for (let end = text.indexOf("\n", this.at); end >= 0; end = text.indexOf("\n", this.at)) {
      this.take(JSON.parse(text.slice(this.at, end)));
      this.at = end + 1;
    }
  }

  take(line) {
    if (line.total !== undefined) this.results = new Results(this.upload.path, line.total);
    else if (line.done) this.end(line);
    else this.takeFile(line);
  }

  /** What an earlier try has stored is refused as known already, and may not be on the page yet. */
  takeFile(line) {
    const isShown = line.id === undefined || document.getElementById(`photo-${line.id}`);
    if (!isShown) this.show(line);
    if (!isShown || line.state === "stored") this.upload.stored.add(line.id);
    const isStored = this.upload.stored.has(line.id);
    const text = isStored && line.state !== "stored" ? gettext("Stored.") : line.text;
    this.results.add(line.name, isStored ? "stored" : line.state, text);
  }

  end(line) {
    this.isWhole = true;
    this.message = line.message ?? "";
  }

  /** What was told so far will be told again. */
  forget() {
    this.results?.remove();
  }
}
