"""Our side of the fork server: hands it photos, and takes what their workers answer."""

from __future__ import annotations

import atexit
import io
import os
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from models_app.decoding.task import LATE, Ended, Task

_ROOT = Path(__file__).resolve().parents[2]
# -E and -s: nothing of the environment or of a person's own packages changes what runs.
_COMMAND = (sys.executable, "-E", "-s", "-m", "models_app.decoding")
# All of its environment: keys and passwords of the installation stay here. Photos are large and
# short-lived, so glibc is to take memory in large pages and from one arena, whatever the thread.
_ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1",
    "VIPS_CONCURRENCY": "1",
    # Threads for the milliseconds in which faces are looked for would only wait.
    "OMP_NUM_THREADS": "1",
}
_PART_BYTES = 256 * 1024
_LATER_SECONDS = 10.0  # the server ends a late worker; this is for when it is stuck itself


class Workers:
    """Workers forked by one server, which is started when it is needed. Threads share it."""

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    def run(self, task: Task, source: IO[bytes]) -> tuple[bytes, Ended]:
        """Return a worker's answer to a task, and how it ended."""
        with _as_file(source) as photo:
            # A server that has just ended, being idle or killed, took no notice: ask a new one.
            return self._run(task, photo) or self._run(task, photo) or (b"", Ended(1, "no server"))

    def close(self) -> None:
        """End the server, and with it all workers."""
        with self._lock:
            self._stop()

    def _run(self, task: Task, photo: int) -> tuple[bytes, Ended] | None:
        """Return the same, None if there was no server."""
        until = time.monotonic() + task.clock_seconds + _LATER_SECONDS
        with _pipe() as (answers, answer), _pipe() as (reports, report):
            self._send(task, [photo, answer.fileno(), report.fileno()])
            answer.close()
            report.close()
            try:
                data, ended = _read(answers, until), _read(reports, until)
            except TimeoutError:
                return b"", Ended(LATE, "it did not end")
        return (data, Ended.loads(ended)) if ended else None

    def _send(self, task: Task, files: list[int]) -> None:
        with self._lock:
            for _ in range(2):
                with suppress(OSError):
                    socket.send_fds(self._started(), [task.dumps()], files)
                    return
                self._stop()

    def _started(self) -> socket.socket:
        """Return the way to a server. Raises OSError if none can be started."""
        if self._control is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._server = subprocess.Popen(
                    self._command, cwd=_ROOT, env=_ENVIRONMENT, stdin=theirs.fileno()
                )
            self._control = ours
        return self._control

    def _stop(self) -> None:
        if self._control and self._server:
            self._control.close()  # at which it ends its workers and itself
            try:
                self._server.wait(_LATER_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._control = self._server = None

    def _forget(self) -> None:
        """Leave the server to the process that started it, of which this one is a fork."""
        self._lock = threading.Lock()
        if self._control:
            self._control.close()
        if self._server:
            self._server.returncode = 0  # somebody else's child
        self._control = self._server = None


@contextmanager
def _pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Yield the two ends of a pipe."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", 0) as ours, os.fdopen(writer, "wb", 0) as theirs:
        yield ours, theirs


def _read(file: IO[bytes], until: float) -> bytes:
    """Return all that comes until its end. Raises TimeoutError when time is over."""
    parts: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(file, selectors.EVENT_READ)
        while selector.select(max(0.0, until - time.monotonic())):
            if not (part := os.read(file.fileno(), _PART_BYTES)):
                return b"".join(parts)
            parts.append(part)
    raise TimeoutError


@contextmanager
def _as_file(source: IO[bytes]) -> Iterator[int]:
    """Yield the descriptor of a file with a photo: its own, or of one for what is in memory.

    A worker moves the place in the file that both share, on which the file's buffer here counts:
    it is put back.
    """
    source.seek(0)
    if (descriptor := _descriptor(source)) is not None:
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            yield descriptor
        finally:
            os.lseek(descriptor, place, os.SEEK_SET)
        return
    with _memory_file() as file:
        shutil.copyfileobj(source, file)
        file.flush()
        yield file.fileno()


def _descriptor(source: IO[bytes]) -> int | None:
    try:
        return source.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return None


def _memory_file() -> IO[bytes]:
    """Return an empty file without a name; in memory on Linux, else where temporary files go."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("photo"), "w+b")
    return tempfile.TemporaryFile()
