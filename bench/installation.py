"""A whole installation of real processes that can be killed, frozen and brought back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import services

ROOT = Path(__file__).resolve().parent.parent
KEY = "bench-key"


@dataclass
class Part:
    """One of our processes; the lock keeps two saboteurs from starting it twice."""

    name: str
    command: list[str]
    env: dict[str, str]
    log: Path
    port: int | None = None
    process: subprocess.Popen[bytes] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        with self.lock:
            if self.process and self.process.poll() is None:
                return
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command,
                    cwd=ROOT,
                    env=self.env,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        if self.port:
            services.wait_for_port(self.port, self.name)

    def send(self, number: int) -> None:
        with self.lock:
            if self.process and self.process.poll() is None:
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        if self.process:
            self.process.wait()

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Installation:
    """Web twice, worker twice, one beat, one trainer; PostgreSQL and Redis where present."""

    parts: dict[str, Part]
    postgres: services.Service | None
    redis: services.Service | None
    folder: Path
    trainer_url: str
    webs: list[str]
    twins: list[Part] = field(default_factory=list)  # started twice by accident

    @property
    def kind(self) -> str:
        return "PostgreSQL and Redis" if self.postgres else "SQLite and the file broker"

    def heal(self) -> None:
        """Everything runs again: frozen processes go on, dead ones are started."""
        for service in (self.postgres, self.redis):
            if service:
                service.send(signal.SIGCONT)
                if service.process is None or service.process.poll() is not None:
                    service.start()
        for part in self.parts.values():
            part.send(signal.SIGCONT)
            part.start()


@contextmanager
def installation(*, is_embedded: bool, **trainer: object) -> Iterator[Installation]:
    """Prepare everything on free ports in a throw-away folder; end it all afterwards.

    `trainer` holds the variables of its emulator.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="theway-bench-")))
        is_real = not is_embedded and services.find_postgres() and services.find_redis()
        postgres = stack.enter_context(services.postgres()) if is_real else None
        redis = stack.enter_context(services.redis()) if is_real else None
        ports = [services.free_port() for _ in range(3)]
        env = _environment(folder, postgres, redis, ports[2], trainer)
        os.environ.update(env)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True
        )
        parts = _parts(folder, env, ports)
        twins: list[Part] = []
        try:
            yield Installation(
                parts,
                postgres,
                redis,
                folder,
                trainer_url=f"http://127.0.0.1:{ports[2]}",
                webs=[f"http://127.0.0.1:{port}" for port in ports[:2]],
                twins=twins,
            )
        finally:
            for part in [*parts.values(), *twins]:
                part.kill()


def _environment(
    folder: Path,
    postgres: services.Service | None,
    redis: services.Service | None,
    trainer_port: int,
    trainer: dict[str, object],
) -> dict[str, str]:
    env = {
        **os.environ,
        "THEWAY_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "TRAINER_PORT": str(trainer_port),
        "TRAINER_URL": f"http://127.0.0.1:{trainer_port}",
        "TRAINER_API_KEY": KEY,
        "TRAINER_API_KEYS": KEY,
        "TRAINER_DIR": str(folder / "trainer"),
        "PYTHONUNBUFFERED": "1",
        **{name: str(value) for name, value in trainer.items()},
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        env.pop(name, None)
    if postgres and redis:
        env["DATABASE_URL"] = services.postgres_url(postgres)
        env["REDIS_URL"] = f"redis://127.0.0.1:{redis.port}/0"
    return env


def _parts(folder: Path, env: dict[str, str], ports: list[int]) -> dict[str, Part]:
    python = sys.executable
    web = [python, "-m", "uvicorn", "theway.asgi:application", "--log-level", "warning", "--port"]
    celery = [python, "-m", "celery", "--quiet", "-A", "theway"]
    worker = [*celery, "worker", "--pool", "threads", "--concurrency", "8", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = [*celery, "beat", "--pidfile=", "--loglevel", "WARNING", "--schedule"]

    def part(name: str, command: list[str], port: int | None = None) -> Part:
        return Part(name, command, env, folder / f"{name}.log", port)

    made = [
        part("web-1", [*web, str(ports[0])], ports[0]),
        part("web-2", [*web, str(ports[1])], ports[1]),
        part("worker-1", [*worker, "-n", "one@%h"]),
        part("worker-2", [*worker, "-n", "two@%h"]),
        part("beat", [*beat, str(folder / "beat-1")]),
        part("trainer", [python, "-m", "emulators.trainer"], ports[2]),
    ]
    return {one.name: one for one in made}
