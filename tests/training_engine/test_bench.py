"""The benchmark of a step, on tiny models and without a card."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.training
FAMILIES = ("flux1", "flux2-klein", "zimage", "sdxl", "sd15", "qwen-image")


def test_our_step_and_the_plain_one_are_measured_on_every_kind_of_network(torch_side, base_of):
    bases = {family: base_of(family).folder for family in FAMILIES}
    found = torch_side.call("benched", bases=bases)
    assert all(seconds > 0 for measured in found.values() for seconds in measured)
    assert found.keys() == bases.keys()


def test_what_a_step_must_compute_is_counted_without_a_card(torch_side):
    """Forward and back through 0.85 billion weights, most of them used many times."""
    assert torch_side.call("computed", name="stable-diffusion-v1-5/stable-diffusion-v1-5") > 300
