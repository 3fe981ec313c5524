// One request of an upload, as a promise: answered, lost on the way, or stopped by the person.

import { csrfToken } from "./csrf.js";

// A phone that changes its network leaves a connection behind that never says so.
const STALLED_AFTER = 30_000;
// Checking a photo may wait for others that are checked (models_app/limits.py, DECODING).
const SILENT_AFTER = 180_000;

/** The connection broke, or nothing moved any more. */
export class Lost extends Error {}

/** The person removed the file. */
export class Stopped extends Error {}

/** @param {string} method  @param {string} address
 *  @param {{ headers?: object, body?: any, onStart?: Function, onSent?: Function, onAnswer?: Function }} options
 *  @returns {Promise<XMLHttpRequest>} once it is answered, whatever the answer */
export function ask(method, address, { headers = {}, body, onStart, onSent, onAnswer } = {}) {
  const request = new XMLHttpRequest();
  request.open(method, address);
  const all = { "X-CSRFToken": csrfToken(), Accept: "application/json", ...headers };
  for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
  onStart?.(request);
  return new Promise((resolve, reject) => {
    const watch = new Watch(() => {
      reject(new Lost());
      request.abort();
    });
    request.upload.addEventListener("progress", (event) => {
      watch.wait(event.loaded < event.total ? STALLED_AFTER : SILENT_AFTER);
      onSent?.(event.loaded, event.total);
    });
    request.addEventListener("progress", () => {
      watch.wait(SILENT_AFTER);
      onAnswer?.(request);
    });
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", () => reject(new Lost()));
    request.addEventListener("abort", () => reject(new Stopped()));
    request.addEventListener("loadend", () => watch.end());
    watch.wait(body?.size === 0 ? SILENT_AFTER : STALLED_AFTER);
    request.send(body);
  });
}

/** Calls once nothing was heard for a while. */
class Watch {
  constructor(onSilence) {
    this.onSilence = onSilence;
  }

  wait(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onSilence, milliseconds);
  }

  end() {
    clearTimeout(this.timer);
  }
}
