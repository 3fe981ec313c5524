// What the pages of one browser tell each other. Where a browser has no such thing, or is told to keep
// nothing for this site (then making one throws), a page is alone and everything else goes on.

const ALONE = { postMessage() {}, addEventListener() {} };

/** @returns {Pick<BroadcastChannel, "postMessage" | "addEventListener">} */
export function channelTo(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return ALONE;
  }
}
