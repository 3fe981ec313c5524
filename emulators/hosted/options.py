"""The command line of an emulator: `python -m emulators.<name> --port P ...`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """How one emulator runs. `latency` and the rest of the times are seconds.

    `ends_with_parent` says that it ends when its standard input does.
    """

    name: str
    port: int
    folder: Path
    latency: float
    queue_seconds: float
    training_seconds: float
    picture_seconds: float
    ends_with_parent: bool = False


def read_options(name: str, port: int, arguments: Sequence[str] | None = None) -> Options:
    """Read the command line of the emulator `name`, whose port is `port` where none is given.

    Ends the process with a line on how to call it where that makes no sense.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m emulators.{name}",
        description=f"An emulator of the API of {name}, for development: nothing is trained.",
    )
    add = parser.add_argument
    add("--port", type=int, default=port, help="0: any free one")
    add("--folder", type=Path, default=Path("var") / "emulators" / name)
    add("--latency-ms", type=float, default=0.0, help="waited before every request")
    add("--queue-seconds", type=float, default=1.0, help="how long a run waits to start")
    add("--training-seconds", type=float, default=30.0, help="how long a training then takes")
    add("--picture-seconds", type=float, default=1.5, help="how long pictures take")
    add("--with-parent", action="store_true", help="end when the standard input ends")
    given = parser.parse_args(arguments)
    return Options(
        name=name,
        port=given.port,
        folder=given.folder.resolve(),
        latency=given.latency_ms / 1000,
        queue_seconds=given.queue_seconds,
        training_seconds=given.training_seconds,
        picture_seconds=given.picture_seconds,
        ends_with_parent=given.with_parent,
    )
