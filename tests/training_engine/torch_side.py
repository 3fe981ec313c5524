"""The other side of `forks`: starts processes that have torch, from a process that has not."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from theway.processes.installation import ROOT
from trainer.engines.diffusers.protocol import DrawOrder, Message, Order, written

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TQDM_DISABLE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
}


@dataclass
class Told:
    """All that a child said, and how it ended."""

    messages: list[Message] = field(default_factory=list)
    status: int = 0
    log: str = ""

    @property
    def is_done(self) -> bool:
        return self.status == 0 and any(message.done for message in self.messages)

    @property
    def failure(self) -> str:
        return next((message.fail for message in self.messages if message.fail), "")

    @property
    def losses(self) -> dict[int, float]:
        return {step: loss for message in self.messages for step, loss, _rate in message.steps}

    @property
    def rates(self) -> list[float]:
        return [rate for message in self.messages for _step, _loss, rate in message.steps]

    def text(self, event: str) -> str:
        return next(message.text for message in self.messages if message.event == event)


class TorchSide:
    """One process that has imported torch, and forks."""

    def __init__(self, python: Path, log: Path) -> None:
        self._log = log
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel = ours
        with log.open("ab") as output, theirs:
            self._process = subprocess.Popen(
                [python, "-m", "tests.training_engine.forks", str(theirs.fileno())],
                cwd=ROOT,
                env=os.environ | ENVIRONMENT,
                stdout=output,
                stderr=output,
                pass_fds=(theirs.fileno(),),
            )
        assert ours.recv(100) == b"ready", log.read_text()

    def close(self) -> None:
        self._channel.close()
        self._process.wait()

    def call(self, function: str, /, **values: Any) -> Any:
        """Return what a function of `inside` answers, asked in a process of its own."""
        process = self._started({"call": function, "values": values})
        with process.output:
            answer = process.output.read()
        status = self._waited(process.pid)
        assert status == 0, self._end_of_log()
        return json.loads(answer)

    def child(self, order: Order, *further: Order, mischief: str = "") -> Child:
        """Start the trainer's child process for orders; `mischief` is what it suffers."""
        process = self._started({"mischief": mischief})
        os.write(process.input, b"".join(written(one) for one in (order, *further)))
        if isinstance(order, DrawOrder):
            process.close_input()  # there is no further picture
        return Child(self, process)

    def follow(self, order: Order, *further: Order, mischief: str = "") -> Told:
        """Let a child do an order, or more; return what it said."""
        return self.child(order, *further, mischief=mischief).followed()

    def _started(self, request: dict[str, Any]) -> Process:
        (reading, our_input), (our_output, writing) = os.pipe(), os.pipe()
        with self._log.open("ab") as log:
            theirs = (reading, writing, log.fileno())
            socket.send_fds(self._channel, [json.dumps(request).encode()], theirs)
            os.close(reading)
            os.close(writing)
            pid = json.loads(self._channel.recv(100))
        return Process(pid, our_input, os.fdopen(our_output, "rb"))

    def _waited(self, pid: int) -> int:
        self._channel.send(json.dumps({"wait": pid}).encode())
        status: int = json.loads(self._channel.recv(100))
        return status

    def _end_of_log(self) -> str:
        return self._log.read_text()[-3000:]


@dataclass
class Process:
    pid: int
    input: int
    output: Any

    def close_input(self) -> None:
        if self.input >= 0:
            os.close(self.input)
            self.input = -1


class Child:
    """One child that works; it is followed to its end, or killed."""

    def __init__(self, side: TorchSide, process: Process) -> None:
        self._side, self._process = side, process

    def followed(self, kill_at: str = "", signal_at: str = "") -> Told:
        """Listen to its end; send SIGKILL, or SIGTERM, once it tells of an event."""
        told = Told()
        with self._process.output:
            for message in self._messages():
                told.messages.append(message)
                if message.event and message.event == kill_at:
                    os.kill(self._process.pid, signal.SIGKILL)
                elif message.event and message.event == signal_at:
                    os.kill(self._process.pid, signal.SIGTERM)
        told.status = self._side._waited(self._process.pid)
        told.log = self._side._end_of_log()
        self._process.close_input()
        return told

    def _messages(self) -> Iterator[Message]:
        for line in self._process.output:
            if line.endswith(b"\n"):
                yield Message.read(line)
