"""The parts of a request: aspect ratios, and the trigger word in the prompt."""

from __future__ import annotations

from collections.abc import Mapping

from models_app.models import Subject, UserModel

# Label → width and height in pixels: about one megapixel, multiples of 8, 256 to 1920, as
# the providers' image APIs require (read 2026-11).
RATIOS: Mapping[str, tuple[int, int]] = {
    "1:1": (1024, 1024),
    "4:5": (896, 1120),
    "2:3": (832, 1248),
    "9:16": (768, 1344),
    "3:2": (1248, 832),
    "16:9": (1344, 768),
}
DEFAULT_RATIO = "1:1"


def with_trigger(prompt: str, model: UserModel) -> str:
    """Return `prompt` with the model's trigger word, added where it is missing."""
    word, words = model.trigger_word, prompt.lower().replace(",", " ").replace(".", " ").split()
    if not word or word in words:
        return prompt
    if model.kind == Subject.STYLE:
        return f"{prompt}, in {word} style"
    return f"{word} {model.kind}, {prompt}"
