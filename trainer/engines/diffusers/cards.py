"""The graphics cards of this machine, asked of the driver's own program: no torch is needed."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

_QUERY = "index,name,memory.total,memory.used,compute_cap"
_MEBIBYTE = 1024**2
ASK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Card:
    """One card; memory in bytes. `computes` is its generation: 8.0 and newer know bfloat16."""

    index: str  # in the order of the bus, as the driver's program counts; empty: no card
    name: str
    memory: int
    used: int
    computes: float

    @property
    def free(self) -> int:
        return self.memory - self.used


# Without a card: small base models only, in full precision, whatever memory there is. A step of a
# larger one would take minutes.
PROCESSOR = Card("", "this machine's processor", 4 * 1024**3, 0, 8.0)


def cards() -> list[Card]:
    """Return the cards that the driver knows, none where there is no driver.

    Those that CUDA_VISIBLE_DEVICES hides by their numbers are left out.
    """
    command = ["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = parsed(done.stdout) if done.returncode == 0 else []
    return [card for card in found if _is_visible(card)]


def machine_memory() -> int:
    """Return the bytes of the machine's own memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def parsed(text: str) -> list[Card]:
    """Return the cards of the program's lines; a line of another form is none."""
    found = []
    for line in text.splitlines():
        values = [value.strip() for value in line.split(",")]
        try:
            index, name, total, used, computes = values
            memory = (int(float(total)) * _MEBIBYTE, int(float(used)) * _MEBIBYTE)
            found.append(Card(index, name, *memory, float(computes)))
        except ValueError:
            continue
    return found


def _is_visible(card: Card) -> bool:
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return True
    numbers = [one.strip() for one in named.split(",") if one.strip()]
    return not all(one.isdecimal() for one in numbers) or card.index in numbers
