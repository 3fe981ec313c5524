"""Whose attempts are counted: the client's, as the proxies we trust saw it, whatever it says."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from urllib.parse import urlencode

import pytest

from tests.theway.served import Served, serve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses many addresses of loopback")
LOGIN, RESET = "/accounts/login/", "/accounts/password/reset/"
# What one address may ask for in a minute: the accounts library's own limit on new passwords.
ATTEMPTS = 20
TOKEN = "a" * 32
# The first proxy, which the site talks to, and one in front of it.
NEAR, FAR = "127.0.0.1", "192.0.2.10"
NOT_TRUSTED = "127.0.0.2"  # on the loopback network too, but not named
_numbers = count()


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    site = serve(tmp_path_factory.mktemp("proxied"), trusted=f"{NEAR},{FAR}")
    yield site
    site.process.kill()


def ask(
    served: Served,
    forwarded: list[str],
    *,
    peer: str = NEAR,
    path: str = RESET,
    **headers: str,
) -> bool:
    """Send a form about somebody new over a connection from `peer`. Return whether it is taken."""
    email = f"person{next(_numbers)}@example.org"
    form = {"email": email, "login": email, "password": "guess"}
    body = urlencode(form).encode()
    lines = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        "Cookie": f"{served.csrf_cookie}={TOKEN}",
        "X-CSRFToken": TOKEN,
    }
    with closing(
        http.client.HTTPConnection("127.0.0.1", served.port, timeout=60, source_address=(peer, 0))
    ) as client:
        client.putrequest("POST", path)
        for name, value in [
            *(lines | headers).items(),
            *(("X-Forwarded-For", v) for v in forwarded),
        ]:
            client.putheader(name, value)
        client.endheaders(body)
        status = client.getresponse().status
    assert status in {200, 302, 429}
    return status != 429


def logged(served: Served) -> list[str]:
    """Return the addresses of failures in the security log."""
    lines = (served.folder / "var/log/security.log").read_text().splitlines()
    return [line.rpartition("from=")[2] for line in lines if "sign-in failed" in line]


# What each proxy adds stands right of what the client sent, in the same header or in one more.
WAYS = {
    "one proxy": ("203.0.113.1", lambda forged, real: [f"{forged}, {real}"]),
    "one proxy, two headers": ("203.0.113.2", lambda forged, real: [forged, real]),
    "two proxies": ("203.0.113.3", lambda forged, real: [f"{forged}, {real}, {FAR}"]),
    "two proxies, three headers": ("203.0.113.4", lambda forged, real: [forged, real, FAR]),
    "a forged proxy": ("203.0.113.5", lambda forged, real: [f"{forged}, {FAR}, {real}, {FAR}"]),
    "with a port": ("203.0.113.6", lambda forged, real: [f"{forged}:1, {real}:2"]),
    "version 6": ("2001:db8::6", lambda forged, real: [f"{forged}, {real}"]),
    "nonsense in front": ("203.0.113.7", lambda forged, real: [f"<{forged}>, ,;[, {real}"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_client_behind_proxies_is_counted_as_itself(served, way):
    real, forwarded = WAYS[way]
    for number in range(ATTEMPTS):
        assert ask(served, forwarded(f"198.51.100.{number}", real))
    assert not ask(served, forwarded("198.51.100.99", real))
    assert ask(served, forwarded("198.51.100.99", "203.0.113.200"))


def test_who_is_no_proxy_says_nothing_about_anybody(served):
    """Not about itself, in any header; and it locks nobody out by naming them."""
    victim = "203.0.113.100"
    for number in range(ATTEMPTS):
        other = f"198.51.100.{number}"
        headers = {"Forwarded": f"for={other}", "X-Real-IP": other, "Client-IP": other}
        assert ask(served, [other], peer=NOT_TRUSTED, **headers)
    assert not ask(served, [victim], peer=NOT_TRUSTED)
    assert ask(served, [f"{victim}"])


def test_other_headers_say_nothing_even_from_a_proxy(served):
    real = "203.0.113.101"
    for number in range(ATTEMPTS):
        other = f"198.51.100.{number}"
        headers = {"Forwarded": f"for={other}", "X-Real-IP": other, "True-Client-IP": other}
        assert ask(served, [real], **headers)
    assert not ask(served, [real], **{"X-Real-IP": "198.51.100.99"})


def test_the_security_log_names_the_client(served):
    for forwarded, peer in (
        (["198.51.100.1, 203.0.113.102"], NEAR),
        (["198.51.100.1"], "127.0.0.3"),
    ):
        assert ask(served, forwarded, peer=peer, path=LOGIN)
    assert logged(served) == ["203.0.113.102", "127.0.0.3"]
