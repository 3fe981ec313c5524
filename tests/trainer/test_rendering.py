"""What is on the images."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.trainer.photos import write_dataset
from trainer.engines.base import ImageRequest, Lora
from trainer.engines.simulated import typeface
from trainer.engines.simulated.images import BANNER, INK, render
from trainer.engines.simulated.photos import read_photos


@pytest.fixture
def request_with_lora(tmp_path) -> ImageRequest:
    write_dataset(tmp_path / "dataset.jsonl", photos=6)
    read_photos(tmp_path)
    return ImageRequest(
        model="black-forest-labs/FLUX.1-dev",
        prompt="photo of ann_k7 by the sea",
        width=512,
        height=512,
        seed=1,
        file_format="jpeg",
        loras=(Lora(tmp_path, 1.0),),
    )


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def difference(first: bytes, second: bytes) -> float:
    """Mean difference of two images per channel, 0 to 255."""
    apart = ImageChops.difference(opened(first).convert("RGB"), opened(second).convert("RGB"))
    return sum(ImageStat.Stat(apart).mean) / 3


def test_the_same_request_gives_the_same_bytes(request_with_lora):
    assert render(request_with_lora) == render(request_with_lora)


def test_another_seed_gives_another_image(request_with_lora):
    other = replace(request_with_lora, seed=2)

    assert difference(render(request_with_lora), render(other)) > 5


def test_the_strength_of_the_lora_is_visible(request_with_lora):
    def at(scale: float) -> bytes:
        lora = replace(request_with_lora.loras[0], scale=scale)
        return render(replace(request_with_lora, loras=(lora,)))

    faint, normal, none = at(0.3), at(1.0), render(replace(request_with_lora, loras=()))

    assert difference(faint, normal) > 5
    assert difference(none, normal) > 5


@pytest.mark.parametrize("size", [(256, 256), (1920, 256), (256, 1920), (1024, 768), (1920, 1920)])
@pytest.mark.parametrize("with_photos", [True, False])
def test_every_allowed_size_carries_the_banner(request_with_lora, size, with_photos):
    loras = request_with_lora.loras if with_photos else ()
    request = replace(request_with_lora, width=size[0], height=size[1], loras=loras)

    image = opened(render(request))

    assert image.size == size
    foot = image.crop((0, int(size[1] * 0.6), *size)).convert("RGB")
    dark = sum(
        count
        for count, colour in foot.getcolors(10**7)
        if max(abs(a - b) for a, b in zip(colour, INK, strict=True)) < 12
    )
    assert dark > 800  # the banner's ground, behind its letters


@pytest.mark.parametrize("file_format", ["jpeg", "png"])
def test_the_file_itself_says_that_it_is_simulated(request_with_lora, file_format):
    image = opened(render(replace(request_with_lora, file_format=file_format)))

    comment = image.text["Comment"] if file_format == "png" else image.info["comment"].decode()
    assert comment.startswith(BANNER)
    if file_format == "jpeg":
        assert "SIMULATED" in image.getexif()[0x010E]


@pytest.mark.parametrize(
    "prompt", ["x", "word " * 500, "x" * 4000, "Ünïcødé 你好 🙂", "\n\t", "line\nline"]
)
def test_any_prompt_can_be_written(request_with_lora, prompt):
    assert opened(render(replace(request_with_lora, prompt=prompt))).size == (512, 512)


def test_without_installed_fonts_the_banner_is_plain_letters(monkeypatch):
    monkeypatch.setattr(typeface, "NAMES", ())
    typeface.font.cache_clear()
    try:
        assert typeface.printable(BANNER) == "SIMULATED - not a generated image"
        assert typeface.printable("Zoë") == "Zoe"
    finally:
        typeface.font.cache_clear()


def test_a_long_text_is_shortened_to_its_lines():
    face = typeface.font(16)

    lines = typeface.wrap("word " * 100, face, 200, 2)

    assert len(lines) == 2
    assert all(face.getlength(line) <= 200 for line in lines)
    assert lines[-1].endswith("...")
