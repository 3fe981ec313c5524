"""Makes any picture one of eight bits without alpha: grey, RGB or CMYK."""

from __future__ import annotations

from PIL import Image

_WHITE = (255, 255, 255)
_PLAIN = {"L", "RGB", "CMYK"}


def is_plain(image: Image.Image) -> bool:
    """Whether nothing is left to do."""
    return image.mode in _PLAIN and not image.has_transparency_data


def in_eight_bits(image: Image.Image) -> Image.Image:
    """Expand palettes, scale 16-bit greys down; keep what has eight bits."""
    if image.mode.startswith("I"):
        # Pillow clips on conversion; a 16-bit grey has to be divided.
        return image.convert("I").point(lambda grey: grey / 256).convert("L")
    if image.has_transparency_data or image.mode in _PLAIN:
        return image
    return image.convert("RGB")


def opaque(image: Image.Image) -> Image.Image:
    """Put a transparent picture on white: trainers have no alpha channel."""
    if not image.has_transparency_data:
        return image
    layer = image.convert("RGBA")
    background = Image.new("RGB", layer.size, _WHITE)
    background.paste(layer, mask=layer.getchannel("A"))
    return background
