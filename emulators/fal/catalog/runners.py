"""The LoRA endpoints: pictures with trained weights."""

from __future__ import annotations

from emulators.fal.catalog.endpoints import SIZES, Endpoint, Json, Price
from emulators.fal.catalog.fields import choice, flag, integer, link, number, text

MANY = 100  # stands for "any number"
SMALLEST, LARGEST = 64, 2048  # pixels of a side

_LORA: Json = {
    "type": "object",
    "properties": {
        "path": text("Address of the weights, or a Hugging Face repository"),
        "scale": number("Strength", 1.0, 0.0, 4.0),
    },
    "required": ["path"],
}
_MEASURES: Json = {
    "type": "object",
    "properties": {
        "width": integer("Width", 1024, SMALLEST, LARGEST),
        "height": integer("Height", 1024, SMALLEST, LARGEST),
    },
}


def _runner(
    endpoint: str,
    title: str,
    family: str,
    *,
    steps: int = 28,
    guidance: float | None = None,
    picture_format: str = "png",
    usd: float = 0.025,
    max_loras: int = 3,
    has_negative_prompt: bool = False,
    needs_image: bool = False,
) -> Endpoint:
    properties = _common(steps, picture_format, max_loras)
    if guidance is not None:
        properties["guidance_scale"] = number("Guidance", guidance, 0, 20)
    if has_negative_prompt:
        properties["negative_prompt"] = text("What must not be seen", "")
    if needs_image:
        properties["image_url"] = link("The picture to start from")
    return Endpoint(
        id=endpoint,
        title=title,
        category="image-to-image" if needs_image else "text-to-image",
        family=family,
        properties=properties,
        required=("prompt", "image_url") if needs_image else ("prompt",),
        price=Price(usd, "megapixels"),
        max_loras=max_loras,
    )


def _common(steps: int, picture_format: str, max_loras: int) -> dict[str, Json]:
    return {
        "prompt": text("What is to be seen"),
        "loras": {"type": "array", "items": _LORA, "maxItems": max_loras, "default": []},
        "image_size": {
            "anyOf": [{"type": "string", "enum": list(SIZES)}, _MEASURES],
            "default": "landscape_4_3",
        },
        "num_inference_steps": integer("Steps of a picture", steps, 1, 50),
        "num_images": integer("Number of pictures", 1, 1, 4),
        "seed": integer("The same seed gives the same picture", None, 0, 2**63 - 1),
        "output_format": choice("File format", picture_format, "jpeg", "png"),
        "acceleration": choice("Speed against quality", "none", "none", "regular", "high"),
        "enable_safety_checker": flag("Withhold what the checker dislikes", True),
        "sync_mode": flag("Answer with data URIs that are not kept", False),
    }


RUNNERS = (
    _runner(
        "fal-ai/flux-lora",
        "FLUX.1 [dev] with LoRAs",
        "flux1-dev",
        guidance=3.5,
        picture_format="jpeg",
        usd=0.035,
        max_loras=MANY,
    ),
    _runner("fal-ai/flux-2/lora", "FLUX.2 [dev] with LoRAs", "flux2-dev", guidance=2.5, usd=0.021),
    _runner(
        "fal-ai/flux-2/klein/9b/base/lora",
        "FLUX.2 [klein] base 9B with LoRAs",
        "flux2-klein-9b",
        guidance=5,
        has_negative_prompt=True,
    ),
    _runner(
        "fal-ai/flux-2/klein/9b/lora",
        "FLUX.2 [klein] 9B with LoRAs",
        "flux2-klein-9b",
        steps=4,
        guidance=5,
        has_negative_prompt=True,
    ),
    _runner(
        "fal-ai/flux-2/klein/4b/base/lora",
        "FLUX.2 [klein] base 4B with LoRAs",
        "flux2-klein-4b",
        guidance=5,
        has_negative_prompt=True,
    ),
    _runner(
        "fal-ai/flux-2/klein/4b/lora",
        "FLUX.2 [klein] 4B with LoRAs",
        "flux2-klein-4b",
        steps=4,
        guidance=5,
        has_negative_prompt=True,
    ),
    _runner(
        "blackforestlabs/flux-3/klein/base/lora",
        "FLUX 3 Klein base with LoRAs",
        "flux3-klein",
        guidance=4,
        has_negative_prompt=True,
    ),
    _runner(
        "fal-ai/qwen-image-2512/lora",
        "Qwen-Image 2512 with LoRAs",
        "qwen-image-2512",
        guidance=4,
        has_negative_prompt=True,
    ),
    _runner(
        "fal-ai/z-image/base/lora",
        "Z-Image base with LoRAs",
        "zimage",
        guidance=4,
        has_negative_prompt=True,
    ),
    _runner(
        "fal-ai/z-image/turbo/lora", "Z-Image Turbo with LoRAs", "zimage-turbo", steps=8, usd=0.0085
    ),
    _runner("fal-ai/krea-2/turbo/lora", "Krea 2 Turbo with LoRAs", "krea2", steps=8),
    _runner("fal-ai/flux-krea-lora", "FLUX.1 Krea with LoRAs", "flux1-dev", guidance=4.5),
    _runner(
        "fal-ai/flux-kontext-lora",
        "FLUX.1 Kontext with LoRAs",
        "flux1-kontext",
        guidance=2.5,
        needs_image=True,
    ),
)
