"""What models take that make pictures.

Source: replicate/cog-flux, predict.py (2025-07), for FLUX.1. The inputs of the klein runners and
of a trained Qwen version are known from callers only, so that a client has to read the schema.
"""

from __future__ import annotations

from emulators.replicate.inputs import Input
from emulators.replicate.published import Published, Version, made_up_id

RATIOS = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
FORMATS = Input("output_format", "string", "webp", words=("webp", "jpg", "png"))
PROMPT = Input("prompt", "string", is_required=True, about="Prompt for the picture")
SEED = Input("seed", "integer", about="Random seed. Set for reproducible generation")
QUALITY = Input("output_quality", "integer", 80, low=0, high=100)
UNCHECKED = Input("disable_safety_checker", "boolean", False)
OUTPUTS = Input("num_outputs", "integer", 1, low=1, high=4)
STEPS = Input("num_inference_steps", "integer", 28, low=1, high=50)
SCALE = Input("lora_scale", "number", 1, low=-1, high=3)
MEGAPIXELS = Input("megapixels", "string", "1", words=("1", "0.25"))

FLUX_TRAINED = (
    PROMPT,
    Input("image", "uri"),
    Input("mask", "uri"),
    Input("aspect_ratio", "string", "1:1", words=(*RATIOS, "custom")),
    Input("height", "integer", low=256, high=1440),
    Input("width", "integer", low=256, high=1440),
    Input("prompt_strength", "number", 0.8, low=0, high=1),
    Input("model", "string", "dev", words=("dev", "schnell")),
    OUTPUTS,
    STEPS,
    Input("guidance_scale", "number", 3, low=0, high=10),
    SEED,
    FORMATS,
    QUALITY,
    UNCHECKED,
    Input("go_fast", "boolean", False),
    MEGAPIXELS,
    Input("replicate_weights", "string"),
    SCALE,
    Input("extra_lora", "string"),
    Input("extra_lora_scale", "number", 1, low=-1, high=3),
)
QWEN_TRAINED = (
    PROMPT,
    Input("negative_prompt", "string", " "),
    Input("enhance_prompt", "boolean", False),
    Input("aspect_ratio", "string", "16:9", words=("1:1", "16:9", "9:16", "4:3", "3:4", "custom")),
    Input("width", "integer", low=512, high=2048),
    Input("height", "integer", low=512, high=2048),
    Input("num_inference_steps", "integer", 50, low=1, high=50),
    Input("guidance", "number", 4, low=0, high=10),
    SEED,
    FORMATS,
    QUALITY,
    Input("go_fast", "boolean", False),
    UNCHECKED,
    Input("replicate_weights", "string"),
    SCALE,
)
_FLUX_LORA = (
    PROMPT,
    Input("image", "uri"),
    Input("aspect_ratio", "string", "1:1", words=RATIOS),
    Input("prompt_strength", "number", 0.8, low=0, high=1),
    OUTPUTS,
    STEPS,
    Input("guidance", "number", 3, low=0, high=10),
    SEED,
    FORMATS,
    QUALITY,
    UNCHECKED,
    Input("go_fast", "boolean", True),
    MEGAPIXELS,
    Input("lora_weights", "string"),
    SCALE,
    Input("extra_lora", "string"),
    Input("extra_lora_scale", "number", 1, low=-1, high=3),
    Input("hf_api_token", "string"),
    Input("civitai_api_token", "string"),
)
_KLEIN = (
    PROMPT,
    Input("lora_weights", "strings", about="LoRA weights, each a URL or a model"),
    Input("lora_scales", "numbers", about="As many strengths as there are weights"),
    Input("aspect_ratio", "string", "1:1", words=RATIOS),
    Input("output_megapixels", "string", "1", words=("0.25", "0.5", "1", "2", "4")),
    Input("guidance", "number", 4, low=0, high=10),
    STEPS,
    SEED,
    Input("output_format", "string", "jpg", words=("webp", "jpg", "png")),
    QUALITY,
    UNCHECKED,
    Input("go_fast", "boolean", False),
)


def _official(name: str, about: str, inputs: tuple[Input, ...]) -> Published:
    version = Version(made_up_id(name), "2026-01-20T10:00:00.000000Z", inputs)
    return Published(name, about, (version,))


RUNNERS = tuple(
    _official(f"black-forest-labs/{name}", about, inputs)
    for name, about, inputs in (
        ("flux-dev-lora", "FLUX.1 dev with a LoRA", _FLUX_LORA),
        ("flux-2-klein-9b-base-lora", "FLUX.2 klein base 9B with LoRAs", _KLEIN),
        ("flux-2-klein-4b-base-lora", "FLUX.2 klein base 4B with LoRAs", _KLEIN),
    )
)
