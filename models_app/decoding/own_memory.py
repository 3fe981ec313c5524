"""How much memory this process holds, as the kernel counts it."""

from __future__ import annotations

import resource
from pathlib import Path


def private_memory() -> int:
    """Return what counts against RLIMIT_DATA so far, in bytes (proc(5), statm); 0 elsewhere."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except OSError:
        return 0  # not Linux, where the limit covers little anyway
    return pages * resource.getpagesize()
