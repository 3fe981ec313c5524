"""Photos for the coach, rendered: scenes with detail at every scale, and faces that are found."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter


def scene(seed: int = 1, width: int = 1200, height: int = 900) -> Image.Image:
    """Return a sharp, well lit picture of many things; each seed is another place."""
    chance = random.Random(seed)
    image = Image.new("RGB", (width, height), _colour(chance))
    draw = ImageDraw.Draw(image)
    for size in (5, 5, 5, 8, 8, 12, 12, 12, 20, 20, 20, 20, 20, 30, 30, 30, 40, 40, 40, 40):
        x, y = chance.randrange(width), chance.randrange(height)
        w, h = width // size + 20, height // chance.choice((4, 8, 16)) + 20
        shape = draw.rectangle if chance.random() < 0.5 else draw.ellipse
        shape((x - w, y - h, x + w, y + h), _colour(chance), _colour(chance), 3)
    grain = Image.effect_noise(image.size, 4).convert("RGB")
    return ImageChops.add(image, grain, 1, -128)


def portrait(
    seed: int = 1, face: float = 0.35, turn: float = 0.0, side: int = 1000, light: float = 1.0
) -> Image.Image:
    """Return a head, `face` of the picture high, in front of a soft background."""
    image = scene(seed, side, side).filter(ImageFilter.GaussianBlur(side / 40))
    draw_head(image, 0.5, 0.45, face, turn)
    return ImageEnhance.Brightness(image).enhance(light)


def draw_head(image: Image.Image, x: float, y: float, face: float, turn: float = 0.0) -> None:
    """Draw a head into a picture, its middle at `x` and `y`, looking aside by `turn`."""
    size = int(face * image.height)
    # Four times as large, then reduced: edges like those of a lens.
    head = Image.new("RGBA", (size * 8, size * 10), (0, 0, 0, 0))
    _features(ImageDraw.Draw(head), size * 8, size * 10, turn)
    head = head.resize((size * 2, size * 10 // 4), Image.Resampling.LANCZOS)
    middle = int(x * image.width) - head.width // 2, int(y * image.height) - head.height // 2
    image.paste(head, middle, head)


def _features(draw: ImageDraw.ImageDraw, width: int, height: int, turn: float) -> None:
    def oval(x: float, y: float, w: float, h: float, fill: tuple[int, int, int]) -> None:
        box = ((x - w) * width, (y - h) * height, (x + w) * width, (y + h) * height)
        draw.ellipse(box, fill)

    shift = turn * 0.16
    draw.rectangle((0.42 * width, 0.6 * height, 0.58 * width, 0.95 * height), (196, 146, 120))
    oval(0.5, 1.02, 0.42, 0.18, (60, 70, 110))
    oval(0.5, 0.36, 0.25, 0.27, (60, 40, 30))  # hair
    oval(0.5, 0.45, 0.2, 0.26, (214, 166, 138))
    for side in (-1, 1):
        eye = 0.5 + side * 0.085 + shift * 0.7
        draw.line(
            [((eye - 0.05) * width, 0.375 * height), ((eye + 0.05) * width, 0.37 * height)],
            (70, 45, 35), width // 60,
        )  # fmt: skip
        oval(eye, 0.42, 0.042, 0.016, (240, 238, 235))
        oval(eye + shift * 0.1, 0.42, 0.018, 0.016, (50, 35, 30))
    oval(0.5 + shift, 0.51, 0.035, 0.05, (202, 150, 124))
    for side in (-1, 1):
        oval(0.5 + shift + side * 0.018, 0.545, 0.01, 0.007, (110, 70, 60))
    oval(0.5 + shift * 0.8, 0.61, 0.075, 0.018, (170, 80, 80))
    oval(0.5 + shift * 0.8, 0.608, 0.07, 0.005, (110, 50, 50))


def _colour(chance: random.Random) -> tuple[int, int, int]:
    return tuple(chance.randrange(40, 230) for _ in range(3))


def blurred(image: Image.Image, radius: float = 4) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))


def exposed(image: Image.Image, stops: float) -> Image.Image:
    """Return the picture as if the shutter had been open 2^stops times as long (gamma 2.2)."""
    table = [
        min(255, round(255 * ((at / 255) ** 2.2 * 2**stops) ** (1 / 2.2))) for at in range(256)
    ]
    return image.point(table * 3)


def cut_off(image: Image.Image, share: float, edge: str = "bottom") -> Image.Image:
    """Return the picture ending in the grey of a file that was not whole."""
    turns = {"bottom": 0, "right": 90, "top": 180, "left": 270}[edge]
    turned = image.rotate(-turns, expand=True)
    end = Image.new("RGB", (turned.width, int(turned.height * share)), (128, 128, 128))
    turned.paste(end, (0, turned.height - end.height))
    return turned.rotate(turns, expand=True)


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Return the picture without `share` of each side, half of it at either end."""
    x, y = int(image.width * share / 2), int(image.height * share / 2)
    return image.crop((x, y, image.width - x, image.height - y))
