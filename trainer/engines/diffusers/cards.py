"""The graphics cards of this machine, asked of the driver's own program: no torch is needed."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

_QUERY = "index,name,memory.total,memory.used,compute_cap"
_MEBIBYTE = 1024**2
ASK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Card:
    """One card; memory in bytes. `computes` is its generation: 8.0 and newer know bfloat16."""

    index: str
    name: str
    memory: int
    used: int
    computes: float

    @property
    def free(self) -> int:
        return self.memory - self.used


def cards() -> list[Card]:
    """Return the cards that the driver knows, none where there is no driver."""
    command = ["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return parsed(done.stdout) if done.returncode == 0 else []


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
