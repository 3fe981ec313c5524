"""One web process of an installation, watched from outside while somebody visits its pages."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from bench import services
from theway.processes.installation import ROOT, installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process

PATHS = ("/dashboard/", "/dashboard/models", "/dashboard/activity")


@dataclass
class Site:
    """One web process, its port, and the file with its statements."""

    web: Process
    port: int
    statements: Path
    kind: str

    def status(self, name: str) -> int:
        """A number from /proc/PID/status (proc_pid_status(5))."""
        text = Path(f"/proc/{self.web.pid}/status").read_text()
        return int(re.findall(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[0])

    @property
    def kilobytes(self) -> int:
        """Its proportional share of memory, in KB of 1024 bytes (proc_pid_smaps_rollup(5))."""
        text = Path(f"/proc/{self.web.pid}/smaps_rollup").read_text()
        return int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0])

    @property
    def busy_seconds(self) -> float:
        """The processor time it has used (proc_pid_stat(5))."""
        fields = Path(f"/proc/{self.web.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def queries(self) -> tuple[int, int]:
        """Statements so far: of the live pages' reader, of everything else."""
        letters = self.statements.read_bytes()
        return letters.count(b"r"), letters.count(b"p")


@dataclass
class Visits:
    """Somebody who loads ordinary pages all the while; the times are in milliseconds."""

    site: Site
    session: str  # as a cookie
    times: list[float] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[list[float]]:
        """Visit pages inside the block; yield the times of these."""
        self.times, self._is_over = [], threading.Event()
        visitor = threading.Thread(target=self._visit)
        visitor.start()
        try:
            yield self.times
        finally:
            self._is_over.set()
            visitor.join()

    def _visit(self) -> None:
        with requests.Session() as browser:
            while not self._is_over.wait(0.2):
                for path in PATHS:
                    self.times.append(self.load(browser, path))

    def load(self, browser: requests.Session, path: str) -> float:
        address = f"http://127.0.0.1:{self.site.port}{path}"
        begun = time.monotonic()
        browser.get(address, headers={"Cookie": self.session}, timeout=60).raise_for_status()
        return 1000 * (time.monotonic() - begun)


@contextmanager
def site(is_embedded: bool) -> Iterator[Site]:
    """A database and one web process, not started yet, thrown away afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="theway-bench-")))
        folder.chmod(0o711)  # PostgreSQL runs as another user
        (folder / "staticfiles").mkdir()
        is_real = not is_embedded and services.find_postgres()
        postgres = stack.enter_context(services.postgres(folder)) if is_real else None
        port, statements = unused_port(), folder / "statements"
        env = installation_environment(folder, port=port, trainer_port=unused_port())
        env["DJANGO_SETTINGS_MODULE"] = "bench.live_settings"
        env["LOG_LEVEL"] = "WARNING"
        if postgres:
            env["DATABASE_URL"] = services.postgres_url(postgres)
        os.environ.update(env)
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=ROOT, env=env, check=True)
        web = web_process(folder, env | {"BENCH_STATEMENTS": str(statements)}, port)
        stack.callback(web.kill)
        yield Site(web, port, statements, "PostgreSQL" if postgres else "SQLite")
        print(web.log[-2000:], end="")


def web_process(folder: Path, env: dict[str, str], port: int) -> Process:
    """The Procfile's web server, with everything it says in a file."""
    command = [sys.executable, "-m", "uvicorn", "theway.asgi:application", "--port", str(port)]
    command += ["--log-level", "warning", "--no-access-log", "--timeout-graceful-shutdown", "3"]
    return Process("web", command, cwd=ROOT, env=env, port=port, log_file=folder / "web.log")


def spread(values: Sequence[float]) -> str:
    """The middle, the ninety-ninth percentile and the worst."""
    if len(values) < 2:
        return "none"
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return f"p50={cuts[49]:.0f} p99={cuts[98]:.0f} max={max(values):.0f}"
