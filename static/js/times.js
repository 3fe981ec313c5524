// Keeps relative times true while the page is open. The words are those of
// dashboard/templatetags/times.py, which writes them first.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

function past(seconds) {
  if (seconds < 2) return "just now";
  if (seconds < MINUTE) return `${Math.floor(seconds)} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  if (seconds >= 7 * DAY) return null; // the date is there already, and says more
  const days = Math.floor(seconds / DAY);
  return `${days} day${days > 1 ? "s" : ""} ago`;
}

function left(seconds) {
  if (seconds < 3) return "any moment";
  if (seconds < MINUTE) return `${Math.max(5, 5 * Math.round(seconds / 5))} s`;
  const minutes = Math.round(seconds / MINUTE);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${Math.floor(minutes / 60)} h`;
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-time]")) {
    const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
    const text = element.dataset.time === "left" ? left(-seconds) : past(seconds);
    if (text !== null && element.textContent !== text) element.textContent = text;
  }
}

setInterval(refresh, 1000);
document.addEventListener("visibilitychange", refresh);
document.addEventListener("live:swapped", refresh);
