"""A real launcher with its services, on free ports, with data of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from theway.processes.installation import Installation
from theway.processes.waiting import wait_until

READY_LIMIT = 90.0
STOP_LIMIT = 20.0


class Launched(Installation):
    """`manage.py up` as a process, launched at once. Tests read its output line by line."""

    def __init__(
        self, folder: Path, *, port: int = 0, trainer_port: int = 0, **environment: str
    ) -> None:
        environment = {"PYTHONWARNINGS": ""} | environment
        super().__init__(
            folder,
            folder / "launcher.log",
            port=port,
            trainer_port=trainer_port,
            environment=environment,
        )
        self.log_file = folder / f"launcher-{self.port}.log"
        self._position = 0
        self.launch()

    def wait_for(self, text: str, seconds: float = READY_LIMIT) -> str:
        """Return the first new line with `text`; fail with all of its output so far."""
        found: list[str] = []

        def has_line() -> bool:
            was_alive = self.is_alive
            lines = self.log.splitlines(keepends=True)
            for number, line in enumerate(lines[self._position :], self._position + 1):
                if text in line and line.endswith("\n"):
                    found.append(line)
                    self._position = number
                    return True
            return not was_alive

        wait_until(has_line, seconds)
        if not found:
            raise AssertionError(f"never wrote “{text}”:\n{self.log}")
        return found[0]

    def pids(self) -> list[int]:
        """Return every living process of this installation except the launcher."""
        mark = f"THEWAY_DATA_DIR={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdecimal() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue  # ended meanwhile, or not ours to read
        return [pid for pid in found if pid != self.pid]

    def pid_of(self, words: str) -> int:
        """Return the process whose command line contains `words`."""
        for pid in self.pids():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if words in command:
                return pid
        raise AssertionError(f"no process runs “{words}”")

    def wait_until_gone(self) -> None:
        """Wait until nothing of this installation runs, also after a failed test."""
        assert wait_until(lambda: not self.pids(), STOP_LIMIT), f"still running: {self.pids()}"


@contextmanager
def running(folder: Path, *, port: int = 0, **settings: str) -> Iterator[Launched]:
    """TheWay as `make run` starts it, once it is ready; with its end it is killed."""
    launched = Launched(folder, port=port, **settings)
    try:
        launched.wait_for("Open http")
        yield launched
    finally:
        launched.kill()
        launched.wait_until_gone()
