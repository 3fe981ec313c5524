"""A training of a minute with the tiny base model: the same child, the same protocol."""

from __future__ import annotations

import base64
import io
import json
import time
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from trainer.config import Config
from trainer.engines.diffusers import advice
from trainer.engines.diffusers.cards import cards
from trainer.engines.diffusers.child_process import Child, ChildEndedError
from trainer.engines.diffusers.installed import SHIPPED, problem_of
from trainer.engines.diffusers.known import KNOWN, SHIPPED_MODEL
from trainer.engines.diffusers.protocol import Base, DrawOrder, Order, Picture, Recipe, TrainOrder

STEPS, SIDE, PHOTOS = 20, 256, 4


async def try_out(config: Config, folder: Path) -> tuple[str, float]:
    """Train and draw in `folder`. Return what went wrong, empty where nothing did, and seconds."""
    if problem := problem_of(SHIPPED_MODEL, SHIPPED):
        return f"the tiny base model is not whole: {problem}", 0.0
    began = time.monotonic()
    card = next(iter(cards()), None)
    device, precision = ("cuda", "bfloat16") if card else ("cpu", "float32")
    base = Base(str(SHIPPED), KNOWN[SHIPPED_MODEL].family, SHIPPED_MODEL, precision, device)
    _write_photos(folder)
    recipe = Recipe(STEPS, 4e-3, 8, 1, (SIDE,), seed=1)
    train = TrainOrder(base, recipe, str(folder), "trial", PHOTOS)
    loras = ((str(folder / "adapter.safetensors"), 1.0),)
    picture = Picture("a red circle on navy", SIDE, SIDE, 1, "png", loras)
    draw = DrawOrder(base, picture, str(folder / "picture.png"))
    for order in (train, draw):
        if problem := await _done(config.python, order, folder, card.index if card else ""):
            return problem, 0.0
    return "", time.monotonic() - began


async def _done(python: Path, order: Order, folder: Path, card: str) -> str:
    log = folder / "log.txt"
    try:
        async with Child(python, order, log, card) as child:
            async for _message in child.messages():
                pass
    except ChildEndedError as error:
        print(log.read_text(errors="replace")[-2000:])
        return advice.words_for(error.code, error.text)
    except OSError as error:
        return f"{python} cannot be started: {error.strerror}"
    return ""


def _write_photos(folder: Path) -> None:
    with (folder / "dataset.jsonl").open("w") as file:
        for at in range(PHOTOS):
            image = Image.new("RGB", (SIDE, SIDE), "white")
            x, y = 60 + 20 * at, 130 - 20 * at
            ImageDraw.Draw(image).ellipse((x, y, x + 60, y + 60), fill="purple")
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            file.write(json.dumps(_example(buffer.getvalue(), "a purple ball on white")) + "\n")


def _example(photo: bytes, caption: str) -> dict[str, Any]:
    """Return a line of a training file (see `trainer.datasets`)."""
    address = f"data:image/png;base64,{base64.b64encode(photo).decode()}"
    asked = [{"type": "image_url", "image_url": {"url": address}}]
    told = [{"type": "text", "text": caption}]
    return {
        "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]
    }
