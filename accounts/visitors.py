"""Where a request comes from, as people recognise it: an address and “Firefox on Linux”."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from django.utils.translation import gettext

BROWSER_LENGTH = 200

# The first that fits wins: most browsers also name those they are compatible with.
_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Firefox", r"(Firefox|FxiOS)/"),
    ("Chrome", r"(Chrome|CriOS|Chromium)/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("Android", r"Android"),
    ("iOS", r"iPhone|iPad"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
)


def address_of(request: HttpRequest) -> str | None:
    """Return the client's IP address; None where there is none, as behind a Unix socket."""
    try:
        return str(ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def network_of(request: HttpRequest) -> str:
    """Return the client's network: its address, of IPv6 the part that one household has."""
    return network_of_address(request.META.get("REMOTE_ADDR", ""))


def network_of_address(text: str) -> str:
    """Return the network of an address; “unknown” for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), 64), strict=False).network_address)
    return str(address)


def browser_of(request: HttpRequest) -> str:
    """Return the User-Agent, no longer than is stored, without what no database takes."""
    return str(request.META.get("HTTP_USER_AGENT", "")).replace("\0", "")[:BROWSER_LENGTH]


def name_of(browser: str) -> str:
    """Return a short name of a User-Agent."""
    name, system = _first(_BROWSERS, browser), _first(_SYSTEMS, browser)
    if name and system:
        return gettext("%(browser)s on %(system)s") % {"browser": name, "system": system}
    return name or system or gettext("Another program")


def _first(names: tuple[tuple[str, str], ...], browser: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, browser)), "")
