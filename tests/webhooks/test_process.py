"""The site as a real process: large bodies, two at once, and a kill between answer and handling."""

from __future__ import annotations

import http.client
import socket
import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.providers.raw_server import RawServer, json_answer
from tests.theway.served import manage
from tests.webhooks.hooked import OTHER_SECRET, PATH, body_about, signed, token_for
from theway.processes.installation import ROOT, installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process
from theway.processes.waiting import wait_until

SECRET_KEY = "of this test alone, and long enough for everybody" * 2
# The trainer's keys are known, and a paid call has got no answer yet.
BEGIN = """
from tests.webhooks.hooked import enable
enable()
from accounts.models import User
from jobs.engine import webhook_keys
from jobs.models import JobQueue
from models_app.models import UserModel
owner = User.objects.create_user(email="owner@example.org", password="x")
model = UserModel.objects.create(owner=owner, status="training", provider="local")
job = JobQueue.objects.create(
    owner=owner, model=model, kind="training", provider="local", status="unknown",
    idempotency_key="one", payload={"base_model": "black-forest-labs/FLUX.1-dev"},
)
webhook_keys.refresh("local")
print(job.correlation)
"""
WORK = """
from tests.webhooks.hooked import enable
enable()
from jobs.engine import due, poll
for key in due.polls():
    poll.poll(key)
"""


@dataclass
class Site:
    process: Process
    env: dict[str, str]
    port: int
    folder: Path
    correlation: str

    @property
    def path(self) -> str:
        return f"{PATH}?job={quote(token_for(self.correlation, SECRET_KEY))}"

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return database.execute(sql).fetchall()

    def counted(self) -> dict[object, object]:
        return dict(self.rows("SELECT outcome, count FROM jobs_webhookcount"))  # type: ignore[arg-type]

    def post(self, body: bytes, headers: dict[str, str], path: str = "") -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("POST", path or self.path, body, headers)
            return connection.getresponse().status


@pytest.fixture
def trainer() -> Iterator[RawServer]:
    """Answers everything with a run that goes on."""
    with RawServer(json_answer(b'{"id": "ft-7", "status": "running", "data": []}')) as server:
        yield server


@pytest.fixture
def site(tmp_path, trainer) -> Iterator[Site]:
    port = unused_port()
    env = installation_environment(tmp_path, port=port, trainer_port=unused_port())
    env |= {"DJANGO_SECRET_KEY": SECRET_KEY, "TRAINER_URL": trainer.url}
    manage(env, "migrate", "-v0")
    manage(env, "collectstatic", "-v0", "--no-input")
    correlation = manage(env, "shell", "-v0", "-c", BEGIN).split()[-1]
    process = Process(
        "web",
        [sys.executable, "-m", "tests.webhooks.site", "--port", str(port)],
        cwd=ROOT,
        env=env,
        ready_url=f"http://127.0.0.1:{port}/healthz",
        log_file=tmp_path / "web.log",
    )
    try:
        process.start()
        yield Site(process, env, port, tmp_path, correlation)
    finally:
        process.kill()


def test_what_was_answered_survives_a_kill_and_two_at_once_are_one(site, trainer):
    body = body_about("ft-7")
    headers = signed(body)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: site.post(body, headers), range(8)))
    site.process.kill()
    assert answers == [204] * 8
    assert site.rows("SELECT run_id, handled_at FROM jobs_webhookreceipt") == [("ft-7", None)]
    assert site.counted() == {"taken": 1, "repeated": 7}
    before = len(trainer.requests)
    assert not any(b"ft-7" in request for request in trainer.requests)
    manage(site.env, "shell", "-v0", "-c", WORK)
    assert len(trainer.requests) > before
    assert site.rows("SELECT status, run_id FROM jobs_jobqueue") == [("running", "ft-7")]
    assert site.rows("SELECT result FROM jobs_webhookreceipt") == [("adopted",)]


def test_large_ones_are_taken_larger_ones_not_read_and_halves_change_nothing(site):
    body = body_about("ft-7", logs="█" * 1_700_000)
    assert len(body) > 5_000_000
    _send_half(site, body)
    assert site.post(body, signed(body)) == 204
    assert site.post(b"", {"Content-Length": str(9 * 1024 * 1024)}) == 413
    forged = f"{PATH}?job=tw-1:forged"
    assert site.post(b"", {"Content-Length": str(2 * 1024 * 1024)}, forged) == 413
    assert wait_until(lambda: site.counted().get("too_large") == 2, limit=10)
    assert site.post(body, signed(body, delivery="m2", secret=OTHER_SECRET)) == 401
    assert site.counted() == {"taken": 1, "too_large": 2, "wrong_signature": 1}
    line = (site.folder / "var/log/security.log").read_text()
    assert "webhook refused provider=local reason=too_large from=127.0.0.1" in line
    assert site.correlation not in line


def _send_half(site: Site, body: bytes) -> None:
    lines = [f"POST {site.path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in signed(body).items()]
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body[: len(body) // 2])
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
