"""What an address means, however it is written."""

from __future__ import annotations

from urllib.parse import urlsplit

from providers.http.client import is_loopback

_DEFAULT_PORTS = {"http": 80, "https": 443}


def loopback_host(url: str, port: int) -> str:
    """Return the address on this machine that serves `url` if it is its root at `port` here, else
    "". `localhost` is 127.0.0.1."""
    try:
        parts = urlsplit(url.strip())
        found = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return ""
    is_root = parts.scheme == "http" and parts.path.rstrip("/") in {"", "/v1"}
    if not is_root or found != port or not is_loopback(url.strip()):
        return ""
    host = parts.hostname or ""
    return "127.0.0.1" if host.endswith("localhost") else host
