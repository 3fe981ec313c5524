"""All chance of a step comes from the seed and the step, nothing from a global state: a training
that was cut off goes on exactly as it would have gone on."""

from __future__ import annotations

import hashlib

import torch


def chance_of(seed: int, *where: int | str) -> torch.Generator:
    """Return a generator on the CPU: the same noise on every card."""
    words = ":".join(map(str, (seed, *where)))
    number = int.from_bytes(hashlib.blake2b(words.encode(), digest_size=7).digest(), "little")
    return torch.Generator().manual_seed(number)
