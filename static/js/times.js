// Updates relative times while the page is open. The texts are those of
// dashboard/templatetags/times.py, which renders them first.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

const fill = (text, values) => interpolate(text, values, true);

function past(seconds) {
  if (seconds < 2) return gettext("just now");
  if (seconds < MINUTE) return fill(gettext("%(seconds)s s ago"), { seconds: Math.floor(seconds) });
  if (seconds < HOUR) return fill(gettext("%(minutes)s min ago"), { minutes: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return fill(gettext("%(hours)s h ago"), { hours: Math.floor(seconds / HOUR) });
  if (seconds >= 7 * DAY) return null; // the date is rendered already, and says more
  const days = Math.floor(seconds / DAY);
  return fill(ngettext("%(days)s day ago", "%(days)s days ago", days), { days });
}

function left(seconds) {
  if (seconds < 3) return gettext("any moment");
  if (seconds < MINUTE) return fill(gettext("%(seconds)s s"), { seconds: Math.max(5, 5 * Math.round(seconds / 5)) });
  const total = Math.round(seconds / MINUTE);
  const [hours, minutes] = [Math.floor(total / 60), total % 60];
  if (!hours) return fill(gettext("%(minutes)s min"), { minutes });
  return fill(minutes ? gettext("%(hours)s h %(minutes)s min") : gettext("%(hours)s h"), { hours, minutes });
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
