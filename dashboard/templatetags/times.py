"""Times for people: relative in the text, absolute on hover, exact in `<time datetime>`.

`static/js/times.js` keeps the relative text true while a page is open; the two must agree.
"""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400


@register.simple_tag
def ago(at: datetime | None) -> SafeString:
    """Show how long ago `at` was; nothing for a time that is not known."""
    if at is None:
        return SafeString("")
    seconds = (timezone.now() - at).total_seconds()
    return _time(at, "past", past_text(seconds) or at.strftime("%-d %b %Y"))


@register.simple_tag
def left(at: datetime | None) -> SafeString:
    """Show how long it is until `at`; a dash where nobody can tell."""
    if at is None:
        return SafeString("–")
    return _time(at, "left", left_text((at - timezone.now()).total_seconds()))


@register.filter
def seconds_text(seconds: float) -> str:
    """Give a length of time in one or two words: “12 s”, “6 min”, “2 h 5 min”."""
    if seconds < MINUTE:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def past_text(seconds: float) -> str:
    """Give “12 s ago”; empty once a week has gone, when the date says more."""
    if seconds < 2:
        return "just now"
    for size, name in ((DAY, "day"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            count = int(seconds // size)
            plural = "s" if name == "day" and count > 1 else ""
            return "" if seconds >= 7 * DAY else f"{count} {name}{plural} ago"
    return f"{int(seconds)} s ago"


def left_text(seconds: float) -> str:
    """Give “6 min” or “25 s”, rounded: an exact second would pretend to know."""
    if seconds < 3:
        return "any moment"
    if seconds < MINUTE:
        return f"{max(5, 5 * round(seconds / 5))} s"
    return seconds_text(seconds)


def _time(at: datetime, kind: str, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" data-time="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        f"{at:%-d %B %Y, %H:%M:%S} {at.tzname()}",
        kind,
        text,
    )
