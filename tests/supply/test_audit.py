"""The audit of what is locked, as CI runs it, against services on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.supply.lock import locked
from theway.processes.installation import ROOT
from theway.processes.ports import unused_port

DJANGO = next(one for one in locked() if one.name == "django")
ADVISORY = {
    "id": "PYSEC-2099-1",
    "aliases": ["CVE-2099-1"],
    "summary": "Pages of strangers can be read.",
    "affected": [
        {
            "package": {"name": "django", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


class Service(ThreadingHTTPServer):
    """Answers about Django with `answer`, about everything else that nothing is known."""

    def __init__(self, answer: bytes, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.status = answer, status
        self.asked: set[tuple[str, str]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/query"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.server.asked.add((name, query["version"]))
        answer = self.server.answer if name == "django" else b"{}"
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(answer: bytes = b"{}", status: int = 200) -> Iterator[Service]:
    with Service(answer, status) as service:
        thread = Thread(target=service.serve_forever, args=(0.05,))
        thread.start()
        yield service
        service.shutdown()
        thread.join()


def audit(url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / ".ci/audit.py"],
        env=os.environ | {"ADVISORIES_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_advisory_fails_it_and_is_named_with_the_version_that_mends_it():
    with serving(json.dumps({"vulns": [ADVISORY]}).encode()) as service:
        done = audit(service.url)
    assert done.returncode == 1
    assert f"django {DJANGO.version}: PYSEC-2099-1, fixed in 99.1" in done.stdout


def test_where_nothing_is_known_it_passes_and_has_asked_for_every_platform_and_tool():
    with serving() as service:
        done = audit(service.url)
    assert (done.returncode, done.stderr) == (0, "")
    every = locked() | locked("requirements-dev.lock") | locked("requirements-training.lock")
    assert service.asked == {(one.name, one.version) for one in every}
    assert f"Audited: {len(service.asked)} locked packages, 0 with an advisory." in done.stdout


def test_a_withdrawn_advisory_is_none():
    withdrawn = ADVISORY | {"withdrawn": "2099-01-01T00:00:00Z"}
    with serving(json.dumps({"vulns": [withdrawn]}).encode()) as service:
        assert audit(service.url).returncode == 0


def test_where_nobody_answers_it_says_in_one_line_what_was_not_audited_and_fails_nobody():
    url = f"http://127.0.0.1:{unused_port()}/v1/query"
    done = audit(url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Not audited: ")
    assert url in done.stdout
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b"no", 503), (b"<h1>Sign in to the network</h1>", 200), (b'{"code": 3}', 200)],
)
def test_an_answer_of_somebody_in_between_is_no_clean_bill(answer, status):
    with serving(answer, status) as service:
        done = audit(service.url)
    assert done.stdout.startswith("Not audited: "), done.stdout + done.stderr
    assert done.stdout.count("\n") == 1


def test_the_checks_of_a_change_include_both():
    run = (ROOT / ".ci/run").read_text().splitlines()
    assert {"make audit", "make sbom"} <= set(run)
