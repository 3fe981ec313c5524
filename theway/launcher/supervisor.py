"""Keeps the services running until it is told to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from theway.launcher.console import Console
from theway.processes.process import Process
from theway.processes.waiting import wait_until

CHECK_INTERVAL = 0.1  # seconds, like all below
# Enough for a request or a task to end; whatever takes longer is safe to kill.
STOP_LIMIT = 6.0
MAX_PAUSE = 30.0
# A service that ran this long before it ended is restarted at once.
HEALTHY_AFTER = 30.0


class StartError(Exception):
    """A service ended before it was ready; its own output is in the terminal."""


class Supervisor:
    """Starts services together, restarts one that ended, stops all of them.

    A service that ends does not stop the others: the site stays up while a killed worker
    restarts, and the queue is in the database.
    """

    def __init__(
        self, services: Sequence[Process], *, console: Console, on_ready: Callable[[], None]
    ) -> None:
        self._services = services
        self._console = console
        self._on_ready = on_ready
        self._was_ready = False
        self._failures: dict[str, int] = {}
        self._restart_at: dict[str, float] = {}
        self._stop_count = 0

    def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP. Raise StartError."""
        with self._stop_signals():
            try:
                for service in self._services:
                    self._launch(service)
                while not self._stop_count:
                    self._check()
                    time.sleep(CHECK_INTERVAL)
            finally:
                self._stop()

    def _check(self) -> None:
        for service in self._services:
            if service.name in self._restart_at:
                self._restart_when_due(service)
            elif not service.is_alive:
                self._plan_restart(service)
            elif not service.is_ready and service.check_ready():
                url = service.ready_url
                self._console.write(f"answers at {url}" if url else "ready", service.name)
        if not self._was_ready and all(service.is_ready for service in self._services):
            self._was_ready = True
            self._on_ready()

    def _launch(self, service: Process) -> None:
        try:
            service.launch()
        except OSError as error:
            raise StartError(f"{service.name} cannot be started: {error}") from error

    def _restart_when_due(self, service: Process) -> None:
        if time.monotonic() >= self._restart_at[service.name]:
            del self._restart_at[service.name]
            self._launch(service)

    def _plan_restart(self, service: Process) -> None:
        """Kill the children a service has left behind and set the time of its restart."""
        service.kill()
        if not self._was_ready:
            raise StartError(f"{service.name} {service.exit_reason} before everything was ready.")
        uptime = time.monotonic() - service.started_at
        failures = 0 if uptime > HEALTHY_AFTER else self._failures.get(service.name, 0)
        pause = min(2.0**failures - 1, MAX_PAUSE)
        self._failures[service.name] = failures + 1
        self._restart_at[service.name] = time.monotonic() + pause
        when = f"in {pause:.0f} s" if pause else "now"
        self._console.write(f"{service.name} {service.exit_reason}; restarting it {when}")

    def _stop(self) -> None:
        """Ask all services to end, wait a little, kill what is left."""
        for service in self._services:
            service.send(signal.SIGTERM)
        wait_until(self._may_kill, STOP_LIMIT)
        for service in self._services:
            service.kill()
        self._console.write("stopped")

    def _may_kill(self) -> bool:
        # A second Ctrl-C means: at once.
        return self._stop_count > 1 or not any(service.is_alive for service in self._services)

    @contextmanager
    def _stop_signals(self) -> Iterator[None]:
        def count(number: int, frame: FrameType | None) -> None:
            self._stop_count += 1

        before = {
            number: signal.signal(number, count)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
