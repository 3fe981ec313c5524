"""This process's memory, as proc(5) tells it: now, and at most since a moment."""

from __future__ import annotations

from pathlib import Path

_SELF = Path("/proc/self")
SINCE_START = (
    "The peak cannot be set back here (/proc/self/clear_refs refuses):"
    " “at most” is counted from the start of the process."
)


def begin_peak() -> bool:
    """Let the peak begin here; return False where the kernel of a sandbox refuses that."""
    try:
        (_SELF / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def memory_now() -> float:
    """Return the memory in mebibytes."""
    return _read("VmRSS")


def memory_peak() -> float:
    """Return the most memory in mebibytes since `begin_peak`, or since the process began."""
    return _read("VmHWM")


def _read(name: str) -> float:
    text = (_SELF / "status").read_text()
    return int(text.split(f"{name}:")[1].split()[0]) / 1024
