"""What trainings on this machine took: the memory and the time of a step, kept in one file.

It says more than any table: the next estimate for the same card, base model, precision and size
is this.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from trainer.disk import write_bytes

log = logging.getLogger("trainer.diffusers")

FILE = "measured.json"
# Besides what torch counts: the driver's own part, and holes between what was given back.
OVERHEAD = 800 * 1024**2


@dataclass(frozen=True, slots=True)
class Way:
    """A way to train; what was measured is true of this one only, with one photo at a time."""

    card: str
    model: str
    precision: str
    resolution: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What it took. `peak` are the bytes that torch counted, `needs` what should be free; both are
    0 where nobody counts, on the processor."""

    needs: int
    peak: int
    seconds_per_step: float


class Measurements:
    """What is known of this machine, by way. Without a path nothing is."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known = _read(path) if path else {}

    def of(self, way: Way) -> Measured | None:
        """Return what was measured last."""
        return self._known.get(way)

    def note(self, way: Way, peak: int, seconds_per_step: float, room: int) -> None:
        """Keep what a training took that had `room` bytes and did with them. Raises OSError."""
        needs = min(peak + OVERHEAD, room) if peak else 0
        self._known[way] = Measured(needs, peak, round(seconds_per_step, 4))
        self._write()

    def note_too_much(self, way: Way, room: int) -> None:
        """Keep that `room` bytes were not enough. Raises OSError."""
        before = self._known.get(way)
        time = before.seconds_per_step if before else 0.0
        self._known[way] = Measured(room + OVERHEAD, room, time)
        self._write()

    def _write(self) -> None:
        if self._path:
            rows = [asdict(way) | asdict(found) for way, found in self._known.items()]
            write_bytes(self._path, json.dumps(rows, indent=1).encode())


def _read(path: Path) -> dict[Way, Measured]:
    """Return what the file says; a broken one is told of and counts as none."""
    try:
        rows = json.loads(path.read_bytes())
        return dict(_understood(row) for row in rows)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s cannot be read (%s): measured anew", path, type(error).__name__)
        return {}


def _understood(row: dict[str, object]) -> tuple[Way, Measured]:
    way = Way(str(row["card"]), str(row["model"]), str(row["precision"]), _whole(row["resolution"]))
    seconds = row["seconds_per_step"]
    if not isinstance(seconds, int | float) or not 0 <= seconds < 1e6:
        raise ValueError(seconds)
    return way, Measured(_whole(row["needs"]), _whole(row["peak"]), float(seconds))


def _whole(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value
