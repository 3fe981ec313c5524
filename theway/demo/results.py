"""Checking what the journey brought home."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

from PIL import Image

from theway.demo.failure import DemoFailed


def check_weights(content: bytes, sha256: str) -> dict[str, Any]:
    """Return the header of a safetensors file whose hash and length are right.

    The format: 8 bytes little-endian length, a JSON header, the tensors.
    https://github.com/huggingface/safetensors#format
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DemoFailed("The weights are not those whose SHA-256 the page shows.")
    length = int.from_bytes(content[:8], "little")
    try:
        header: dict[str, Any] = json.loads(content[8 : 8 + length])
    except ValueError as error:
        raise DemoFailed("The weights are not a safetensors file.") from error
    tensors = [value for name, value in header.items() if name != "__metadata__"]
    end = max((tensor["data_offsets"][1] for tensor in tensors), default=0)
    if not tensors or 8 + length + end != len(content):
        raise DemoFailed("The weights are cut short.")
    return header


def check_picture(content: bytes) -> tuple[int, int]:
    """Return width and height of a picture that can be decoded to its last pixel."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return image.size
    except OSError as error:
        raise DemoFailed("The picture cannot be decoded.") from error
