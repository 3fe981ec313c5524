// Who refused: TheWay itself, or a server in front of it (a proxy, a tunnel, a firewall).
// TheWay marks each of its answers; what has no mark was said by somebody else.

const MARK = "X-Answered-By";

/** @param {(name: string) => string | null} header reads a header of the answer */
export function isOurs(header) {
  return header(MARK) === "theway";
}

// Of the 4xx, those that may pass by themselves: signing in elsewhere, time, load (RFC 9110, 15.5).
const PASSING = [401, 407, 408, 425, 429];

/** @returns {boolean} whether a server in front would say the same about the same request again */
export function isFinal(code) {
  return code >= 400 && code < 500 && !PASSING.includes(code);
}

/** @returns {boolean} whether the same request may succeed later: too many at once, or a fault that
 *  passes. 507 is a disk that somebody has to make room on. */
export function isPassing(code) {
  return code === 408 || code === 429 || (code >= 500 && code !== 507);
}

/** @returns {string} what a server in front of TheWay refused, and what the operator can change */
export function refusalInFront(code) {
  if (code === 413) {
    return gettext(
      "A server in front of TheWay refused this as too large (error 413). The operator can raise its limit for uploads.",
    );
  }
  if (code === 502 || code === 503 || code === 504) {
    const text = gettext(
      "A server in front of TheWay gets no answer from it (error %(code)s). Try again in a moment.",
    );
    return interpolate(text, { code }, true);
  }
  const text = gettext(
    "A server in front of TheWay answered in its place (error %(code)s). The operator finds the reason in that server's log.",
  );
  return interpolate(text, { code }, true);
}

/** @returns {string} what a connection that broke while something was sent may mean */
export function connectionCut() {
  return gettext(
    "The connection was cut. Try again. If it happens every time, a server in front of TheWay may limit uploads: the operator can raise its limit.",
  );
}
