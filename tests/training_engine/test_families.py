"""Every family, on a tiny random model: does training ask what drawing asks, and does it learn?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

FAMILIES = ("flux1", "flux2-klein", "zimage", "sdxl", "sd15", "qwen-image")
pytestmark = [pytest.mark.training, pytest.mark.parametrize("family", FAMILIES)]

CLOSE = 1e-4


def test_training_asks_the_network_as_the_published_pipeline_does(family, torch_side, base_of):
    """Sigmas, signs, ids, masks, guidance, sizes: every argument, and what is the answer."""
    found = torch_side.call("differences_in_asking", family=family, base=base_of(family).folder)
    assert {name: value for name, value in found.items() if not value < CLOSE} == {}


def test_photos_are_encoded_as_the_published_pipeline_decodes(family, torch_side, base_of):
    found = torch_side.call("difference_in_decoding", family=family, base=base_of(family).folder)
    assert found < CLOSE


def test_a_sample_on_the_way_is_the_picture_that_its_words_give(family, torch_side, base_of):
    found = torch_side.call("difference_in_drawing", family=family, base=base_of(family).folder)
    assert found <= 1


def test_what_is_learned_shows_in_a_new_pipeline_by_its_strength(family, torch_side, trained, draw):
    """The photo must be answered better, by the file alone."""
    run = trained(family)
    file = Path(run.folder) / "adapter.safetensors"
    before, after = torch_side.call(
        "errors", family=family, folder=run.folder, base=run.base.folder, lora=str(file)
    )
    assert after < 0.99 * before
    base = np.asarray(draw(run.base), float)
    off, weak, strong = (
        np.abs(np.asarray(draw(run.base, (file, strength)), float) - base).mean()
        for strength in (0.0, 0.5, 1.0)
    )
    assert off == 0
    assert 0 < weak < strong


def test_the_file_has_one_rank_and_names_that_others_read(family, trained):
    run = trained(family)
    found = load_file(Path(run.folder) / "adapter.safetensors")
    part = "unet" if family.startswith("sd") else "transformer"
    assert all(name.startswith(f"{part}.") for name in found)
    downs = [name for name in found if name.endswith(".lora_A.weight")]
    assert {found[name].shape[0] for name in downs} == {run.recipe.rank}
    assert len(found) == 2 * len(downs)
    assert all(math.isfinite(float(value.sum())) for value in found.values())
    kohya = Path(run.folder) / "adapter.kohya.safetensors"
    assert kohya.exists() == family.startswith("sd")
