"""The published networks, by their configurations: which layers learn, what a LoRA of them weighs,
and how much of them fewer bits hold."""

from __future__ import annotations

import pytest

from trainer.engines.diffusers.known import KNOWN

pytestmark = pytest.mark.training

# How many layers of attention and feed-forward learn; the MiB of their LoRA at rank 16 in 16 bits.
EXPECTED = {
    "black-forest-labs/FLUX.1-dev": (19 * 12 + 38 * 5, 124.7),
    "black-forest-labs/FLUX.1-schnell": (19 * 12 + 38 * 5, 124.7),
    "black-forest-labs/FLUX.2-klein-base-4B": (5 * 12 + 20 * 2, 46),
    "black-forest-labs/FLUX.2-klein-base-9B": (8 * 12 + 24 * 2, 83),
    "Tongyi-MAI/Z-Image": (34 * 7, 75.7),
    "Qwen/Qwen-Image": (60 * 12, 202.5),
    "stabilityai/stable-diffusion-xl-base-1.0": (70 * 8, 44.4),
    "stable-diffusion-v1-5/stable-diffusion-v1-5": (16 * 8, 6.1),
}
# With the blocks' modulation, as others train and publish them: FLUX.1's files have 172 MB.
WITH_MODULATION = {
    "black-forest-labs/FLUX.1-dev": (19 * 14 + 38 * 6, 164),
    "Qwen/Qwen-Image": (60 * 14, 281),
}


@pytest.fixture(scope="session")
def measured(torch_side):
    return torch_side.call("measured", names=list(EXPECTED))


@pytest.mark.parametrize("name", EXPECTED)
def test_all_that_shall_learn_is_found_in_the_published_network(name, measured):
    found = measured[name]
    layers, mebibytes = EXPECTED[name]
    assert found["layers"] == layers
    assert found["mebibytes"] == pytest.approx(mebibytes, abs=0.6)
    assert mebibytes <= KNOWN[name].lora_mib <= mebibytes + 1  # of the disk


@pytest.mark.parametrize("name", WITH_MODULATION)
def test_all_layers_of_the_blocks_are_those_that_others_train(name, measured):
    layers, mebibytes = WITH_MODULATION[name]
    assert measured[name]["in_blocks"] == layers
    assert measured[name]["mebibytes_in_blocks"] == pytest.approx(mebibytes, abs=0.6)


@pytest.mark.parametrize("name", EXPECTED)
def test_memory_is_foretold_from_the_published_size(name, measured):
    assert measured[name]["billions"] == pytest.approx(KNOWN[name].parameters, rel=0.02)


@pytest.mark.parametrize("name", [name for name in EXPECTED if "stable" not in name])
def test_fewer_bits_hold_nearly_all_of_a_transformer(name, measured):
    assert measured[name]["quantised"] > 0.94
