"""Which failure an error is, in the codes of `advice.py`."""

from __future__ import annotations

import torch

from trainer.datasets import ExampleError
from trainer.engines.diffusers.child.drawing import BlankPictureError
from trainer.engines.diffusers.child.loop import NotANumberError
from trainer.engines.diffusers.child.lora_file import UselessWeightsError
from trainer.engines.diffusers.child.photos import PhotoError
from trainer.engines.diffusers.child.pictures import UnfitWeightsError


def code_of(error: Exception) -> str:
    """Return the code of an error; `crashed` for one that nobody expected."""
    match error:
        case torch.cuda.OutOfMemoryError():
            return "card_memory"
        case MemoryError():
            return "memory"
        case NotANumberError():
            return "not_a_number"
        case UselessWeightsError():
            return str(error)
        case BlankPictureError():
            return "blank_picture"
        case UnfitWeightsError():
            return "unfit"
        case PhotoError() | ExampleError():
            return "photo"
        case OSError(errno=28):
            return "disk"
    return "crashed"
