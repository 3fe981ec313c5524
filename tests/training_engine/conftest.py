"""Tiny base models, photos, and a process that has torch."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.training_engine.torch_side import TorchSide
from theway.processes.installation import ROOT
from trainer.engines.diffusers.protocol import Base, DrawOrder, Picture, Recipe, TrainOrder

SIDE = 256  # pixels, the least that is trained on
RECIPE = Recipe(
    steps=20,
    learning_rate=4e-3,
    rank=4,
    batch=1,
    resolutions=(SIDE,),
    seed=42,
    trigger_word="zorbik",
    subject="shape",
    caption_dropout=0.0,
    ema=0.0,
    warm_up=1,
    checkpointing=False,
)


@pytest.fixture(scope="session")
def torch_side(tmp_path_factory: Any) -> Iterator[TorchSide]:
    python = ROOT / os.environ.get("TRAINING_PYTHON", ".venv-diffusers/bin/python")
    side = TorchSide(python, tmp_path_factory.mktemp("torch") / "log.txt")
    yield side
    side.close()


@pytest.fixture(scope="session")
def base_of(torch_side: TorchSide, tmp_path_factory: Any) -> Callable[..., Base]:
    """Make the tiny base model of a family, once."""
    folder: Path = tmp_path_factory.mktemp("bases")

    def base(family: str, precision: str = "float32") -> Base:
        if not (folder / family).exists():
            torch_side.call("make", family=family, folder=str(folder / family))
        return Base(str(folder / family), family, "theway/tiny", precision, "cpu")

    return base


@pytest.fixture(scope="session")
def order(tmp_path_factory: Any, base_of: Callable[..., Base]) -> Callable[..., TrainOrder]:
    """Return an order to train; `photos` are sizes, a colour each, wishes change the recipe."""

    def made(
        family: str = "flux1",
        *,
        photos: Any = ((SIDE, SIDE),),
        precision: str = "float32",
        folder: Path | None = None,
        **wishes: Any,
    ) -> TrainOrder:
        folder = folder or tmp_path_factory.mktemp("run")
        write_dataset(folder / "dataset.jsonl", [photo(*size) for size in photos])
        base = base_of(family, precision)
        return TrainOrder(base, replace(RECIPE, **wishes), str(folder), "ft-1", len(photos))

    return made


@pytest.fixture(scope="session")
def trained(torch_side: TorchSide, order: Callable[..., TrainOrder]) -> Callable[[str], TrainOrder]:
    """Train a family once, on one photo at a high rate; return the order that was done."""

    @cache
    def done(family: str) -> TrainOrder:
        run = order(family, steps=30)
        told = torch_side.follow(run)
        assert told.is_done, told.log
        return run

    return done


@pytest.fixture
def draw(torch_side: TorchSide, tmp_path: Path) -> Callable[..., Image.Image]:
    """Draw a picture in a new process, with a new pipeline."""

    def drawn(base: Base, *loras: tuple[Path, float], mischief: str = "", **wishes: Any) -> Any:
        usual: dict[str, Any] = {"width": 128, "height": 128, "seed": 1, "steps": 4}
        said = {"prompt": "photo of zorbik shape", "file_format": "png"} | usual | wishes
        picture = Picture(loras=tuple((str(path), scale) for path, scale in loras), **said)
        target = tmp_path / "picture.png"
        target.unlink(missing_ok=True)
        told = torch_side.follow(DrawOrder(base, picture, str(target)), mischief=mischief)
        if told.failure:
            return told.failure
        assert told.is_done, told.log
        with Image.open(target) as image:
            return image.convert("RGB")

    return drawn


def photo(width: int, height: int) -> bytes:
    """Return a PNG of a disc, in colours that its size decides."""
    hue = (width * 7 + height * 3) % 360
    image = Image.new("RGB", (width, height), f"hsl({hue}, 60%, 30%)")
    box = (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
    ImageDraw.Draw(image).ellipse(box, fill=f"hsl({(hue + 150) % 360}, 80%, 60%)")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def write_dataset(path: Path, photos: list[bytes], caption: str = "photo of zorbik shape") -> None:
    """Write photos as Together's training file has them."""
    lines = []
    for number, data in enumerate(photos):
        url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        words = f"{caption}, number {number}"
        content = [{"type": "image_url", "image_url": {"url": url}}]
        messages = [{"role": "user", "content": content}, {"role": "assistant", "content": words}]
        lines.append(json.dumps({"messages": messages}))
    path.write_text("\n".join(lines))
