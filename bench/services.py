"""PostgreSQL and Redis of our own, thrown away afterwards: for benches, chaos and tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 30.0  # seconds for a service to start
_POSTGRES_BINARIES = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def find_postgres() -> Path | None:
    """The folder with `initdb` and `postgres`, None where PostgreSQL is not installed."""
    for folder in [*_POSTGRES_BINARIES, *map(Path, os.get_exec_path())]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def find_redis() -> str | None:
    return shutil.which("redis-server")


@dataclass
class Service:
    """A server process that can be killed, frozen and started again on the same data."""

    name: str
    command: list[str]
    port: int
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            user=self.user,
            cwd="/",
        )
        wait_for_port(self.port, self.name)

    def send(self, number: int) -> None:
        """Send a signal to every process of the service."""
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        if self.process:
            self.process.wait()


def wait_for_port(port: int, name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{name} did not open port {port} within {PATIENCE:.0f} s")


@contextlib.contextmanager
def redis() -> Iterator[Service]:
    """A Redis without persistence; `kill` and `start` is a wiped broker."""
    port = free_port()
    binary = find_redis() or "redis-server"
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    service = Service("redis", [binary, *options], port)
    service.start()
    try:
        yield service
    finally:
        service.kill()


@contextlib.contextmanager
def postgres() -> Iterator[Service]:
    """A PostgreSQL cluster with a database `theway`, reachable by `postgres_url`."""
    binaries = find_postgres()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed")
    # PostgreSQL refuses to run as root; the package brings an account for it.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="theway-postgres-", dir="/tmp") as folder:
        data = Path(folder) / "data"
        if user:
            shutil.chown(folder, user)
        _run([str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "theway"], user)
        port = free_port()
        command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
        command += ["-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
        service = Service("postgres", command, port, user)
        service.start()
        try:
            _create_database(binaries, port)
            yield service
        finally:
            service.kill()


def postgres_url(service: Service) -> str:
    return f"postgres://theway@127.0.0.1:{service.port}/theway"


def _create_database(binaries: Path, port: int) -> None:
    command = [str(binaries / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "theway"]
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _run([*command, "theway"], None)
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _run(command: list[str], user: str | None) -> None:
    subprocess.run(command, check=True, capture_output=True, user=user, cwd="/")
