"""The trainers, each with the names and defaults of its own.

Source: the types of fal's JavaScript client and the model pages, 2026-05 to 2026-11. Defaults that
the types take from another endpoint are worthless, which is why clients send steps and rate.
"""

from __future__ import annotations

from typing import Any

from emulators.fal.catalog.endpoints import DatasetRules, Endpoint, Json, Price
from emulators.fal.catalog.fields import choice, flag, integer, link, number, text

OPTIONAL_CAPTIONS = {"needs_captions": False}


def _trainer(
    endpoint: str,
    title: str,
    family: str,
    *,
    steps: Json,
    price: Price,
    rate: float | None = None,
    caption: str = "default_caption",
    zip_field: str = "image_data_url",
    result: str = "diffusers_lora_file",
    rules: dict[str, Any] | None = None,
    others: dict[str, Json] | None = None,
    required: tuple[str, ...] = (),
    is_deprecated: bool = False,
) -> Endpoint:
    properties = {
        zip_field: link("ZIP archive with the photos and, beside them, their captions"),
        caption: text("Stands in for the captions of photos that have none"),
        "steps": steps,
        **(others or {}),
    }
    if rate is not None:
        properties["learning_rate"] = number("Learning rate", rate, 0.000001, 0.1)
    return Endpoint(
        id=endpoint,
        title=title,
        category="training",
        family=family,
        properties=properties,
        required=(zip_field, *required),
        price=price,
        result_field=result,
        zip_field=zip_field,
        rules=DatasetRules(caption, **(rules or {})),
        is_deprecated=is_deprecated,
    )


def _steps(default: int, low: int = 1, high: int = 10_000) -> Json:
    return integer("Number of training steps", default, low, high)


def _per_step(usd: float, least: int = 0) -> Price:
    return Price(usd, "steps", least=least)


_LORA_FORMAT = {"output_lora_format": choice("Names of the tensors", "fal", "fal", "comfy")}
_ARCHIVE = {"data_archive_format": text("Format of the archive, from its name if left out")}

TRAINERS = (
    _trainer(
        "fal-ai/flux-lora-fast-training",
        "Train FLUX LoRA, fast",
        "flux1-dev",
        zip_field="images_data_url",
        caption="trigger_word",
        steps=_steps(1000),
        price=Price(0.02, "units", per_unit=10),
        rules={**OPTIONAL_CAPTIONS, "least_photos": 4},
        others={
            "create_masks": flag("Segment the subject", True),
            "is_style": flag("Train a style: no masks, no captions", False),
            "is_input_format_already_preprocessed": flag("The archive is preprocessed", False),
            **_ARCHIVE,
        },
    ),
    _trainer(
        "fal-ai/flux-lora-portrait-trainer",
        "Train FLUX LoRA for portraits",
        "flux1-dev",
        zip_field="images_data_url",
        caption="trigger_phrase",
        steps=_steps(2500),
        rate=0.00009,
        price=Price(0.024, "units", per_unit=10),
        rules=OPTIONAL_CAPTIONS,
        others={
            "multiresolution_training": flag("Train at several resolutions", True),
            "subject_crop": flag("Crop to the subject", True),
            "create_masks": flag("Segment the subject", False),
            "resume_from_checkpoint": text("A LoRA to continue from", ""),
            **_ARCHIVE,
        },
    ),
    _trainer(
        "fal-ai/turbo-flux-trainer",
        "Train FLUX LoRA, turbo",
        "flux1-dev",
        zip_field="images_data_url",
        caption="trigger_phrase",
        steps=_steps(1000),
        rate=0.00115,
        price=_per_step(0.0024),
        rules=OPTIONAL_CAPTIONS,
        others={
            "training_style": choice("What is trained", "subject", "subject", "style"),
            "face_crop": flag("Crop to the face", True),
        },
    ),
    _trainer(
        "fal-ai/flux-2-trainer",
        "FLUX.2 [dev] trainer",
        "flux2-dev",
        steps=_steps(1000),
        rate=0.00005,
        price=_per_step(0.0064),
        others=_LORA_FORMAT,
    ),
    _trainer(
        "fal-ai/flux-2-trainer-v2",
        "FLUX.2 [dev] trainer v2",
        "flux2-dev",
        steps=_steps(1000),
        rate=0.00005,
        price=_per_step(0.008),
        others=_LORA_FORMAT,
    ),
    _trainer(
        "fal-ai/flux-2-klein-9b-base-trainer",
        "FLUX.2 [klein] base 9B trainer",
        "flux2-klein-9b",
        steps=_steps(1000),
        rate=0.00005,
        price=_per_step(0.0043),
        others=_LORA_FORMAT,
    ),
    _trainer(
        "fal-ai/flux-2-klein-4b-base-trainer",
        "FLUX.2 [klein] base 4B trainer",
        "flux2-klein-4b",
        steps=_steps(1000),
        rate=0.00005,
        price=_per_step(0.0046),
        others=_LORA_FORMAT,
    ),
    _trainer(
        "blackforestlabs/flux-3/klein/base/trainer",
        "FLUX.3 [klein] base trainer",
        "flux3-klein",
        zip_field="images_data_url",
        caption="trigger_phrase",
        steps=_steps(1000, 100, 10_000),
        rate=0.0001,
        price=_per_step(0.0043, least=100),
        result="lora_file",
        others={"resolution": choice("Longest side", "1024", "512", "768", "1024")},
    ),
    _trainer(
        "fal-ai/z-image-turbo-trainer-v2",
        "Z-Image Turbo trainer v2",
        "zimage-turbo",
        steps=_steps(1000),
        rate=0.0005,
        price=_per_step(0.00085),
    ),
    _trainer(
        "fal-ai/z-image-trainer",
        "Z-Image Turbo trainer",
        "zimage-turbo",
        steps=_steps(1000, 100, 10_000),
        rate=0.0001,
        price=_per_step(0.00226),
        others={
            "training_type": choice("Emphasis", "balanced", "content", "style", "balanced"),
        },
    ),
    _trainer(
        "fal-ai/z-image-base-trainer",
        "Z-Image base trainer",
        "zimage",
        steps=_steps(2000),
        rate=0.0005,
        price=_per_step(0.0025),
        is_deprecated=True,
    ),
    _trainer(
        "fal-ai/qwen-image-2512-trainer",
        "Qwen-Image 2512 trainer",
        "qwen-image-2512",
        steps=_steps(1000),
        rate=0.0005,
        price=_per_step(0.002),
    ),
    _trainer(
        "fal-ai/qwen-image-2512-trainer-v2",
        "Qwen-Image 2512 trainer v2",
        "qwen-image-2512",
        steps=_steps(2000, 10, 40_000),
        rate=0.0005,
        price=_per_step(0.00095, least=500),
    ),
    _trainer(
        "fal-ai/krea-2-trainer",
        "Krea 2 trainer",
        "krea2",
        zip_field="images_data_url",
        caption="trigger_phrase",
        steps=_steps(100),
        rate=0.0005,
        price=_per_step(0.003, least=100),
        result="lora_file",
        others={
            "auto_captioning": choice(
                "Captions made for you", "Off", "Off", "Object/Character", "Style", "Custom"
            ),
            "resolution": choice("Side of the squares", "1024", "768", "1024"),
            "debug_dataset": flag("Return the prepared photos", False),
        },
    ),
    _trainer(
        "fal-ai/ernie-image-trainer",
        "ERNIE-Image trainer",
        "ernie-image",
        zip_field="images_data_url",
        steps=_steps(2000),
        rate=0.0005,
        price=_per_step(0.002),
    ),
    _trainer(
        "fal-ai/wan-22-image-trainer",
        "Wan 2.2 image trainer",
        "wan22-image",
        zip_field="training_data_url",
        caption="trigger_phrase",
        steps=_steps(1000, 10, 6000),
        rate=0.0007,
        price=_per_step(0.0045),
        rules=OPTIONAL_CAPTIONS,
        required=("trigger_phrase",),
        others={
            "use_masks": flag("Segment the subject", True),
            "use_face_detection": flag("Crop to the face", True),
        },
    ),
    _trainer(
        "ideogram/v4/trainer",
        "Ideogram 4 trainer",
        "ideogram4",
        zip_field="images_data_url",
        steps=_steps(1000),
        rate=0.0001,
        price=_per_step(0.005),
        others={"resolution": text("Longest side, or auto", "auto")},
    ),
)
