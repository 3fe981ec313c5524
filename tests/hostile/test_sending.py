"""Hostile ways of sending, at the real server: an answer, nothing left, and pages go on."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.hostile.sending import WAYS
from tests.theway.served import Served, serve
from tests.theway.test_served import page_status
from theway.processes.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    site = serve(tmp_path_factory.mktemp("served"), MAX_REQUEST_MB="8")
    yield site
    site.process.kill()


@pytest.mark.parametrize("name", WAYS)
def test_a_hostile_way_of_sending_gets_an_answer_and_leaves_nothing(served, name):
    way, statuses = WAYS[name]
    assert set(way(served)) <= statuses
    assert wait_until(lambda: not served.waiting_files, 20)
    assert list((served.folder / "var/uploads").iterdir()) == []
    kept = [*(served.folder / "media").rglob("*"), *(served.folder / "var/partial").rglob("*")]
    assert [path for path in kept if path.is_file()] == []
    assert page_status(served) == 200
