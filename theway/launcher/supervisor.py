"""Keeps the services running until somebody says stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from theway.launcher.console import Console
from theway.launcher.service import Service
from theway.launcher.watchdog import Watchdog

LOOK_EVERY = 0.1
# Enough for a request or a task to end; what takes longer is safe to be killed.
GRACE = 6.0
LONGEST_PAUSE = 30.0
# A service that ran this long before it ended is started again at once.
HEALTHY_AFTER = 30.0


class CannotStart(Exception):
    """A service ended before it ever worked; its own words are in the terminal."""


class Supervisor:
    """Starts services together, starts a dead one again, ends all of them.

    A service that dies does not take the others down: the site stays up while a killed worker
    comes back, and the queue is in the database.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        env: Mapping[str, str],
        folder: Path,
        console: Console,
        on_ready: Callable[[], None],
    ) -> None:
        self._services = services
        self._env = env
        self._folder = folder
        self._console = console
        self._on_ready = on_ready
        self._was_ready = False
        self._deaths: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._stops = 0

    def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP. Raises CannotStart."""
        self._watchdog = Watchdog()
        with self._stop_signals():
            try:
                for service in self._services:
                    self._start(service)
                while not self._stops:
                    self._look()
                    time.sleep(LOOK_EVERY)
            finally:
                self._end_all()
                self._watchdog.end()

    def _look(self) -> None:
        for service in self._services:
            if service.name in self._due:
                self._start_when_due(service)
            elif service.exit_code is not None:
                self._bury(service)
            elif service.look():
                self._console.say(f"answers at {service.url}", service.name)
        if not self._was_ready and all(service.is_ready for service in self._services):
            self._was_ready = True
            self._on_ready()

    def _start(self, service: Service) -> None:
        try:
            self._watchdog.watch(service.start(self._env, self._folder))
        except OSError as error:
            raise CannotStart(f"{service.name} cannot be started: {error}") from error

    def _start_when_due(self, service: Service) -> None:
        if time.monotonic() >= self._due[service.name]:
            del self._due[service.name]
            self._start(service)

    def _bury(self, service: Service) -> None:
        """Clear what a dead service left behind and plan its return."""
        self._clear(service)
        if not self._was_ready:
            raise CannotStart(f"{service.name} {service.how_it_ended} before everything was ready.")
        lived = time.monotonic() - service.started_at
        deaths = 0 if lived > HEALTHY_AFTER else self._deaths.get(service.name, 0)
        pause = min(2.0**deaths - 1, LONGEST_PAUSE)
        self._deaths[service.name] = deaths + 1
        self._due[service.name] = time.monotonic() + pause
        when = f"in {pause:.0f} s" if pause else "now"
        self._console.say(f"{service.name} {service.how_it_ended}; starting it again {when}")

    def _clear(self, service: Service) -> None:
        service.signal(signal.SIGKILL)
        if service.group is not None:
            self._watchdog.forget(service.group)

    def _end_all(self) -> None:
        """Ask all groups to end, wait a little, kill what is left."""
        for service in self._services:
            service.signal(signal.SIGTERM)
        until = time.monotonic() + GRACE
        while self._someone_runs() and time.monotonic() < until and self._stops < 2:
            time.sleep(LOOK_EVERY / 2)
        for service in self._services:
            self._clear(service)
        self._console.say("stopped")

    def _someone_runs(self) -> bool:
        return any(
            service.group is not None and service.exit_code is None for service in self._services
        )

    @contextmanager
    def _stop_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            # A second Ctrl-C means: at once.
            self._stops += 1

        before = {
            number: signal.signal(number, stop)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
