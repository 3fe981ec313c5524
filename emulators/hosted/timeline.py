"""How far a simulated training is: a pure function of the run and of the time it has worked."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

# Shares of the whole time: the model is loaded before the first step, weights are packed after.
LOADED, TRAINED = 0.10, 0.92
BLOCKS = " ▏▎▍▌▋▊▉█"
BAR_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Timeline:
    """One training of `steps` steps that takes `seconds`."""

    run_id: str
    steps: int
    seconds: float
    loss_at_start: float = 0.60

    def step_at(self, elapsed: float) -> int:
        """Return the step that is reached after so many seconds of work."""
        part = (elapsed / self.seconds - LOADED) / (TRAINED - LOADED) if self.seconds else 1.0
        return min(self.steps, max(0, math.floor(self.steps * part + 1e-6)))

    def is_loaded(self, elapsed: float) -> bool:
        """Return whether the steps have begun."""
        return elapsed >= self.seconds * LOADED

    def loss(self, step: int) -> float:
        """Return the loss shown for a step: falls, with noise, the same for the same run."""
        # A checksum and no generator: whole logs of thousands of runs are written again and again.
        noise = zlib.crc32(f"{self.run_id}:{step}".encode()) / 2**32 - 0.5
        fallen = self.loss_at_start * (0.56 + 0.44 * math.exp(-4.0 * step / self.steps))
        return round(max(0.01, fallen + 0.15 * self.loss_at_start * noise), 4)

    def bar(self, name: str, step: int, postfix: str = "") -> str:
        """Return the progress line that tqdm writes: "name:  31%|███▏      | 310/1000 [...]".

        Source: github.com/tqdm/tqdm, std.py, `format_meter`, with a width of ten.
        """
        share = step / self.steps
        spent = self.seconds * (TRAINED - LOADED) * share
        rate = step / spent if spent else 0.0
        left = _clock((self.steps - step) / rate) if rate else "?"
        speed = f"{rate:5.2f}it/s" if rate >= 1 else f"{1 / rate:5.2f}s/it" if rate else "?it/s"
        numbers = f"{step}/{self.steps} [{_clock(spent)}<{left}, {speed}"
        head = f"{name}: " if name else ""
        return f"{head}{share:4.0%}|{_blocks(share)}| {numbers}{postfix and f', {postfix}'}]"


def _blocks(share: float) -> str:
    eighths = int(share * BAR_WIDTH * 8)
    full, rest = divmod(eighths, 8)
    bar = BLOCKS[8] * full + (BLOCKS[rest] if full < BAR_WIDTH else "")
    return bar.ljust(BAR_WIDTH)[:BAR_WIDTH]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:d}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
