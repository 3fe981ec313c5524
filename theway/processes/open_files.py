"""How many files and connections this process, and whatever it starts, may have open."""

from __future__ import annotations

import resource
from contextlib import suppress


def raise_limit() -> int:
    """Raise the soft limit to the hard one and return what holds now; children inherit it.

    Systems start programs with 1024, and every open page is a connection (getrlimit(2)).
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS says "unlimited" and refuses to set it: then the limit stays as it is.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
