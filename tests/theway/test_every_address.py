"""A site at `::` is found at every address of its machine, and knows who asks."""

from __future__ import annotations

import socket

import pytest
import requests

from tests.theway.launched import READY_LIMIT, Launched
from theway.processes import ports


def has_version_6() -> bool:
    return socket.has_dualstack_ipv6() and ports.obstacle("::1", 0) is None


pytestmark = pytest.mark.skipif(not has_version_6(), reason="has no IPv6")
PUBLIC = {"PUBLIC_URL": "https://x.example.org"}
FORWARDED = {"Host": "x.example.org", "X-Forwarded-Proto": "https"}


def test_it_starts_and_believes_the_proxy_of_this_machine_at_both_versions(tmp_path):
    site = Launched(tmp_path, WEB_HOST="::", TRUSTED_PROXIES="", **PUBLIC)
    try:
        site.wait_for("Open https://x.example.org", READY_LIMIT)
        for host in ("127.0.0.1", "[::1]"):
            answer = requests.get(
                f"http://{host}:{site.port}/accounts/login/",
                headers=FORWARDED,
                allow_redirects=False,
                timeout=30,
            )
            assert answer.status_code == 200, host
    finally:
        site.stop()


def test_a_port_that_is_taken_in_one_version_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert ports.obstacle("::", taken.getsockname()[1]) is not None
