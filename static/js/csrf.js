// The token as it is now: signing in again in another tab makes the one in the page too old.

/** @returns {string} the CSRF token from its cookie, "" where there is none */
export function csrfToken() {
  const found = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return found ? decodeURIComponent(found.slice("csrftoken=".length)) : "";
}
