// The current CSRF token: signing in again in another tab replaces the one in the page.

/** @returns {string} the CSRF token from its cookie, "" where there is none */
export function csrfToken() {
  const name = `${document.documentElement.dataset.csrfCookie}=`;
  const found = document.cookie.split("; ").find((part) => part.startsWith(name));
  return found ? decodeURIComponent(found.slice(name.length)) : "";
}
