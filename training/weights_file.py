"""The one place that judges weights: whether a file is complete safetensors, and holds numbers.

The format's own library reads the header: that it is JSON, that every type is known, that every
shape fills its share of the data, and that the shares cover the file from end to end without a gap
(github.com/huggingface/safetensors, README, “Format”). What it leaves open is checked here.
"""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from jobs.work import InvalidResultError

# Headers of LoRAs have tens of thousands of bytes. The library reads up to 100 MB, and then builds
# several times as much of it.
MAX_HEADER_BYTES = 8 * 1024 * 1024
MAX_NAME = 512  # characters
MAX_DIMENSIONS = 8
# Bits of a number by its type's name.
_BITS = {
    **dict.fromkeys(("F64", "I64", "U64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8", "BOOL"), 8),
}
# What is trained are numbers with a fraction; whole ones only go with them.
_TRAINED = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"}
_LENGTH = struct.Struct("<Q")


def check_weights(path: str) -> None:
    """Verify that the file at `path` is complete weights. Raises InvalidResultError."""
    header_bytes = _header_bytes(path)
    try:
        # Without a framework's arrays: numbers are neither read nor copied.
        with safe_open(path, framework="np") as file:
            tensors = [(name, file.get_slice(name)) for name in file.keys()]  # noqa: SIM118
            data_bytes = sum(_checked_bytes(name, tensor) for name, tensor in tensors)
            types = {tensor.get_dtype() for _, tensor in tensors}
    except (SafetensorError, ValueError, OverflowError) as error:
        raise _bad(f"not a complete safetensors file: {error}") from error
    if not types & _TRAINED or not data_bytes:
        raise _bad("the safetensors file holds no trained numbers")
    if _LENGTH.size + header_bytes + data_bytes != Path(path).stat().st_size:
        raise _bad("the safetensors file holds more, or less, than its header says")


def _header_bytes(path: str) -> int:
    with Path(path).open("rb") as file:
        start = file.read(_LENGTH.size)
    if len(start) < _LENGTH.size:
        raise _bad("not a complete safetensors file: it has no header")
    size: int = _LENGTH.unpack(start)[0]
    if size > MAX_HEADER_BYTES:
        raise _bad(f"the header of the safetensors file has {size} bytes")
    return size


def _checked_bytes(name: str, tensor: Any) -> int:
    """Return how many bytes of the file a tensor takes. Raises InvalidResultError."""
    kind, shape = str(tensor.get_dtype()), tensor.get_shape()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise _bad("a tensor in the safetensors file has no proper name")
    if kind not in _BITS:
        raise _bad(f"a tensor in the safetensors file is of type {kind[:20]}")
    if len(shape) > MAX_DIMENSIONS:
        raise _bad(f"a tensor in the safetensors file has {len(shape)} dimensions")
    return int(prod(shape)) * _BITS[kind] // 8


def _bad(detail: str) -> InvalidResultError:
    return InvalidResultError("bad_weights", detail)
