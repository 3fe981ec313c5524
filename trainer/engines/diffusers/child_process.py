"""One child process as the service sees it: started, listened to, ended. The service never
imports torch: what kills a child ends one training."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from trainer.engines.diffusers.protocol import Message, Order, written

log = logging.getLogger("trainer.child")

SILENT_SECONDS = 600.0  # without a step or another sign of progress: stuck
BEAT_SECONDS = 60.0  # without any message at all: not even alive
END_SECONDS = 10.0  # from a polite request to SIGKILL
LOG_BYTES = 200_000  # kept of what the libraries print
MAX_LINE = 1_000_000

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


class Child:
    """One running child. Use as an async context manager: it is gone at the end."""

    def __init__(self, python: Path, order: Order, log_path: Path, card: str = "") -> None:
        self._python, self._order, self._log_path, self._card = python, order, log_path, card
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Child:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        try:
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
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._messages, self._pipe = await _reader_of(reading)
        assert self._process.stdin is not None  # noqa: S101 - narrows the type
        self._process.stdin.write(written(self._order))
        return self

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.shield(self._end())

    async def messages(self) -> AsyncIterator[Message]:
        """Yield what it says until it is done. Raises ChildEndedError for any other end."""
        loop = asyncio.get_running_loop()
        moved = loop.time()
        while True:
            line = await self._next_line()
            if not line:
                raise ChildEndedError(await self._why_ended())
            message = _understood(line)
            if message.fail:
                raise ChildEndedError(message.fail, message.text)
            if not message.beat:
                moved = loop.time()
                yield message
            elif loop.time() - moved > SILENT_SECONDS:
                raise ChildEndedError("stuck")
            if message.done:
                return

    async def _next_line(self) -> bytes:
        try:
            return await asyncio.wait_for(self._messages.readline(), BEAT_SECONDS)
        except TimeoutError:
            raise ChildEndedError("stuck") from None
        except ValueError:  # a line without an end
            raise ChildEndedError("crashed") from None

    async def _why_ended(self) -> str:
        assert self._process is not None  # noqa: S101 - narrows the type
        status = await self._process.wait()
        if status == -signal.SIGKILL:
            return "killed"  # by the system, most often for its memory
        return "crashed"

    async def _end(self) -> None:
        """End it and all it started; wait until it has gone and so its memory is free."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
        await process.wait()
        self._pipe.close()
        if process.stdin is not None:
            process.stdin.close()

    def _environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        card = {"CUDA_VISIBLE_DEVICES": self._card} if self._card else {}
        return passed | _SET | card

    def _opened_log(self) -> BinaryIO:
        """Open the log to be appended to; of a long one only the end is kept."""
        path = self._log_path
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.write_bytes(path.read_bytes()[-LOG_BYTES // 2 :])
        return path.open("ab")


def _understood(line: bytes) -> Message:
    try:
        return Message.read(line)
    except (ValueError, TypeError, AttributeError):
        raise ChildEndedError("crashed") from None


async def _reader_of(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(limit=MAX_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", 0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader, transport
