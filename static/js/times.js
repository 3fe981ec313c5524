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

function about(seconds) {
  if (seconds < 3) return gettext("Any moment now");
  return fill(gettext("About %(time)s left"), { time: left(seconds) });
}

/** Seconds left as they were shown last. An estimate wavers: a little more again is no news. */
const lastLeft = new WeakMap();

function steady(element, seconds) {
  const last = lastLeft.get(element) ?? Infinity;
  const shown = seconds > last && seconds < last * 1.15 + 5 ? last : seconds;
  lastLeft.set(element, shown);
  return shown;
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

const FAR_OFF_MS = 30000; // less may be what loading the page took

/** How far the clock of this device is ahead of the server's, whose times these are. */
function clockError() {
  const stated = document.querySelector('meta[name="server-time"]')?.content;
  const error = stated ? Date.now() - 1000 * stated : 0;
  return Math.abs(error) > FAR_OFF_MS ? error : 0;
}

const ahead = clockError();
/** What was written last: what is there now may be the translation of a browser. */
const written = new WeakMap();

function textOf(element, time) {
  const { dataset } = element;
  const seconds = (Date.now() - ahead - time) / 1000;
  if (dataset.time === "about") return about(steady(element, -seconds));
  if (dataset.time === "left") return left(-seconds);
  return (dataset.time === "past" && past(seconds)) || local(dataset.time, time);
}

function write(element, text, isNew) {
  const isThere = (isNew ? element.textContent : written.get(element)) === text;
  written.set(element, text);
  if (!isThere) element.textContent = text;
}

/** Write all times; `isNew` where the page has new ones from the server. */
function refresh(isNew) {
  for (const element of document.querySelectorAll("time[data-time]")) {
    const time = Date.parse(element.dateTime);
    write(element, textOf(element, time), isNew);
    const title = local("title", time);
    if (element.title !== title) element.title = title;
  }
  for (const element of document.querySelectorAll("[data-zone]")) {
    write(element, Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " "), isNew);
  }
}

/** For what the server groups by days (`dashboard/reader_zone.py`). */
function tellZone() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const secure = location.protocol === "https:" ? "; secure" : "";
  if (timeZone) document.cookie = `zone=${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

refresh(true);
tellZone();
setInterval(refresh, 1000, false);
document.addEventListener("visibilitychange", () => refresh(false));
document.addEventListener("live:swapped", () => refresh(true));
