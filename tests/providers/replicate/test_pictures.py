"""Pictures on a trained version, and on models that fetch a LoRA."""

from __future__ import annotations

import pytest
import responses

from providers import availability, errors
from providers.availability import generation_options
from providers.catalog import FLUX1_DEV, FLUX2_KLEIN_4B, FLUX2_KLEIN_9B, QWEN_IMAGE
from providers.options import GenerationOption
from providers.replicate.provider import Replicate
from providers.types import Description
from tests.providers.replicate.samples import (
    ADDRESS,
    API,
    HASH,
    OWN,
    change,
    changed_inputs,
    picture_request,
)


def test_pictures_on_the_trained_version_name_its_hash(replicate, wire):
    prepared = replicate.prepare_generation(picture_request(webhook_url="https://us.example/h"))
    call = replicate.generation_call(prepared)
    assert (call.method, call.path) == ("POST", "/predictions")
    assert call.payload == {
        "version": HASH,
        "input": {
            "prompt": "photo of ann_k7 person in a cafe",
            "aspect_ratio": "custom",
            "width": 1024,
            "height": 768,
            "megapixels": "1",
            "num_outputs": 2,
            "output_format": "jpg",
            "output_quality": 95,
            "go_fast": False,
            "lora_scale": 0.9,
            "model": "dev",
            "seed": 7,
        },
        "webhook": "https://us.example/h",
        "webhook_events_filter": ["start", "completed"],
    }


def test_pictures_with_other_weights_go_to_the_runner_of_their_family(replicate, wire):
    prepared = replicate.prepare_generation(picture_request(lora=ADDRESS))
    call = replicate.generation_call(prepared)
    assert call.path == "/models/black-forest-labs/flux-dev-lora/predictions"
    given = call.payload["input"]
    assert (given["lora_weights"], given["lora_scale"]) == (ADDRESS.path, 0.9)
    assert (given["aspect_ratio"], given["num_outputs"]) == ("4:3", 2)
    assert "width" not in given
    assert "version" not in call.payload


@pytest.mark.parametrize(
    ("base_model", "name"),
    [
        (FLUX2_KLEIN_9B, "flux-2-klein-9b-base-lora"),
        (FLUX2_KLEIN_4B, "flux-2-klein-4b-base-lora"),
    ],
)
def test_klein_runner_gets_two_lists_and_only_what_it_knows(replicate, wire, base_model, name):
    request = picture_request(base_model=base_model, lora=ADDRESS, count=1)
    call = replicate.generation_call(replicate.prepare_generation(request))
    assert call.path == f"/models/black-forest-labs/{name}/predictions"
    assert call.payload["input"] == {
        "prompt": "photo of ann_k7 person in a cafe",
        "lora_weights": [ADDRESS.path],
        "lora_scales": [0.9],
        "aspect_ratio": "4:3",
        "output_megapixels": "1",
        "output_format": "jpg",
        "seed": 7,
    }


def test_model_that_makes_one_picture_is_not_paid_for_one_of_four(replicate, wire):
    request = picture_request(base_model=FLUX2_KLEIN_9B, lora=ADDRESS, count=4)
    with pytest.raises(errors.RequestRejectedError, match="one picture"):
        replicate.prepare_generation(request)


def test_runner_that_takes_no_lora_any_more_is_not_used(replicate, wire):
    change(wire, "model_klein_runner", **changed_inputs("model_klein_runner", {"prompt": {}}, []))
    request = picture_request(base_model=FLUX2_KLEIN_9B, lora=ADDRESS, count=1)
    with pytest.raises(errors.TrainerGoneError, match="lora_"):
        replicate.prepare_generation(request)


def test_trained_version_that_was_deleted_is_told_before_anything_is_paid(replicate, wire):
    path = f"{API}/models/acme/theway-loras/versions/{HASH}"
    wire.replace(responses.GET, path, json={"detail": "Not found."}, status=404)
    with pytest.raises(errors.TrainerGoneError):
        replicate.prepare_generation(picture_request())


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ((1024, 1024), "1:1"),
        ((896, 1120), "4:5"),
        ((832, 1248), "2:3"),
        ((768, 1344), "9:16"),
        ((1248, 832), "3:2"),
        ((1344, 768), "16:9"),
    ],
)
def test_every_shape_becomes_the_ratio_of_its_name(replicate, size, ratio):
    request = picture_request(lora=ADDRESS, width=size[0], height=size[1])
    assert replicate.generation_call(request).payload["input"]["aspect_ratio"] == ratio


def test_weights_of_another_trainer_are_not_its_own(replicate):
    assert Replicate.is_own(OWN)
    for ref in ("", "acme/theway-loras", "https://x/finetune/download?ft_id=ft-1", f"{OWN}\n"):
        assert not Replicate.is_own(ref)
    with pytest.raises(errors.UnsupportedFeatureError):
        replicate.generation_call(picture_request(base_model=QWEN_IMAGE, lora=ADDRESS))


DESCRIBED = Description(True, (FLUX1_DEV,), (FLUX1_DEV, FLUX2_KLEIN_9B, QWEN_IMAGE))


def option(family: str, remote_ref: str, *, has_public_url: bool = False) -> GenerationOption:
    described = {"replicate": DESCRIBED, "local": Description(True, (), (FLUX1_DEV,))}
    found = generation_options(family, False, described, remote_ref, has_public_url=has_public_url)
    return {one.provider: one for one in found}["replicate"]


def test_what_was_trained_there_is_drawn_with_there_without_a_public_address():
    found = option("flux1-dev", OWN)
    assert found.is_available
    assert not found.needs_public_url
    assert found.price_usd(2, 1024 * 1024) == pytest.approx(2 * 6 * 0.001525)
    assert option("qwen-image", OWN).is_available


def test_other_weights_need_an_address_from_which_they_can_be_fetched():
    elsewhere = "http://127.0.0.1:1/v1/finetune/download?ft_id=ft-1"
    for family in ("flux1-dev", "flux2-klein-9b"):
        assert option(family, elsewhere).reason == availability.NEEDS_PUBLIC_URL
        assert option(family, elsewhere, has_public_url=True).is_available
    assert option("qwen-image", elsewhere, has_public_url=True).reason == availability.NOT_ITS_OWN
    assert option("flux1-dev", elsewhere, has_public_url=True).price_usd(1, 1) is None


def test_what_was_trained_there_is_not_taken_for_the_bundled_trainers():
    found = generation_options(
        "flux1-dev", False, {"local": Description(True, (), (FLUX1_DEV,))}, OWN
    )
    assert next(one for one in found if one.provider == "local").reason == availability.NOT_ITS_OWN
