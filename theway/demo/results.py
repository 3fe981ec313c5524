"""Checks of the downloaded files."""

from __future__ import annotations

import hashlib
import io

from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load

from theway.demo.errors import DemoError


def check_weights(content: bytes, sha256: str) -> int:
    """Return how many tensors the weights hold. Raise DemoError.

    Their hash must be right, and the file complete by the rules of its format.
    """
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DemoError("The weights do not have the SHA-256 that the page shows.")
    try:
        count = len(load(content))
    except SafetensorError as error:
        raise DemoError("The weights are not a complete safetensors file.") from error
    if not count:
        raise DemoError("The weights hold no tensor.")
    return count


def check_image(content: bytes) -> tuple[int, int]:
    """Return width and height of an image that can be decoded to its last pixel."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return image.size
    except OSError as error:
        raise DemoError("The image cannot be decoded.") from error
