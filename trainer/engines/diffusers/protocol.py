"""What the service and its child processes say to each other: one JSON object per line.

An order goes to the child's standard input; its messages come from a pipe of their own, whose
number is its argument, so that libraries may print what they like.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Base:
    """The base model: its folder in diffusers' layout, and how it is held in memory.

    `precision` is float32, bfloat16, int8 or nf4. `side` is of the square that it draws, where it
    knows no other size: pictures are enlarged to what was asked for.
    """

    folder: str
    family: str
    name: str
    precision: str
    device: str  # cpu or cuda
    side: int = 0  # pixels


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the result; two trainings of one recipe are the same training."""

    steps: int
    learning_rate: float
    rank: int
    batch: int
    resolutions: tuple[int, ...]  # pixels: the side of the square that a photo is as large as
    seed: int
    trigger_word: str = ""
    subject: str = ""
    caption_dropout: float = 0.05  # share of the steps without a caption
    ema: float = 0.99  # inertia of the mean that is kept; 0 keeps the last step
    warm_up: int = 10  # steps
    weight_decay: float = 1e-4
    checkpointing: bool = True  # gradients are computed anew instead of kept
    eight_bit_optimiser: bool = False
    keep_prior: bool = False  # without the trigger word it shall answer as before
    checkpoints: tuple[int, ...] = ()  # steps after which the weights are also kept
    samples: tuple[int, ...] = ()  # steps after which pictures are drawn

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Recipe:
        """Return the recipe that an order names."""
        lists: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return cls(**lists)


@dataclass(frozen=True, slots=True)
class TrainOrder:
    """Train, or go on where an earlier child was cut off: all that is kept lies in `folder`."""

    kind: ClassVar[str] = "train"
    base: Base
    recipe: Recipe
    folder: str
    run_id: str
    photos: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to draw. Zero steps and guidance mean the family's own."""

    prompt: str
    width: int
    height: int
    seed: int
    file_format: str
    loras: tuple[tuple[str, float], ...] = ()  # path of the file, strength
    steps: int = 0
    guidance: float = 0.0
    negative_prompt: str = ""


@dataclass(frozen=True, slots=True)
class DrawOrder:
    """Draw one picture and write its file to `target`."""

    kind: ClassVar[str] = "draw"
    base: Base
    picture: Picture
    target: str


Order = TrainOrder | DrawOrder


def written(order: Order) -> bytes:
    """Return an order as a line."""
    return json.dumps({"kind": order.kind, **asdict(order)}).encode() + b"\n"


def read_order(line: bytes) -> Order:
    """Return the order of a line."""
    values = json.loads(line)
    base = Base(**values.pop("base"))
    if values.pop("kind") == TrainOrder.kind:
        recipe = Recipe.from_json(values.pop("recipe"))
        return TrainOrder(base=base, recipe=recipe, **values)
    picture = values.pop("picture")
    loras = tuple((path, scale) for path, scale in picture.pop("loras"))
    return DrawOrder(base=base, picture=Picture(**picture, loras=loras), **values)


@dataclass(frozen=True, slots=True)
class Message:
    """What a child tells. Only the fields that are set are sent.

    `event` is one of Together's event types. `steps` are (step, loss, learning rate); `beat` says
    only that the child lives. After `fail` nothing follows.
    """

    event: str = ""
    text: str = ""
    step: int | None = None
    steps: list[tuple[int, float, float]] = field(default_factory=list)
    elapsed: float = 0.0
    left: float = 0.0  # seconds
    fail: str = ""  # a code of `advice.py`
    done: bool = False
    beat: bool = False
    peak: int = 0  # bytes of the card's memory at most in use

    def line(self) -> bytes:
        """Return it as a line."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        said = {
            name: value
            for name, value in values.items()
            if value or (value == 0.0 and name == "step")
        }
        return json.dumps(said).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Message:
        """Return the message of a line. Raises ValueError and TypeError for what is none."""
        values = json.loads(line)
        values["steps"] = [_point(*point) for point in values.get("steps", [])]
        message = cls(**values)
        for name in ("event", "text", "fail"):
            _require(isinstance(getattr(message, name), str))
        for number in (message.step or 0, message.elapsed, message.left, message.peak):
            _require(isinstance(number, int | float) and 0 <= number < _TOO_MUCH)
        return message


_TOO_MUCH = 1e15


def _point(step: int, loss: float, rate: float) -> tuple[int, float, float]:
    _require(isinstance(step, int) and all(0 <= one < _TOO_MUCH for one in (step, loss, rate)))
    return step, loss, rate


def _require(is_sound: bool) -> None:
    if not is_sound:
        raise ValueError


def digest_of(order: TrainOrder) -> str:
    """Return what must be the same for a training to be resumed, and for its cache to be used:
    model, recipe, photos and captions. Raises OSError."""
    with Path(order.folder, "dataset.jsonl").open("rb") as file:
        photos = hashlib.file_digest(file, "sha256").hexdigest()
    words = json.dumps([asdict(order.base), asdict(order.recipe), photos])
    return hashlib.sha256(words.encode()).hexdigest()
