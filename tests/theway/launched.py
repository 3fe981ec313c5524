"""A real launcher with its services, on free ports, with data of its own."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

from django.conf import settings

from theway.launcher.ports import unused_port

START_LIMIT = 90.0
END_LIMIT = 20.0


class Launched:
    """`manage.py up` as a process. Its lines are kept in `lines`."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.port, self.trainer_port = unused_port(), unused_port()
        self.lines: list[str] = []
        self._heard: queue.Queue[str] = queue.Queue()
        ours = {
            "DJANGO_SETTINGS_MODULE": "theway.settings",
            "THEWAY_DATA_DIR": str(folder),
            "PORT": str(self.port),
            "TRAINER_PORT": str(self.trainer_port),
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "REDIS_URL": "",
            "PYTHONWARNINGS": "",
        }
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=settings.BASE_DIR,
            env=os.environ | ours | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait_for(self, text: str, seconds: float = START_LIMIT) -> str:
        """Return the first new line with `text`; fail with everything said so far."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                line = self._heard.get(timeout=min(left, 0.5))
            except queue.Empty:
                if self.process.poll() is not None and self._heard.empty():
                    break
                continue
            if text in line:
                return line
        raise AssertionError(f"never said “{text}”:\n" + "".join(self.lines))

    def end(self, number: int) -> int:
        """Send a signal to the launcher alone and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(END_LIMIT)

    def pids(self) -> list[int]:
        """Every living process of this installation except the launcher."""
        mark = f"THEWAY_DATA_DIR={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdecimal() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue  # ended while we looked, or not ours to look at
        return [pid for pid in found if pid != self.process.pid]

    def pid_of(self, words: str) -> int:
        """The process whose command line holds `words`."""
        for pid in self.pids():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if words in command:
                return pid
        raise AssertionError(f"no process runs “{words}”")

    def wait_until_gone(self) -> None:
        until = time.monotonic() + END_LIMIT
        while self.pids():
            if time.monotonic() > until:
                raise AssertionError(f"still running: {self.pids()}")
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(END_LIMIT)

    def clear(self) -> None:
        """Make sure that nothing is left, also after a failed test."""
        self.wait_until_gone()
        self._listener.join(END_LIMIT)

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append(line)
                self._heard.put(line)
