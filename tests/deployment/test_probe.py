"""The health check asks as the proxy does, and its answer is the exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from theway.processes.installation import ROOT
from theway.processes.ports import unused_port


class Site(BaseHTTPRequestHandler):
    """Answers to its public name over https only, as TheWay does behind a proxy."""

    def do_GET(self) -> None:
        names = {"photos.example.org": "https", "localhost": "http"}
        is_known = names.get(self.headers["Host"]) == self.headers["X-Forwarded-Proto"]
        self.send_response(200 if is_known and self.path == "/healthz" else 400)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port():
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def probe(port: int, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "PORT": str(port), **env}
    command = [sys.executable, "-m", "theway.probe"]
    return subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True)


@pytest.mark.parametrize(
    "env", [{}, {"PUBLIC_URL": "https://photos.example.org", "DJANGO_ALLOWED_HOSTS": "x"}]
)
def test_a_site_that_runs_is_healthy_whatever_its_name(port, env):
    done = probe(port, **env)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_site_that_refuses_is_not(port):
    assert probe(port, PUBLIC_URL="https://other.example.org").returncode == 1


def test_no_answer_is_said_without_a_traceback():
    done = probe(unused_port())
    assert (done.returncode, done.stderr) == (1, "")
    assert "no answer" in done.stdout
