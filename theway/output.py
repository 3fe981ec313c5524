"""Output that no terminal, pipe or locale can turn into the end of a command.

A character that the console cannot show is replaced. A reader that has gone (`| head`), or a
terminal that was closed, is no reason to leave work half done: the rest is written to nobody. A
full disk still is an error: the file that was asked for would be incomplete.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO


class _Descriptor(io.FileIO):
    """A file descriptor whose reader may go away."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if not _is_reader_gone(error):
                raise
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)
            return len(data)


def survive_any_terminal() -> None:
    """Make `sys.stdout` and `sys.stderr` such outputs. Call it first in a program."""
    for name, original in (("stdout", sys.__stdout__), ("stderr", sys.__stderr__)):
        if original is None:  # it was closed before we started (`>&-`)
            null = open(os.devnull, "w", errors="replace")  # noqa: PTH123, SIM115
            setattr(sys, name, null)
        elif getattr(sys, name) is original:
            setattr(sys, name, _surviving(original))


def _surviving(stream: TextIO) -> TextIO:
    with suppress(OSError, ValueError):
        stream.flush()
    number = stream.fileno()
    return io.TextIOWrapper(
        io.BufferedWriter(_Descriptor(number, "w", closefd=False)),
        encoding=stream.encoding,
        errors=_replacing(stream),
        line_buffering=number == 2 or stream.isatty(),
        write_through=bool(getattr(stream, "write_through", False)),  # PYTHONUNBUFFERED
    )


def _replacing(stream: TextIO) -> str:
    # What somebody asked for by PYTHONIOENCODING=ascii:xmlcharrefreplace is theirs.
    dies = stream.errors in {"strict", "surrogateescape"}
    return "replace" if dies else str(stream.errors)


def _is_reader_gone(error: OSError) -> bool:
    # EIO is what a terminal gives that was closed.
    return isinstance(error, BrokenPipeError) or error.errno == errno.EIO
