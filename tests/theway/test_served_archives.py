"""Archives at the real server: told of live, and what remains when nobody listens any more."""

from __future__ import annotations

import http.client
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.factories import jpeg
from tests.models_app.zips import archive
from tests.theway.served import Served, serve
from tests.theway.test_served import connected, exchange, form, head_for, page_status
from theway.processes.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
COUNT = 40


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    site = serve(tmp_path_factory.mktemp("served"))
    yield site
    site.process.kill()


def request_with(served: Served, session: str, data: bytes) -> bytes:
    body = form(data)
    return head_for(served, session, f"Content-Length: {len(body)}") + body


def photos(*, first: int = 0, count: int) -> bytes:
    colours = [f"#{at:02x}6633" for at in range(first, first + count)]
    return archive(*((f"{colour[1:]}.jpg", jpeg(colour=colour)) for colour in colours))


def stored(served: Served) -> int:
    path = served.folder / "db.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM models_app_trainingimage").fetchone()[0]


def test_an_archive_whose_sender_leaves_stops_and_leaves_no_file(served):
    """The first lines are there while most of it is still packed."""
    before = stored(served)
    with closing(connected(served)) as connection:
        connection.sendall(request_with(served, served.owner_session, photos(count=COUNT)))
        with closing(http.client.HTTPResponse(connection)) as response:
            response.begin()
            assert response.headers["X-Accel-Buffering"] == "no"
            assert json.loads(response.readline()) == {"total": COUNT}
            assert json.loads(response.readline())["state"] == "stored"
    assert wait_until(lambda: not served.waiting_files, 60)
    assert list((served.folder / "var/uploads").iterdir()) == []
    assert 1 <= stored(served) - before < COUNT
    assert page_status(served) == 200


def test_an_archive_sent_again_brings_the_cards_again(served):
    request = request_with(served, served.owner_session, photos(first=100, count=3))
    for state in ("stored", "refused"):
        status, answer = exchange(served, request)
        told = [json.loads(line) for line in answer.splitlines()]
        assert (status, told[-1]) == (200, {"done": True})
        assert [(line["state"], "card" in line) for line in told[1:-1]] == [(state, True)] * 3


@pytest.mark.parametrize("who", ["stranger", "nobody"])
def test_nobody_else_sends_one(served, who):
    session = served.stranger_session if who == "stranger" else "nobody"
    before = stored(served)
    status, _ = exchange(served, request_with(served, session, photos(first=200, count=1)))
    # A stranger is nobody in particular to the limits of bodies; what is small reaches the view.
    assert status == (404 if who == "stranger" else 401)
    assert stored(served) == before
