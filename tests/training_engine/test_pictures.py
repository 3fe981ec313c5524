"""Pictures: the same seed, two LoRAs, what must not be there, what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from trainer.engines.diffusers.protocol import DrawOrder, Picture

pytestmark = pytest.mark.training
PICTURE = Picture("photo of zorbik shape", 128, 128, 1, "png", steps=4)


def file_of(run) -> Path:
    return Path(run.folder) / "adapter.safetensors"


@pytest.mark.parametrize("family", ["flux1", "sdxl"])
def test_two_loras_work_together_each_at_its_strength(family, trained, torch_side, order, draw):
    first, second = trained(family), order(family, steps=15, seed=2)
    assert torch_side.follow(second).is_done
    base, one, other = first.base, file_of(first), file_of(second)
    both = draw(base, (one, 1.0), (other, 1.0))
    assert both not in (draw(base, (one, 1.0)), draw(base, (other, 1.0)))
    assert draw(base, (one, 1.0), (other, 0.0)) == draw(base, (one, 1.0))
    assert draw(base, (one, 0.0), (other, 0.0)) == draw(base)


def test_a_child_that_goes_on_draws_the_next_picture_without_the_last_ones_lora(
    trained, torch_side, draw, tmp_path
):
    run = trained("sdxl")
    orders = [
        DrawOrder(run.base, replace(PICTURE, loras=loras), str(tmp_path / f"{number}.png"))
        for number, loras in enumerate(((), ((str(file_of(run)), 1.0),), ()))
    ]
    told = torch_side.follow(*orders)
    assert [message.done for message in told.messages] == [True, True, True]
    before, during, after = (Path(order.target).read_bytes() for order in orders)
    assert before == after != during


def test_the_same_seed_gives_the_same_picture_and_another_another(base_of, draw):
    base = base_of("sdxl")
    assert draw(base, seed=5) == draw(base, seed=5) != draw(base, seed=6)


@pytest.mark.parametrize("family", ["flux2-klein", "zimage", "sdxl", "sd15", "qwen-image"])
def test_what_must_not_be_there_guidance_and_steps_change_a_picture(family, base_of, draw):
    base = base_of(family)
    usual = draw(base)
    assert draw(base, negative_prompt="a red circle") != usual
    assert draw(base, guidance=9.0) != usual
    assert draw(base, steps=6) != usual


def test_a_model_without_negative_prompts_draws_all_the_same(base_of, draw):
    base = base_of("flux1")
    assert draw(base, negative_prompt="a red circle") == draw(base)


def test_a_lora_of_another_model_is_refused(trained, base_of, draw):
    assert draw(base_of("flux1"), (file_of(trained("sd15")), 1.0)) == "unfit"


def test_a_black_picture_is_an_error(base_of, draw):
    assert draw(base_of("sd15"), mischief="black_pictures") == "blank_picture"


@pytest.mark.parametrize("family", ["flux1", "sdxl"])
def test_text_encoders_that_the_card_is_too_small_for_work_on_the_processor(
    family, base_of, draw, torch_side, tmp_path
):
    """The same picture, and the second time the card is not tried again."""
    base = base_of(family)
    told = {"family": family, "base": base.folder, "target": str(tmp_path / "p"), "count": 2}
    where = torch_side.call("drawn_beside_a_small_card", **told)
    assert where == ["card", "processor", "processor", "processor"]
    usual = draw(base)
    for number in range(2):
        with Image.open(tmp_path / f"p{number}") as image:
            assert image.convert("RGB") == usual


def test_captions_are_encoded_on_the_processor_where_the_card_is_too_small(
    base_of, torch_side, tmp_path
):
    told = {"folder": str(tmp_path), "family": "flux1", "base": base_of("flux1").folder}
    where = torch_side.call("encoded_beside_a_small_card", **told)
    assert where == ["card", *["processor"] * 4]  # a caption, the empty one, two samples
