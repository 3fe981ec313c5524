"""The time zone of whoever reads a page, as far as their browser has told it, and its days.

Times are written by `templatetags.times` and follow the reader in the page itself; what is grouped
by days is grouped here, so that nothing moves afterwards."""

from __future__ import annotations

from datetime import date, tzinfo
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

COOKIE = "zone"  # times.js writes it


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """Return the reader's zone; None before a script of ours has run there, or for a zone that
    this machine does not know."""
    name = request.COOKIES.get(COOKIE, "")
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def day_text(day: date, zone: tzinfo | None) -> str:
    """Return the name of a day in `zone`; without one it is a day of UTC, which it says."""
    if zone is None:
        return f"{date_format(day, 'j M Y')} UTC"
    days_ago = (timezone.now().astimezone(zone).date() - day).days
    names = {0: gettext("Today"), 1: gettext("Yesterday")}
    return names.get(days_ago) or date_format(day, "j M Y")
