"""Runs in the Python that has torch: imports it once, then forks a process for every order, as
importing takes longer than training a tiny model. Its argument is a socket; see `torch_side`."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from typing import Any, NoReturn

from tests.training_engine import inside, mischief
from trainer.engines.diffusers.child import failures, pictures, training
from trainer.engines.diffusers.child.__main__ import main as child

LOADED = (failures, pictures, training)  # all that a child imports when it needs it
LONGEST_SECONDS = 240  # a process that hangs ends


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.send(b"ready")
    while True:
        data, pipes, _flags, _address = socket.recv_fds(channel, 100_000, 3)
        if not data:
            os._exit(0)  # at once: torch takes seconds to put its things away
        request = json.loads(data)
        if wanted := request.get("wait"):
            _pid, status = os.waitpid(wanted, 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = _forked(request, pipes, channel)
        channel.send(json.dumps(answer).encode())


def _forked(request: dict[str, Any], pipes: list[int], channel: socket.socket) -> int:
    if pid := os.fork():
        for one in pipes:
            os.close(one)
        return pid
    channel.close()
    return _become(request, *pipes)


def _become(request: dict[str, Any], reading: int, writing: int, log: int) -> NoReturn:
    status = 70
    try:
        os.setsid()
        signal.alarm(LONGEST_SECONDS)
        os.dup2(reading, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        status = _done(request, writing)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _done(request: dict[str, Any], writing: int) -> int:
    if name := request.get("call"):
        found = getattr(inside, name)(**request["values"])
        os.write(writing, json.dumps(found).encode())
        return 0
    if name := request.get("mischief"):
        getattr(mischief, name)()
    sys.argv = ["child", str(writing)]
    return child()


if __name__ == "__main__":
    main()
