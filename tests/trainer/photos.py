"""Training files made of small pictures."""

from __future__ import annotations

import base64
import colorsys
import io
import json
import random
from pathlib import Path

from PIL import Image, ImageDraw


def photo(seed: int = 0, file_format: str = "JPEG", size: tuple[int, int] = (320, 400)) -> bytes:
    """Return a small portrait-like picture as the bytes of its file."""
    chance = random.Random(seed)
    hue = chance.random()
    image = Image.new("RGB", size, _colour(hue, 0.8))
    pen = ImageDraw.Draw(image)
    width, height = size
    pen.ellipse(
        (width * 0.3, height * 0.2, width * 0.7, height * 0.6), fill=_colour(hue + 0.5, 0.6)
    )
    pen.rectangle((width * 0.2, height * 0.62, width * 0.8, height), fill=_colour(hue + 0.3, 0.4))
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()


def example(data: bytes, caption: str = "photo of ann_k7", kind: str = "image/jpeg") -> str:
    """Return one line of a training file."""
    url = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    question = [
        {"type": "text", "text": "Describe this picture."},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    answer = [{"type": "text", "text": caption}]
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages})


def write_dataset(path: Path, photos: int = 4, seed: int = 0) -> Path:
    """Write a training file of so many photos; another seed gives other photos."""
    lines = [example(photo(seed * 1000 + number)) for number in range(photos)]
    path.write_text("\n".join(lines) + "\n")
    return path


def _colour(hue: float, lightness: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, 0.4)
    return round(red * 255), round(green * 255), round(blue * 255)
