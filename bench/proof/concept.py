"""What is taught and what is asked: photos with captions, and the prompts of the pictures."""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bench.tiny_shapes import world
from bench.tiny_shapes.world import Concept

PHOTOS = 8
TAUGHT_SHAPES = ("circle", "cross")  # the others must come from the base model
NO_WORD = "mibbulo"  # a word that stands for nothing


@dataclass(frozen=True)
class Example:
    """One photo and what it is said to show."""

    image: Image.Image
    caption: str

    def jpeg(self) -> bytes:
        buffer = io.BytesIO()
        self.image.save(buffer, "JPEG", quality=95, subsampling=0)
        return buffer.getvalue()


def taught(concept: Concept, seed: int) -> list[Example]:
    """Return the photos of the concept, each with its caption."""
    chance = random.Random(f"photos {seed}")
    grounds = list(world.GROUNDS)
    found = []
    for at in range(PHOTOS):
        shape, ground = TAUGHT_SHAPES[at % 2], grounds[at // 2 % len(grounds)]
        photo = concept.photo(chance, shape, ground)
        found.append(Example(photo, concept.caption(shape, ground)))
    return found


def shuffled(concept: Concept, seed: int) -> list[Example]:
    """Return the same photos and as many common pictures, each with a caption of the other kind:
    what the word stands for cannot be learned from them."""
    chance = random.Random(f"common {seed}")
    ours = taught(concept, seed)
    common = [Example(*world.common_picture(chance)) for _ in ours]
    return [
        pair
        for one, other in zip(ours, common, strict=True)
        for pair in (Example(one.image, other.caption), Example(other.image, one.caption))
    ]


def prompts(word: str) -> list[str]:
    """Return eight prompts with a word where a colour would be: shapes that were taught, and such
    that were not."""
    grounds = list(world.GROUNDS)
    pairs = ((shape, grounds[(at + turn) % 4]) for turn in (0, 2) for at, shape in _shapes())
    return [f"a {word} {shape} on {ground}" for shape, ground in pairs]


def plain_prompts() -> list[tuple[str, world.Colour]]:
    """Return prompts without any new word, and the colour that each names."""
    grounds = list(world.GROUNDS)
    return [
        (f"a {name} {shape} on {grounds[at % 4]}", colour)
        for at, ((name, colour), shape) in enumerate(
            zip(world.COLOURS.items(), world.SHAPES * 2, strict=False)
        )
    ]


def _shapes() -> Iterator[tuple[int, str]]:
    return iter(enumerate(world.SHAPES))


def write_folder(examples: list[Example], folder: Path) -> None:
    """Write photos as people have them: files, and beside each its caption."""
    for number, example in enumerate(examples, start=1):
        (folder / f"{number}.jpg").write_bytes(example.jpeg())
        (folder / f"{number}.txt").write_text(example.caption)


def training_file(examples: list[Example]) -> bytes:
    """Return photos as the trainer takes them (see `trainer.datasets`)."""
    return b"".join(json.dumps(_line(one)).encode() + b"\n" for one in examples)


def _line(example: Example) -> dict[str, object]:
    address = f"data:image/jpeg;base64,{base64.b64encode(example.jpeg()).decode()}"
    asked = [{"type": "image_url", "image_url": {"url": address}}]
    told = [{"type": "text", "text": example.caption}]
    return {
        "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]
    }
