"""Checks of the downloaded files."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

from PIL import Image

from theway.demo.errors import DemoError


def check_weights(content: bytes, sha256: str) -> dict[str, Any]:
    """Return the header of a safetensors file whose hash and length are right. Raise DemoError.

    The format: 8 bytes little-endian length, a JSON header, the tensors.
    https://github.com/huggingface/safetensors#format
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DemoError("The weights do not have the SHA-256 that the page shows.")
    length = int.from_bytes(content[:8], "little")
    try:
        header: dict[str, Any] = json.loads(content[8 : 8 + length])
    except ValueError as error:
        raise DemoError("The weights are not a safetensors file.") from error
    tensors = [value for name, value in header.items() if name != "__metadata__"]
    end = max((tensor["data_offsets"][1] for tensor in tensors), default=0)
    if not tensors or 8 + length + end != len(content):
        raise DemoError("The weights are truncated.")
    return header


def check_image(content: bytes) -> tuple[int, int]:
    """Return width and height of an image that can be decoded to its last pixel."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return image.size
    except OSError as error:
        raise DemoError("The image cannot be decoded.") from error
