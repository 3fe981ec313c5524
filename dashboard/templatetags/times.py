"""Times for people: relative in the text, absolute on hover, exact in `<time datetime>`.

The server does not know anybody's time zone, so it writes UTC and says so. `static/js/times.js`
replaces that by the time of the person's own zone, with its name, and updates the relative text
while a page is open; the two must agree. No other code writes a time into a page.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400
_FORMATS = {"minute": "j M Y, H:i", "second": "j M Y, H:i:s", "clock": "H:i:s"}


@register.simple_tag
def ago(at: datetime | None) -> SafeString:
    """Return how long ago `at` was; nothing for an unknown time."""
    if at is None:
        return SafeString("")
    seconds = (timezone.now() - at).total_seconds()
    return _time(at, "past", past_text(seconds) or _utc(at, "j M Y"))


@register.simple_tag
def left(at: datetime | None) -> SafeString:
    """Return how long it is until `at`; a dash where that is unknown."""
    if at is None:
        return SafeString("–")
    return _time(at, "left", left_text((at - timezone.now()).total_seconds()))


@register.simple_tag
def time_left(at: datetime) -> SafeString:
    """Return how long it is until `at` as a phrase of its own: “About 6 min left”."""
    return _time(at, "about", about_text((at - timezone.now()).total_seconds()))


@register.simple_tag(name="at")
def moment(at: datetime | None, style: str = "minute") -> SafeString:
    """Return the time `at` itself; nothing for an unknown one.

    `style` is how exact: `minute` and `second` come with their date and zone; `clock` is the time
    of the day for a list of many, which names the zone once, with `{% zone %}`.
    """
    if at is None:
        return SafeString("")
    return _time(at, style, _utc(at, _FORMATS[style], has_zone=style != "clock"))


@register.simple_tag
def zone() -> SafeString:
    """Return the name of the zone that the times of a page are in."""
    return SafeString("<span data-zone>UTC</span>")


@register.filter
def seconds_text(seconds: float) -> str:
    """Return a length of time in one or two units: “12 s”, “6 min”, “2 h 5 min”."""
    if seconds < MINUTE:
        return gettext("%(seconds)d s") % {"seconds": max(1, round(seconds))}
    hours, minutes = divmod(round(seconds / MINUTE), 60)
    if not hours:
        return gettext("%(minutes)d min") % {"minutes": minutes}
    text = gettext("%(hours)d h %(minutes)d min") if minutes else gettext("%(hours)d h")
    return text % {"hours": hours, "minutes": minutes}


def past_text(seconds: float) -> str:
    """Return “12 s ago”; "" after a week, when the date says more."""
    if seconds < 2:
        return gettext("just now")
    if seconds < MINUTE:
        return gettext("%(seconds)d s ago") % {"seconds": seconds}
    if seconds < HOUR:
        return gettext("%(minutes)d min ago") % {"minutes": seconds // MINUTE}
    if seconds < DAY:
        return gettext("%(hours)d h ago") % {"hours": seconds // HOUR}
    if seconds >= 7 * DAY:
        return ""
    days = int(seconds // DAY)
    return ngettext("%(days)d day ago", "%(days)d days ago", days) % {"days": days}


def left_text(seconds: float) -> str:
    """Return “6 min” or “25 s”, rounded: an exact second would promise too much."""
    if seconds < 3:
        return gettext("any moment")
    if seconds < MINUTE:
        return gettext("%(seconds)d s") % {"seconds": max(5, 5 * round(seconds / 5))}
    return seconds_text(seconds)


def about_text(seconds: float) -> str:
    """Return “About 6 min left”, or “Any moment now”."""
    if seconds < 3:
        return gettext("Any moment now")
    return gettext("About %(time)s left") % {"time": left_text(seconds)}


def _time(at: datetime, kind: str, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" data-time="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        _utc(at, "j F Y, H:i:s"),
        kind,
        text,
    )


def _utc(at: datetime, style: str, *, has_zone: bool = True) -> str:
    text = date_format(at.astimezone(UTC), style)
    return f"{text} UTC" if has_zone else text
