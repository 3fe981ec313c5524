"""Where a phone finds this installation: `localhost` on a phone is the phone itself."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def origin_for_phones(request: HttpRequest) -> str:
    """Return what the address of a phone's page begins with; "" where none is known to reach us.

    The site's own address if it has one, else the one of this request, else a name of the machine
    that the operator allows.
    """
    if settings.PUBLIC_URL:
        return "" if _is_here(settings.PUBLIC_URL) else str(settings.PUBLIC_URL)
    asked = f"{request.scheme}://{request.get_host()}"
    if not _is_here(asked):
        return asked
    names = [name for name in settings.ALLOWED_HOSTS if _is_name(name)]
    return f"{request.scheme}://{names[0]}:{request.get_port()}" if names and _listens() else ""


def _is_here(origin: str) -> bool:
    """Return whether an origin names the machine that asks."""
    host = urlsplit(origin).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_name(name: str) -> bool:
    return not name.startswith(("*", ".")) and not _is_here(f"http://{name}")


def _listens() -> bool:
    """Return whether the site listens to others than this machine."""
    return not _is_here(f"http://{settings.WEB_HOST}")
