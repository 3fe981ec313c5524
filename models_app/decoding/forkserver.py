"""The program that has each photo opened in a fork of its own, `worker.py`.

Its standard input is a socket. A message is a task, with three open files: the photo, and where
the answer and the report go. What a worker needs is loaded here once, so that no photo waits for
it; no photo is opened here, so that the last one finds a process as clean as the first did.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from models_app.coach import faces
from models_app.decoding import worker
from models_app.decoding.metadata import install
from models_app.decoding.task import LATE, MESSAGE_BYTES, Ended, Task

_IDLE_SECONDS = 300.0
_GRACE_SECONDS = 5.0
_LAST_WORDS = 200


@dataclass(slots=True)
class _Child:
    """A worker, when it has to be over, and where to report that it is."""

    pid: int
    deadline: float
    report: int
    words: bytes = b""
    is_late: bool = False


def serve(control: socket.socket) -> None:
    """Fork a worker for each message, until the other side is gone or has long been silent."""
    children: dict[int, _Child] = {}
    while True:
        asking = control.fileno()
        ready, _, _ = select.select([asking, *children], [], [], _patience(children))
        for words in children.keys() & set(ready):
            _listen(words, children)
        if asking in ready:
            if not _accept(control, children):
                break
        elif not ready and not children:
            break
        _end_late(children)
    for child in children.values():
        os.kill(child.pid, signal.SIGKILL)


def _patience(children: dict[int, _Child]) -> float:
    times = [child.deadline - time.monotonic() for child in children.values() if not child.is_late]
    return max(0.0, min(times, default=_IDLE_SECONDS))


def _accept(control: socket.socket, children: dict[int, _Child]) -> bool:
    """Take the next message; return False if there will be none."""
    message, files, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 3)
    if not message:
        return False
    task = Task.loads(message)
    photo, answer, report = files
    words, said = os.pipe()
    pid = os.fork()
    if not pid:
        _become_worker(task, photo, answer, said)
    for one in (photo, answer, said):
        os.close(one)
    deadline = time.monotonic() + task.clock_seconds + _GRACE_SECONDS
    children[words] = _Child(pid, deadline, report)
    return True


def _become_worker(task: Task, photo: int, answer: int, said: int) -> NoReturn:
    """Keep three files, open the photo, and end. Never returns into the server's loop."""
    try:
        for place, file in enumerate((photo, answer, said)):
            os.dup2(file, place)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os._exit(worker.main(task))
    finally:
        os._exit(1)  # nothing is left to tidy up, and freeing a picture piece by piece takes time


def _listen(words: int, children: dict[int, _Child]) -> None:
    """Keep a worker's last words; when it has closed its mouth, report how it ended."""
    child = children[words]
    if said := os.read(words, 4096):
        child.words = (child.words + said)[-_LAST_WORDS:]
        return
    os.close(words)
    del children[words]
    os.kill(child.pid, signal.SIGKILL)  # it has ended, or nobody would hear it any more
    _, status, used = os.wait4(child.pid, 0)
    code = LATE if child.is_late else os.waitstatus_to_exitcode(status)
    ended = Ended(
        code,
        child.words.decode(errors="replace").strip(),
        used.ru_utime + used.ru_stime,
        used.ru_maxrss * 1024,
    )
    with suppress(OSError):  # whoever asked may be gone
        os.write(child.report, ended.dumps())
    os.close(child.report)


def _end_late(children: dict[int, _Child]) -> None:
    """End the workers that their own clocks should have ended."""
    for child in children.values():
        if not child.is_late and time.monotonic() >= child.deadline:
            child.is_late = True
            os.kill(child.pid, signal.SIGKILL)


def main() -> None:
    install()
    faces.load()
    gc.freeze()  # a fork shares what is never touched
    with socket.socket(fileno=os.dup(0)) as control:
        serve(control)


if __name__ == "__main__":
    main()
