"""PostgreSQL and Redis of our own, thrown away afterwards: for benches, chaos and tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from theway.processes.ports import unused_port
from theway.processes.process import START_LIMIT, Process
from theway.processes.waiting import wait_until

_POSTGRES_BINARIES = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


def find_postgres() -> Path | None:
    """The folder with `initdb` and `postgres`, None where PostgreSQL is not installed."""
    for folder in [*_POSTGRES_BINARIES, *map(Path, os.get_exec_path())]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def find_redis() -> str | None:
    return shutil.which("redis-server")


@contextlib.contextmanager
def redis() -> Iterator[Process]:
    """A Redis without persistence; `kill` and `start` is a wiped broker."""
    port = unused_port()
    binary = find_redis() or "redis-server"
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    service = Process("redis", [binary, *options], cwd=Path("/"), port=port)
    try:
        service.start()
        yield service
    finally:
        service.kill()


@contextlib.contextmanager
def postgres(within: Path | None = None) -> Iterator[Process]:
    """A PostgreSQL cluster with a database `theway`, reachable by `postgres_url`.

    It is set up as carelessly as an operator may have done it: commits that do not ask for it
    are not waited for.
    """
    binaries = find_postgres()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed")
    # PostgreSQL refuses to run as root; the package brings an account for it.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="theway-postgres-", dir=within) as folder:
        data = Path(folder) / "data"
        if user:
            shutil.chown(folder, user)
        initdb = [str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "theway"]
        subprocess.run(initdb, check=True, capture_output=True, user=user, cwd="/")
        port = unused_port()
        command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
        settings = ("listen_addresses=127.0.0.1", "max_connections=200")
        settings += ("synchronous_commit=off", "wal_writer_delay=10s")
        command += ["-k", folder, *(part for one in settings for part in ("-c", one))]
        service = Process("postgres", command, cwd=Path("/"), port=port, user=user)
        try:
            service.start()
            _create_database(binaries, port)
            yield service
        finally:
            service.kill()


def find_pgbouncer() -> str | None:
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextlib.contextmanager
def pgbouncer(database: Process, **options: str) -> Iterator[Process]:
    """A PgBouncer in transaction mode in front of a cluster, as its package configures it.

    `options` are more lines of its `[pgbouncer]` section.
    """
    user = "postgres" if os.geteuid() == 0 else None
    port = unused_port()
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        **options,
    }
    target = f"host=127.0.0.1 port={database.port} dbname=theway user=theway"
    text = f"[databases]\ntheway = {target}\n[pgbouncer]\n"
    text += "".join(f"{name} = {value}\n" for name, value in lines.items())
    with tempfile.TemporaryDirectory(prefix="theway-pgbouncer-") as folder:
        config = Path(folder) / "pgbouncer.ini"
        config.write_text(text)
        if user:
            shutil.chown(folder, user)
            shutil.chown(config, user)
        command = [find_pgbouncer() or "pgbouncer", str(config)]
        log_file = Path(folder) / "log"
        service = Process(
            "pgbouncer", command, cwd=Path("/"), port=port, user=user, log_file=log_file
        )
        try:
            service.start()
            yield service
        finally:
            service.kill()


def postgres_url(service: Process) -> str:
    return f"postgres://theway@127.0.0.1:{service.port}/theway"


def _create_database(binaries: Path, port: int) -> None:
    command = [str(binaries / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "theway"]

    def is_created() -> bool:
        return not subprocess.run([*command, "theway"], capture_output=True, check=False).returncode

    if not wait_until(is_created, START_LIMIT):
        raise RuntimeError("The database could not be created")
