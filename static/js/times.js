// Shows times in the zone of this browser, and updates relative ones while the page is open. The
// texts are those of dashboard/templatetags/times.py, which renders them first, in UTC.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

const fill = (text, values) => interpolate(text, values, true);

function past(seconds) {
  if (seconds < 2) return gettext("just now");
  if (seconds < MINUTE) return fill(gettext("%(seconds)s s ago"), { seconds: Math.floor(seconds) });
  if (seconds < HOUR) return fill(gettext("%(minutes)s min ago"), { minutes: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return fill(gettext("%(hours)s h ago"), { hours: Math.floor(seconds / HOUR) });
  if (seconds >= 7 * DAY) return null; // the date says more
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

// The page's language, and the day before the month as the server writes it.
const { lang } = document.documentElement;
const language = !lang || lang === "en" ? "en-GB" : lang;
const day = { day: "numeric", month: "short", year: "numeric" };
const minute = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const second = { ...minute, second: "2-digit" };
const zone = { timeZoneName: "short" };
const styles = {
  past: day, // longer ago than a week
  minute: { ...day, ...minute, ...zone },
  second: { ...day, ...second, ...zone },
  clock: second,
  title: { ...day, month: "long", ...second, ...zone },
};
const formats = {};

/** A time in the zone of this browser, as it was there at that time: summer time or not. */
function local(style, time) {
  formats[style] ??= new Intl.DateTimeFormat(language, styles[style]);
  return formats[style].format(time);
}

function textOf({ dataset }, time) {
  const seconds = (Date.now() - time) / 1000;
  if (dataset.time === "left") return left(-seconds);
  return (dataset.time === "past" && past(seconds)) || local(dataset.time, time);
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-time]")) {
    const time = Date.parse(element.dateTime);
    const text = textOf(element, time);
    if (element.textContent !== text) element.textContent = text;
    const title = local("title", time);
    if (element.title !== title) element.title = title;
  }
  for (const element of document.querySelectorAll("[data-zone]")) {
    element.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
  }
}

refresh();
setInterval(refresh, 1000);
document.addEventListener("visibilitychange", refresh);
document.addEventListener("live:swapped", refresh);
