"""What proxies say about the scheme, in all the ways that they say it."""

from __future__ import annotations

import pytest

from theway.forwarded import ForwardedHeaders

NEAR, FAR = "10.0.0.1", "10.0.0.2"  # two proxies that are trusted
CLIENT = "203.0.113.1"


async def seen(*headers: tuple[str, str], peer: str = NEAR) -> tuple[str, str]:
    """Return the client and the scheme that the site is told."""
    found = []

    async def app(scope, receive, send):
        found.append((scope["client"][0], scope["scheme"]))

    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": pairs}
    await ForwardedHeaders(app, f"{NEAR},{FAR}")(scope, None, None)
    return found[0]


PROTO, FOR = "X-Forwarded-Proto", "X-Forwarded-For"


@pytest.mark.parametrize(
    "headers",
    [
        [(PROTO, "https")],
        [(PROTO, " HTTPS ")],
        [(PROTO, "https, https")],
        [(PROTO, "https,https,https")],
        [(PROTO, "https"), (PROTO, "https")],
        # The outer proxy has TLS, and speaks to the inner one without.
        [(PROTO, "https, http"), (FOR, f"{CLIENT}, {FAR}")],
        [(PROTO, "https"), (PROTO, "http"), (FOR, CLIENT), (FOR, FAR)],
        [(PROTO, "http, https, http"), (FOR, f"198.51.100.1, {CLIENT}:443, {FAR}")],
    ],
)
async def test_a_site_behind_several_proxies_knows_that_it_is_asked_by_https(headers):
    assert (await seen(*headers))[1] == "https"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(PROTO, "")],
        [(PROTO, "http")],
        [(PROTO, "ftp, ftp")],
        [(PROTO, "https, http")],  # nothing says which of them is the client's
        # What the client itself wrote, left of what the proxy saw.
        [(PROTO, "https, http"), (FOR, f"198.51.100.1, {CLIENT}")],
        [(PROTO, "https"), (PROTO, "http"), (FOR, "198.51.100.1"), (FOR, CLIENT)],
    ],
)
async def test_nobody_makes_plain_http_look_like_https(headers):
    assert (await seen(*headers))[1] == "http"


async def test_who_is_no_proxy_says_nothing():
    assert await seen((PROTO, "https"), (FOR, CLIENT), peer="192.0.2.9") == ("192.0.2.9", "http")


async def test_the_client_is_still_the_one_that_the_proxy_named():
    assert await seen((PROTO, "https, http"), (FOR, f"{CLIENT}, {FAR}")) == (CLIENT, "https")
