"""Writes the safetensors format, the whole of it.

Eight bytes with the header's length (little endian), the header as JSON, padded with blanks so
that the numbers begin at a multiple of eight, then the numbers of all tensors without a gap.
Source: github.com/huggingface/safetensors, README, "Format".
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any


@dataclass(frozen=True, slots=True)
class Tensor:
    """Half-precision numbers (F16): two bytes each, little endian, row by row."""

    shape: Sequence[int]
    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) != 2 * prod(self.shape):
            raise ValueError(f"{len(self.data)} bytes do not fill the shape {tuple(self.shape)}")


def serialize(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Return the bytes of a safetensors file. The format allows strings only in `metadata`."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    offset = 0
    for name, tensor in tensors.items():
        end = offset + len(tensor.data)
        header[name] = {
            "dtype": "F16",
            "shape": list(tensor.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(t.data for t in tensors.values())
