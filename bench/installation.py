"""A whole installation of real processes that can be killed, frozen and brought back."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import services
from theway.processes.installation import ROOT, installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process


@dataclass
class Installation:
    """Web twice, worker twice, one beat, one trainer; PostgreSQL and Redis where present."""

    parts: dict[str, Process]
    postgres: Process | None
    redis: Process | None
    folder: Path
    trainer_url: str
    webs: list[str]
    twins: list[Process] = field(default_factory=list)  # started twice by accident

    @property
    def kind(self) -> str:
        return "PostgreSQL and Redis" if self.postgres else "SQLite and the file broker"

    def heal(self) -> None:
        """Everything runs again: frozen processes continue, dead ones are started."""
        for process in (self.postgres, self.redis, *self.parts.values()):
            if process:
                process.resume()
                process.start()


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
        ports = [unused_port() for _ in range(3)]
        env = installation_environment(folder, port=ports[0], trainer_port=ports[2])
        env |= {name: str(value) for name, value in trainer.items()}
        env["DJANGO_SETTINGS_MODULE"] = "bench.settings"
        if postgres and redis:
            env["DATABASE_URL"] = services.postgres_url(postgres)
            env["REDIS_URL"] = f"redis://127.0.0.1:{redis.port}/0"
        os.environ.update(env)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True
        )
        parts = _parts(folder, env, ports)
        webs = [f"http://127.0.0.1:{port}" for port in ports[:2]]
        site = Installation(parts, postgres, redis, folder, env["TRAINER_URL"], webs)
        try:
            yield site
        finally:
            for part in [*parts.values(), *site.twins]:
                part.kill()


def _parts(folder: Path, env: dict[str, str], ports: list[int]) -> dict[str, Process]:
    python = sys.executable
    web = [python, "-m", "uvicorn", "theway.asgi:application", "--log-level", "warning", "--port"]
    celery = [python, "-m", "celery", "--quiet", "-A", "theway"]
    worker = [*celery, "worker", "--pool", "threads", "--concurrency", "8", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = [*celery, "beat", "--pidfile=", "--loglevel", "WARNING", "--schedule"]

    def part(name: str, command: list[str], port: int = 0) -> Process:
        log_file = folder / f"{name}.log"
        return Process(name, command, cwd=ROOT, env=env, port=port, log_file=log_file)

    made = [
        part("web-1", [*web, str(ports[0])], ports[0]),
        part("web-2", [*web, str(ports[1])], ports[1]),
        part("worker-1", [*worker, "-n", "one@%h"]),
        part("worker-2", [*worker, "-n", "two@%h"]),
        part("beat", [*beat, str(folder / "beat-1")]),
        part("trainer", [python, "-m", "emulators.trainer"], ports[2]),
    ]
    return {one.name: one for one in made}
