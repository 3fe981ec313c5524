"""Makes any picture one of eight bits without alpha: grey, RGB or CMYK."""

from __future__ import annotations

from PIL import Image

_WHITE = (255, 255, 255)
_GREYS = 2**16
_PLAIN = {"L", "RGB", "CMYK"}


def is_plain(image: Image.Image) -> bool:
    """Whether nothing is left to do."""
    return image.mode in _PLAIN and not image.has_transparency_data


def in_eight_bits(image: Image.Image) -> Image.Image:
    """Expand palettes, scale 16-bit greys down; keep what has eight bits."""
    if image.mode.startswith("I"):
        return _eight_bit_grey(image)
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


def _eight_bit_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit greys down. The one that is transparent (PNG, 11.3.1.1) becomes white here,
    while it can be told from those that are nearly alike."""
    deep = image.convert("I")
    # Pillow clips on conversion; a 16-bit grey has to be divided.
    grey = deep.point(lambda grey: grey / 256).convert("L")
    clear = grey.info.pop("transparency", image.info.get("transparency"))
    if isinstance(clear, int):
        is_clear = [0] * _GREYS
        is_clear[clear] = 255
        grey.paste(255, mask=deep.point(is_clear, "L"))
    return grey
