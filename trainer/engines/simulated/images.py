"""Stand-in images that are labelled as such: an arrangement of the training photos' colours.

The seed decides arrangement and backdrop; the strength of the LoRA decides how present the
colours are, from a hint at 0.2 to full at 1 and beyond.
"""

from __future__ import annotations

import colorsys
import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from PIL.PngImagePlugin import PngInfo

from trainer.engines.base import ImageRequest
from trainer.engines.simulated.photos import kept_swatches
from trainer.engines.simulated.typeface import font, printable, wrap

BANNER = "SIMULATED — not a generated image"
INK = (28, 27, 26)
PAPER = (250, 249, 247)
EXIF_DESCRIPTION, EXIF_SOFTWARE = 0x010E, 0x0131
SOFTWARE = "Simulated engine"


@dataclass(frozen=True, slots=True)
class Swatch:
    """The colours of a training photo and how strongly they show."""

    image: Image.Image
    scale: float


def render(request: ImageRequest) -> bytes:
    """Return one image as the bytes of a JPEG or PNG; the same request gives the same bytes."""
    rng = random.Random(f"{request.seed}|{request.prompt}|{request.model}")  # noqa: S311
    swatches = _swatches(request, rng)
    canvas = _backdrop(request, swatches, rng)
    if swatches:
        _arrange(canvas, swatches, rng)
    _draw_banner(canvas, request.prompt)
    return _encode(canvas, request)


def _swatches(request: ImageRequest, rng: random.Random) -> list[Swatch]:
    found = []
    for lora in request.loras:
        swatches = kept_swatches(lora.folder)
        rng.shuffle(swatches)
        found += [Swatch(image, lora.scale) for image in swatches if lora.scale > 0]
    return found


def _backdrop(request: ImageRequest, swatches: list[Swatch], rng: random.Random) -> Image.Image:
    """Four soft colours running into each other, over them those of the first photo."""
    size = (request.width, request.height)
    hue = rng.random()
    corners = Image.new("RGB", (2, 2))
    for corner in range(4):
        corners.putpixel((corner % 2, corner // 2), _soft_colour(hue + rng.uniform(-0.08, 0.12)))
    canvas = corners.resize((64, 64), Image.Resampling.BICUBIC)
    if swatches:
        blurred = swatches[0].image.resize(canvas.size, Image.Resampling.BICUBIC)
        canvas = Image.blend(canvas, blurred, min(0.75, 0.6 * swatches[0].scale))
    else:
        canvas = _circles(canvas.resize((256, 256), Image.Resampling.BICUBIC), hue, rng)
    return canvas.resize(size, Image.Resampling.BICUBIC)


def _circles(canvas: Image.Image, hue: float, rng: random.Random) -> Image.Image:
    light = canvas.copy()
    pen = ImageDraw.Draw(light)
    for _ in range(7):
        x, y, radius = rng.uniform(0, 256), rng.uniform(0, 256), rng.uniform(18, 70)
        colour = _soft_colour(hue + rng.uniform(-0.2, 0.2))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return Image.blend(canvas, light.filter(ImageFilter.GaussianBlur(9)), 0.8)


def _soft_colour(hue: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, 0.78, 0.34)
    return round(red * 255), round(green * 255), round(blue * 255)


def _arrange(canvas: Image.Image, swatches: list[Swatch], rng: random.Random) -> None:
    """Arrange the colours of the photos in a grid, above the space for the text."""
    columns, rows = _grid(canvas.width / canvas.height, len(swatches), rng)
    margin = max(8, min(canvas.size) // 18)
    gap = margin // 2
    text = round(min(canvas.size) * 0.24)
    space = (canvas.width - 2 * margin, canvas.height - text - margin)
    width = (space[0] - gap * (columns - 1)) // columns
    height = (space[1] - gap * (rows - 1)) // rows
    for place in range(columns * rows):
        x = margin + place % columns * (width + gap)
        y = margin + place // columns * (height + gap)
        _paste(canvas, swatches[place % len(swatches)], (x, y, width, height))


def _grid(ratio: float, swatches: int, rng: random.Random) -> tuple[int, int]:
    """Choose columns and rows that suit the image's shape and need none twice."""
    if ratio > 1.25:
        shapes = [(1, 1), (2, 1), (3, 1), (3, 2)]
    elif ratio < 0.8:
        shapes = [(1, 1), (1, 2), (2, 2), (2, 3)]
    else:
        shapes = [(1, 1), (2, 1), (2, 2), (3, 2)]
    return rng.choice([shape for shape in shapes if shape[0] * shape[1] <= swatches])


def _paste(canvas: Image.Image, swatch: Swatch, box: tuple[int, int, int, int]) -> None:
    x, y, width, height = box
    card = swatch.image.resize((width, height), Image.Resampling.BICUBIC)
    card = ImageEnhance.Color(card).enhance(0.15 + 0.85 * swatch.scale)
    opacity = round(255 * min(1.0, 0.2 + 0.8 * swatch.scale))
    _shadow(canvas, box, opacity)
    canvas.paste(card, (x, y), _rounded(width, height, opacity))


def _rounded(width: int, height: int, opacity: int) -> Image.Image:
    # Drawn twice as large and shrunk: Pillow's own corners are jagged.
    mask = Image.new("L", (width * 2, height * 2))
    radius = max(4, min(width, height) // 20)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, width * 2 - 1, height * 2 - 1), radius * 2, fill=opacity
    )
    return mask.resize((width, height), Image.Resampling.BILINEAR)


def _shadow(canvas: Image.Image, box: tuple[int, int, int, int], opacity: int) -> None:
    x, y, width, height = box
    small = Image.new("L", (canvas.width // 8 + 1, canvas.height // 8 + 1))
    drop = max(2, min(width, height) // 40)
    ImageDraw.Draw(small).rectangle(
        (x // 8, (y + drop) // 8, (x + width) // 8, (y + height + drop) // 8), fill=opacity // 4
    )
    soft = small.filter(ImageFilter.GaussianBlur(2)).resize(canvas.size, Image.Resampling.BILINEAR)
    canvas.paste(INK, (0, 0), soft)


def _draw_banner(canvas: Image.Image, prompt: str) -> None:
    """The banner at the foot, as wide as it needs; the prompt above it on a light background."""
    pen = ImageDraw.Draw(canvas, "RGBA")
    margin = max(6, min(canvas.size) // 24)
    face = font(_banner_size(canvas.width - 4 * margin))
    text = printable(BANNER)
    line = round(face.size * 1.3)
    middle, foot = canvas.width / 2, canvas.height - margin
    half = face.getlength(text) / 2 + margin
    pen.rounded_rectangle((middle - half, foot - line * 1.6, middle + half, foot), line * 0.8, INK)
    pen.text((middle, foot - line * 0.8), text, font=face, fill=PAPER, anchor="mm")
    _draw_prompt(canvas, prompt, foot - line * 1.6 - margin * 0.6)


def _banner_size(width: float) -> int:
    """Return the largest comfortable size at which the banner fits into `width` pixels."""
    for size in range(34, 7, -1):
        if font(size).getlength(printable(BANNER)) <= width:
            return size
    return 7


def _draw_prompt(canvas: Image.Image, prompt: str, foot: float) -> None:
    size = max(10, min(26, min(canvas.size) // 38))
    face = font(size)
    width = canvas.width * 0.84
    lines = wrap(prompt, face, width, 2)
    if not any(lines):
        return
    line = size * 1.4
    half = max(face.getlength(text) for text in lines) / 2 + size
    top = foot - line * len(lines) - size * 0.7
    pen = ImageDraw.Draw(canvas, "RGBA")
    middle = canvas.width / 2
    pen.rounded_rectangle((middle - half, top, middle + half, foot), size * 0.7, (*PAPER, 225))
    for number, text in enumerate(lines):
        height = top + size * 0.35 + line * (number + 0.5)
        pen.text((middle, height), text, font=face, fill=INK, anchor="mm")


def _encode(canvas: Image.Image, request: ImageRequest) -> bytes:
    buffer = io.BytesIO()
    note = f"{BANNER}; requested from {request.model}, seed {request.seed}"
    if request.file_format == "png":
        text = PngInfo()
        text.add_itxt("Comment", note)
        text.add_text("Software", SOFTWARE)
        canvas.save(buffer, "PNG", pnginfo=text, compress_level=3)
    else:
        exif = Image.Exif()
        exif[EXIF_DESCRIPTION] = note.replace("—", "-")  # this EXIF field is ASCII
        exif[EXIF_SOFTWARE] = SOFTWARE
        canvas.save(buffer, "JPEG", quality=88, exif=exif, comment=note.encode())
    return buffer.getvalue()
