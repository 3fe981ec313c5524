"""One child process as the service sees it: started, listened to, ended. The service never
imports torch: what kills a child ends one training."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from trainer.engines.diffusers.protocol import Message, Order, written
from trainer.threads import to_the_end

log = logging.getLogger("trainer.child")

LOG_BYTES = 200_000  # kept of what the libraries print
MAX_LINE = 1_000_000
DRAIN_SECONDS = 1.0  # for what a process that has ended had still written
# What a child is told of the environment. No key, no token, no password.
_PASSED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_HOME",
    "OMP_NUM_THREADS",
)
_SET = {
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as the driver's program counts the cards
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TQDM_DISABLE": "1",
}
_ROOT = Path(__file__).resolve().parents[3]
_MODULE = "trainer.engines.diffusers.child"


class ChildEndedError(Exception):
    """It ended without having said that it is done. `code` is one of `advice.py`."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a child may take for what, in seconds."""

    silent: float = 600.0  # without a step or another sign of progress: stuck
    beat: float = 60.0  # without any message at all: not even alive
    end: float = 10.0  # from a polite request to SIGKILL


class Child:
    """One running child. Use as an async context manager: it is gone at the end, and what it held
    is free. Entering raises OSError where it cannot be started."""

    def __init__(
        self,
        python: Path,
        order: Order,
        log_path: Path,
        card: str = "",
        limits: Limits | None = None,
    ) -> None:
        self._python, self._order, self._log_path, self._card = python, order, log_path, card
        self._limits = limits or Limits()
        self._process: asyncio.subprocess.Process | None = None
        self._pipe: asyncio.ReadTransport | None = None

    async def __aenter__(self) -> Child:
        try:
            await self._start()
        except BaseException:  # also where somebody cancels meanwhile
            await to_the_end(self._end())
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await to_the_end(self._end())

    @property
    def is_running(self) -> bool:
        return self._process is not None and not self._ended.done()

    def ask(self, order: Order) -> None:
        """Tell a child that is done with an order the next one."""
        assert self._process is not None and self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(written(order))

    async def messages(self) -> AsyncIterator[Message]:
        """Yield what it says until it is done with its order. Raises ChildEndedError where it
        ends before."""
        loop = asyncio.get_running_loop()
        moved = loop.time()
        while True:
            line = await self._next_line()
            if not line.endswith(b"\n"):  # the last words of one that was cut off
                raise ChildEndedError(await self._why_ended())
            message = _understood(line)
            self._shorten_log()
            if message.fail:
                raise ChildEndedError(message.fail, message.text)
            if not message.beat:
                moved = loop.time()
                yield message
            elif loop.time() - moved > self._limits.silent:
                raise ChildEndedError("stuck")
            if message.done:
                return

    # --- its beginning ---------------------------------------------------------------------

    async def _start(self) -> None:
        reading, writing = os.pipe()
        try:
            self._messages, self._pipe = await _reader_of(reading)
            with self._opened_log() as log_file:
                self._process = await asyncio.create_subprocess_exec(
                    str(self._python),
                    "-m",
                    _MODULE,
                    str(writing),
                    cwd=_ROOT,
                    env=self._environment(),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=log_file,
                    stderr=log_file,
                    pass_fds=(writing,),
                    start_new_session=True,
                )
        finally:
            os.close(writing)
        self._ended = asyncio.ensure_future(self._process.wait())
        self.ask(self._order)

    def _environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        # What a processor can train is too small to be divided: threads would wait for each other.
        threads = {} if self._card else {"OMP_NUM_THREADS": "1"}
        return threads | passed | _SET | {"CUDA_VISIBLE_DEVICES": self._card}

    # --- what it says ----------------------------------------------------------------------

    async def _next_line(self) -> bytes:
        """Return a line; one without an end, or nothing, is the last."""
        reading = asyncio.ensure_future(self._messages.readline())
        try:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait({reading, self._ended}, timeout=self._limits.beat, return_when=first)
            if self._ended.done():  # what it has started itself may hold the pipe open
                await asyncio.wait({reading}, timeout=DRAIN_SECONDS)
                return reading.result() if reading.done() else b""
            if not reading.done():
                raise ChildEndedError("stuck")
            return reading.result()
        except ValueError:  # a line without an end
            raise ChildEndedError("crashed") from None
        finally:
            reading.cancel()

    async def _why_ended(self) -> str:
        await asyncio.wait({self._ended}, timeout=self._limits.end)
        if not self._ended.done():  # it says nothing any more, and lives
            return "crashed"
        status = self._ended.result()
        if status == -signal.SIGKILL:
            return "killed"  # by the system, most often for its memory
        return "ended" if status in {0, -signal.SIGTERM} else "crashed"

    # --- its end ---------------------------------------------------------------------------

    async def _end(self) -> None:
        """End it and all it started; wait until it has gone and so its memory is free."""
        if self._process is not None:
            await self._end_process(self._process)
        if self._pipe is not None:
            self._pipe.close()

    async def _end_process(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await asyncio.wait({self._ended}, timeout=self._limits.end)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
        await self._ended
        if process.stdin is not None:
            process.stdin.close()

    # --- its log ---------------------------------------------------------------------------

    def _opened_log(self) -> BinaryIO:
        """Open the log to be appended to."""
        self._shorten_log()
        return self._log_path.open("ab")

    def _shorten_log(self) -> None:
        """Keep the end of a long log. Its writers append, so they go on behind it."""
        path = self._log_path
        if path.exists() and path.stat().st_size > LOG_BYTES:
            with path.open("r+b") as file:
                file.seek(-LOG_BYTES // 2, os.SEEK_END)
                kept = file.read(LOG_BYTES)
                file.seek(0)
                file.write(kept)
                file.truncate()


def _understood(line: bytes) -> Message:
    try:
        return Message.read(line)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ChildEndedError("crashed") from None


async def _reader_of(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(limit=MAX_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", 0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader, transport
