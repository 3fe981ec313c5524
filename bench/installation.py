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

from bench import services, trainers
from bench.disk import Disk, mounted
from bench.trainers import Pace, Trainer
from theway.processes.installation import ROOT, installation_environment
from theway.processes.ports import unused_port
from theway.processes.process import Process


@dataclass
class Installation:
    """Web twice, three workers, one beat, trainers; PostgreSQL and Redis where present.

    One worker reaches PostgreSQL through a proxy, so that it can be cut off from it.
    """

    parts: dict[str, Process]
    postgres: Process | None
    redis: Process | None
    disk: Disk | None
    folder: Path
    trainers: list[Trainer]
    webs: list[str]
    twins: list[Process] = field(default_factory=list)  # started twice by accident
    timers: list[threading.Timer] = field(default_factory=list)  # ends of accidents
    problems: list[str] = field(default_factory=list)  # what must not have been, in words
    release: str = ""  # of the code that runs: today's, or the next
    restored: int = 0  # how often a backup was put back
    named_strangers: set[str] = field(default_factory=set)  # runs whose jobs are lost since

    @property
    def kind(self) -> str:
        return "PostgreSQL and Redis" if self.postgres else "SQLite and the file broker"

    @property
    def data(self) -> Path:
        """The folder with its database and files: on the disk of its own where it has one."""
        return self.disk.path if self.disk else self.folder

    @property
    def has(self) -> frozenset[str]:
        """What accidents may need."""
        found: dict[str, object] = {"services": self.postgres, "disk": self.disk}
        found |= {trainer.provider: trainer for trainer in self.trainers}
        found["hosted"] = [one for one in self.trainers if one.provider in trainers.HOSTED]
        return frozenset(name for name, value in found.items() if value)

    @property
    def elsewhere(self) -> frozenset[str]:
        """Names of parts that would run on other machines: they share no disk with the site."""
        return frozenset({"proxy", *(trainer.provider for trainer in self.trainers)})

    def start_trainers(self) -> None:
        """Start again those that have ended."""
        for trainer in self.trainers:
            self.parts[trainer.provider].start()

    @property
    def services(self) -> list[Process]:
        """PostgreSQL and Redis, where this installation uses them."""
        return [service for service in (self.postgres, self.redis) if service]

    def heal(self) -> None:
        """Everything runs again: frozen processes continue, dead ones are started."""
        while self.timers:
            self.timers.pop().join()
        for process in (*self.services, *self.parts.values()):
            process.resume()
            process.start()


@contextmanager
def installation(
    *,
    is_embedded: bool,
    pace: Pace,
    provider: str = "",
    time_factor: float = 1.0,
    has_disk: bool = False,
) -> Iterator[Installation]:
    """Prepare everything on free ports in a throw-away folder; end it all afterwards.

    `provider` names the trainers (`trainers.SETS`), `pace` is theirs, `time_factor` divides the
    engine's waits. `has_disk` puts all data but the trainers' on a disk of its own.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # then all is ended here, too
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="theway-bench-")))
        disk = stack.enter_context(mounted(folder)) if has_disk else None
        data = disk.path if disk else folder
        folder.chmod(0o711)  # PostgreSQL runs as another user
        is_real = not is_embedded and services.find_postgres() and services.find_redis()
        postgres = stack.enter_context(services.postgres(data)) if is_real else None
        redis = stack.enter_context(services.redis()) if is_real else None
        ports = [unused_port() for _ in range(3)]
        own = trainers.chosen(provider, folder, pace)
        env = installation_environment(data, port=ports[0], trainer_port=unused_port())
        env |= {"TRAINER_URL": "", "DJANGO_SETTINGS_MODULE": "bench.settings"}
        for trainer in own:
            env |= trainer.variables
        if postgres and redis:
            env["DATABASE_URL"] = services.postgres_url(postgres)
            env["REDIS_URL"] = f"redis://127.0.0.1:{redis.port}/0"
        env["BENCH_TIME_FACTOR"] = f"{time_factor:g}"
        os.environ.update(env)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True
        )
        parts = _parts(folder, env, ports, postgres, own)
        webs = [f"http://127.0.0.1:{port}" for port in ports[:2]]
        site = Installation(parts, postgres, redis, disk, folder, own, webs)
        try:
            yield site
        finally:
            for part in [*parts.values(), *site.twins]:
                part.kill()


def _parts(
    folder: Path,
    env: dict[str, str],
    ports: list[int],
    postgres: Process | None,
    own: list[Trainer],
) -> dict[str, Process]:
    python = sys.executable
    web = [python, "-m", "theway.server", "--port"]
    celery = [python, "-m", "celery", "--quiet", "-A", "theway"]
    worker = [*celery, "worker", "--pool", "threads", "--concurrency", "8", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = [*celery, "beat", "--pidfile=", "--loglevel", "WARNING", "--schedule"]
    behind_proxy = {}

    def part(name: str, command: list[str], port: int = 0, **other: str) -> Process:
        log_file = folder / f"{name}.log"
        return Process(name, command, cwd=ROOT, env=env | other, port=port, log_file=log_file)

    made = []
    if postgres:
        proxy = [python, "-m", "bench.tcp_proxy", str(ports[2]), str(postgres.port)]
        made.append(part("proxy", proxy, ports[2]))
        url = env["DATABASE_URL"].replace(f":{postgres.port}/", f":{ports[2]}/")
        behind_proxy = {"DATABASE_URL": url}
    made += [
        part("web-1", [*web, str(ports[0])], ports[0]),
        part("web-2", [*web, str(ports[1])], ports[1]),
        # As the Procfile has it: paid calls never hold up sweeping and polling. One does both.
        part("worker-1", [*worker, "-n", "one@%h", "-Q", "calls"], **behind_proxy),
        part("worker-2", [*worker, "-n", "two@%h"]),
        part("poller", [*worker, "-n", "poller@%h", "-Q", "polls"]),
        part("beat", [*beat, str(folder / "beat-1")]),
        *(part(one.provider, [*one.command], one.port, **one.own) for one in own),
    ]
    return {one.name: one for one in made}
