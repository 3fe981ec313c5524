"""Every trainer with the names, rules and results of its own."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest
import safetensors.numpy

from emulators.fal.catalog.trainers import TRAINERS
from tests.emulators.fal.process import Fal, dataset

pytestmark = pytest.mark.service

RESULTS = {
    "fal-ai/krea-2-trainer": "lora_file",
    "blackforestlabs/flux-3/klein/base/trainer": "lora_file",
}
PLURAL = {
    "fal-ai/flux-lora-fast-training",
    "fal-ai/flux-lora-portrait-trainer",
    "fal-ai/turbo-flux-trainer",
    "fal-ai/krea-2-trainer",
    "fal-ai/ernie-image-trainer",
    "blackforestlabs/flux-3/klein/base/trainer",
    "ideogram/v4/trainer",
}
WITHOUT_CAPTIONS = {
    "fal-ai/flux-lora-fast-training",
    "fal-ai/flux-lora-portrait-trainer",
    "fal-ai/turbo-flux-trainer",
    "fal-ai/wan-22-image-trainer",
}


def with_broken_photo() -> bytes:
    buffer = io.BytesIO(dataset())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("999.jpg", b"no photo")
    return buffer.getvalue()


def zip_field(trainer: str) -> str:
    if trainer == "fal-ai/wan-22-image-trainer":
        return "training_data_url"
    return "images_data_url" if trainer in PLURAL else "image_data_url"


def values(fal: Fal, trainer: str, data: bytes, **others: object) -> dict:
    given = {zip_field(trainer): fal.upload(data), "steps": 100, **others}
    if trainer == "fal-ai/wan-22-image-trainer":
        given["trigger_phrase"] = "TOK"
    return given


@pytest.mark.parametrize("trainer", [endpoint.id for endpoint in TRAINERS])
def test_a_trainer_takes_its_own_names_and_returns_weights_under_its_own(fal, trainer):
    submitted = fal.submit(trainer, values(fal, trainer, dataset()))

    result = fal.result(submitted).json()

    file = result[RESULTS.get(trainer, "diffusers_lora_file")]
    weights = fal.http.get(file["url"]).content
    assert safetensors.numpy.load(weights)
    assert b'"simulated":"true"' in weights
    assert len(result) == 2


@pytest.mark.parametrize("trainer", [endpoint.id for endpoint in TRAINERS])
def test_photos_without_captions_fail_where_the_page_says_so(fal, trainer):
    submitted = fal.submit(trainer, values(fal, trainer, dataset(captions=False)))

    result = fal.result(submitted)

    if trainer in WITHOUT_CAPTIONS:
        assert result.status_code == 200
        return
    assert (result.status_code, fal.status(submitted).json()["status"]) == (422, "COMPLETED")
    [found] = result.json()["detail"]
    assert (found["type"], found["loc"]) == ("value_error", ["body", zip_field(trainer)])
    assert "No caption for 000.jpg (4 in all)" in found["msg"]
    assert result.headers["X-Fal-Retryable"] == "false"


@pytest.mark.parametrize(
    ("trainer", "caption"),
    [
        ("fal-ai/flux-2-trainer", {"default_caption": "photo of TOK"}),
        ("fal-ai/krea-2-trainer", {"trigger_phrase": "TOK"}),
        ("fal-ai/krea-2-trainer", {"auto_captioning": "Style"}),
        ("blackforestlabs/flux-3/klein/base/trainer", {"trigger_phrase": "TOK"}),
    ],
)
def test_a_default_caption_stands_in(fal, trainer, caption):
    given = values(fal, trainer, dataset(captions=False), **caption)

    assert fal.result(fal.submit(trainer, given)).status_code == 200


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"no archive", "invalid_archive"),
        (dataset(0), "invalid_archive"),
        (with_broken_photo(), "image_load_error"),
    ],
)
def test_a_bad_archive_fails_the_job(fal, data, kind):
    submitted = fal.submit("fal-ai/flux-2-trainer", values(fal, "fal-ai/flux-2-trainer", data))

    assert fal.result(submitted).json()["detail"][0]["type"] == kind


def test_too_few_photos_fail_the_trainer_that_names_a_least_number(fal):
    trainer = "fal-ai/flux-lora-fast-training"
    submitted = fal.submit(trainer, values(fal, trainer, dataset(3)))

    assert fal.result(submitted).json()["detail"][0]["type"] == "archive_file_count_below_minimum"


def test_a_dataset_that_is_forbidden_or_gone_cannot_be_downloaded(fal):
    acl = '{"expiration_duration_seconds": 86400, "initial_acl": {"default": "forbid"}}'
    forbidden = fal.upload(dataset(), {"X-Fal-Object-Lifecycle": acl})
    for url in (forbidden, "http://127.0.0.1:9/set.zip", "nonsense"):
        submitted = fal.submit("fal-ai/flux-2-trainer", {"image_data_url": url, "steps": 100})
        failed = fal.result(submitted)

        assert failed.json()["detail"][0]["type"] == "file_download_error"


def test_a_dataset_may_be_a_data_uri(fal):

    uri = f"data:application/zip;base64,{base64.b64encode(dataset()).decode()}"
    submitted = fal.submit("fal-ai/flux-2-trainer", {"image_data_url": uri, "steps": 100})

    assert fal.result(submitted).status_code == 200


@pytest.mark.parametrize(
    ("trainer", "steps", "units", "usd"),
    [
        ("fal-ai/flux-lora-fast-training", 1000, "100", 2.0),
        ("fal-ai/z-image-turbo-trainer-v2", 1000, "1000", 0.85),
        ("fal-ai/qwen-image-2512-trainer-v2", 100, "500", 0.475),
    ],
)
def test_a_training_is_billed_in_units_that_are_not_always_steps(fal, trainer, steps, units, usd):
    submitted = fal.submit(trainer, values(fal, trainer, dataset()) | {"steps": steps})

    result = fal.result(submitted)

    query = {"request_id": submitted["request_id"]}
    [event] = fal.http.get("/v1/models/billing-events", params=query).json()["billing_events"]
    assert result.headers["x-fal-billable-units"] == units
    assert event["cost_total"] == pytest.approx(usd)
    assert event["cost_estimate_nano_usd"] == round(usd * 1e9)


def test_photos_are_not_kept_after_they_were_read(fal):
    fal.result(fal.train())

    kept = [path for path in (fal.process.folder / "colours").rglob("*") if path.is_file()]

    assert kept
    assert {path.name for path in kept} == {"colours.json"}
