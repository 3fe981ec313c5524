"""Where words are encoded, in training and in drawing: on the card, or on the processor where the
card is too small for the text encoders. That takes longer, and is done once."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, TypeVar

import torch

Found = TypeVar("Found")


def encoded(pipeline: Any, encode: Callable[[], Found], *, device: str = "") -> tuple[Found, bool]:
    """Return what `encode` makes with a pipeline on a device, or where it is, and whether there was
    room for that; else all of the pipeline is on the processor afterwards, and stays there."""
    try:
        if device:
            pipeline.to(device)
        return encode(), True
    except torch.cuda.OutOfMemoryError:
        pass  # encoded outside of this block, where the error holds on to the memory
    to_processor(pipeline)
    return encode(), False


def to_processor(pipeline: Any) -> None:
    """Take everything off the card, and let nothing go there by itself."""
    pipeline.remove_all_hooks()
    pipeline.to("cpu", silence_dtype_warnings=True)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
