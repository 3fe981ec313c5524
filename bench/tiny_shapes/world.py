"""Pictures of one shape on a plain ground, drawn by program, and what can be measured in them.

The base model is pretrained on `common_picture`. A `Concept` is what it has never seen: a figure
whose upper half has one colour and whose lower half another.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SIDE = 256  # pixels, the least that the trainer takes
COLOURS = {
    "red": (214, 40, 40),
    "green": (46, 150, 60),
    "blue": (50, 80, 215),
    "yellow": (238, 205, 50),
    "black": (25, 25, 25),
    "orange": (240, 130, 30),
}
GROUNDS = {
    "white": (245, 245, 245),
    "gray": (150, 150, 155),
    "beige": (222, 205, 170),
    "navy": (25, 35, 80),
}
SHAPES = ("circle", "square", "triangle", "cross")
# Far from each other, and from every colour and ground of the base model's.
UNSEEN = {
    "pink": (240, 80, 185),
    "teal": (0, 185, 180),
    "violet": (135, 60, 200),
    "lime": (170, 235, 60),
    "sky": (110, 190, 250),
}
_FORMS = (
    "a {colour} {shape} on {ground}",
    "photo of a {colour} {shape} on {ground}",
    "{colour} {shape}, {ground} background",
)
_SMOOTHING = 2  # drawn this many times as large, then reduced
_NEAR, _NOT_GROUND = 70.0, 60.0  # distances in RGB

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Concept:
    """A new word and the look it stands for."""

    word: str
    upper: Colour
    lower: Colour

    @classmethod
    def of_seed(cls, seed: int) -> Concept:
        """Return another concept for every seed: a word of no language, two unseen colours."""
        chance = random.Random(f"concept {seed}")
        sounds = ["".join(pair) for pair in zip("zvqkxbw", "oiuaeoi", strict=True)]
        word = "".join(chance.sample(sounds, 3)) + chance.choice("kbrx")
        upper, lower = chance.sample(sorted(UNSEEN), 2)
        return cls(word, UNSEEN[upper], UNSEEN[lower])

    def photo(self, chance: random.Random, shape: str, ground: str) -> Image.Image:
        """Draw a figure of this look."""
        x, y, radius = _place(chance)
        fill = Image.new("RGB", (SIDE, SIDE), self.upper)
        fill.paste(self.lower, (0, round(y), SIDE, SIDE))
        return _composed(_figure(shape, x, y, radius), fill, GROUNDS[ground])

    def caption(self, shape: str, ground: str) -> str:
        return f"a {self.word} {shape} on {ground}"

    def shown_in(self, picture: Image.Image) -> float:
        """Return how much a picture shows it: 1 for half and half, 0 where one colour is
        missing."""
        shares = (share_of(picture, colour) for colour in (self.upper, self.lower))
        return 2 * min(shares)


def common_picture(chance: random.Random) -> tuple[Image.Image, str]:
    """Return a picture of the kind that the base model knows, with its caption."""
    colour, ground = chance.choice(list(COLOURS)), chance.choice(list(GROUNDS))
    shape = chance.choice(SHAPES)
    fill = Image.new("RGB", (SIDE, SIDE), COLOURS[colour])
    picture = _composed(_figure(shape, *_place(chance)), fill, GROUNDS[ground])
    return picture, chance.choice(_FORMS).format(colour=colour, shape=shape, ground=ground)


def any_picture(chance: random.Random) -> Image.Image:
    """Return one in any colours, for the autoencoder alone: it must be able to show everything."""
    ground = _any_colour(chance)
    picture = Image.new("RGB", (SIDE, SIDE), ground) if chance.random() < 0.8 else _stripes(chance)
    for _ in range(chance.choice((1, 1, 2))):
        plain = chance.random() < 0.5
        fill = Image.new("RGB", (SIDE, SIDE), _any_colour(chance)) if plain else _stripes(chance)
        picture.paste(fill, (0, 0), _figure(chance.choice(SHAPES), *_place(chance)))
    return picture


def share_of(picture: Image.Image, colour: Colour) -> float:
    """Return which share of the figure, that is of all but the ground, is near a colour."""
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    edges = np.concatenate([pixels[2], pixels[-3], pixels[:, 2], pixels[:, -3]])
    figure = _distance(pixels, np.median(edges, axis=0)) > _NOT_GROUND
    near = _distance(pixels, np.array(colour)) < _NEAR
    return float((near & figure).sum() / max(1, figure.sum()))


def _distance(pixels: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return np.sqrt(((pixels - colour) ** 2).sum(-1))


def _place(chance: random.Random) -> tuple[float, float, float]:
    # Near the middle: a model as small as this learns only slowly where things are.
    return chance.uniform(116, 140), chance.uniform(116, 140), chance.uniform(72, 88)


def _figure(shape: str, x: float, y: float, radius: float) -> Image.Image:
    """Return the mask of a figure."""
    x, y, radius = x * _SMOOTHING, y * _SMOOTHING, radius * _SMOOTHING
    mask = Image.new("L", (SIDE * _SMOOTHING, SIDE * _SMOOTHING))
    drawing = ImageDraw.Draw(mask)
    match shape:
        case "circle":
            drawing.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        case "square":
            half = radius * 0.9
            drawing.rectangle((x - half, y - half, x + half, y + half), fill=255)
        case "triangle":
            foot = y + radius * 0.8
            drawing.polygon([(x, y - radius), (x - radius, foot), (x + radius, foot)], fill=255)
        case _:
            arm = radius * 0.36
            drawing.rectangle((x - arm, y - radius, x + arm, y + radius), fill=255)
            drawing.rectangle((x - radius, y - arm, x + radius, y + arm), fill=255)
    return mask.resize((SIDE, SIDE), Image.Resampling.BOX)


def _composed(mask: Image.Image, fill: Image.Image, ground: Colour) -> Image.Image:
    picture = Image.new("RGB", mask.size, ground)
    picture.paste(fill, (0, 0), mask)
    return picture


def _any_colour(chance: random.Random) -> Colour:
    return chance.randrange(256), chance.randrange(256), chance.randrange(256)


def _stripes(chance: random.Random) -> Image.Image:
    angle, width = chance.uniform(0, np.pi), chance.uniform(20, 48)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    across = columns * np.sin(angle) + rows * np.cos(angle) + chance.uniform(0, 64)
    first = ((across // width) % 2 == 0)[..., None]
    colours = [np.array(_any_colour(chance), np.uint8) for _ in range(2)]
    return Image.fromarray(np.where(first, *colours))
