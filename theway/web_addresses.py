"""What an address means, however it is written."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from providers.http.client import is_loopback

_DEFAULT_PORTS = {"http": 80, "https": 443}


def without_default_port(url: str) -> str:
    """Return an address as browsers write an origin: scheme and host in lower case, without the
    port that the scheme implies and without a slash at the end. What is no address stays."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url
    if not parts.scheme or not parts.hostname:
        return url
    place = _host(parts)
    if port and port != _DEFAULT_PORTS.get(parts.scheme):
        place += f":{port}"
    return parts._replace(netloc=place).geturl().rstrip("/")


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


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        return f"[{host}]"
    try:
        return host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return host
