"""The trainers, and what they take.

Sources: replicate/flux-fine-tuner, train.py (2025-06), for ostris; replicate/
qwen-image-lora-trainer, train.py (2025-08). fast-flux-trainer is known from callers only, who call
its number of steps by two names: its two versions differ in that.
"""

from __future__ import annotations

from emulators.replicate.inputs import Input
from emulators.replicate.published import Published, Version, made_up_id
from emulators.replicate.runners import FLUX_TRAINED, QWEN_TRAINED

PINNED = "c6e78d2501e8088876e99ef21e4460d0dc121af7a4b786b9a4c2d75c620e300d"
FAST_NEW = "8b10794665aed907bb98a1a5324cd1d3a8bea0e9b31e65210967fb9c9e2e08ed"
FAST_OLD = "f463fbfc97389e10a2f443a8a84b6953b1058eafbf0c9af4d84457ff07cb04db"

OPTIMIZERS = (
    *("prodigy", "adam8bit", "adamw8bit", "lion8bit", "adam"),
    *("adamw", "lion", "adagrad", "adafactor"),
)
_OSTRIS = (
    Input("input_images", "uri", about="A zip file of images, with .txt captions beside them"),
    Input("trigger_word", "string", "TOK"),
    Input("autocaption", "boolean", True),
    Input("autocaption_prefix", "string"),
    Input("autocaption_suffix", "string"),
    Input("steps", "integer", 1000, low=3, high=6000),
    Input("learning_rate", "number", 0.0004),
    Input("batch_size", "integer", 1),
    Input("resolution", "string", "512,768,1024"),
    Input("lora_rank", "integer", 16, low=1, high=128),
    Input("caption_dropout_rate", "number", 0.05, low=0, high=1),
    Input("optimizer", "string", "adamw8bit", words=OPTIMIZERS),
    Input("cache_latents_to_disk", "boolean", False),
    Input("layers_to_optimize_regex", "string"),
    Input("gradient_checkpointing", "boolean", False),
    Input("hf_repo_id", "string"),
    Input("hf_token", "string"),
    Input("wandb_api_key", "string"),
    Input("wandb_project", "string", "flux_train_replicate"),
    Input("wandb_run", "string"),
    Input("wandb_entity", "string"),
    Input("wandb_sample_interval", "integer", 100, low=1),
    Input("wandb_sample_prompts", "string"),
    Input("wandb_save_interval", "integer", 100, low=1),
    Input("skip_training_and_use_pretrained_hf_lora_url", "string"),
)


def _fast(steps: str) -> tuple[Input, ...]:
    return (
        Input("input_images", "uri", is_required=True, about="A zip file of images"),
        Input("trigger_word", "string", "TOK"),
        Input("lora_type", "string", words=("subject", "style"), is_required=True),
        Input(steps, "integer", 1000, low=10, high=4000),
    )


_QWEN = (
    Input("dataset", "uri", is_required=True, about="A zip file of images and .txt captions"),
    Input("default_caption", "string", "A photo of a person named <>"),
    Input("steps", "integer", 1000, low=100, high=6000),
    Input("learning_rate", "number", 2e-4, low=1e-5, high=1e-3),
    Input("lora_rank", "integer", 64, low=8, high=128),
    Input("batch_size", "integer", 1, words=(1, 2, 4)),
    Input(
        "optimizer", "string", "adamw", words=("adamw", "adamw8bit", "adam8bit", "adam", "prodigy")
    ),
    Input("seed", "integer"),
)

OSTRIS = Published(
    "ostris/flux-dev-lora-trainer",
    "Fine-tune FLUX.1-dev using ai-toolkit",
    (
        Version(made_up_id("ostris"), "2025-06-24T10:00:00.000000Z", FLUX_TRAINED, _OSTRIS),
        Version(PINNED, "2025-05-06T10:00:00.000000Z", FLUX_TRAINED, _OSTRIS),
    ),
    dataset="input_images",
    progress="flux_train_replicate",
    archive="trained_model.tar",
    trained=FLUX_TRAINED,
)
FAST_FLUX = Published(
    "replicate/fast-flux-trainer",
    "Train subjects or styles faster than ever",
    (
        Version(
            FAST_NEW,
            "2025-09-10T10:00:00.000000Z",
            FLUX_TRAINED,
            _fast("training_steps"),
            steps="training_steps",
        ),
        Version(FAST_OLD, "2025-06-10T10:00:00.000000Z", FLUX_TRAINED, _fast("steps")),
    ),
    dataset="input_images",
    archive="flux-lora.tar",
    trained=FLUX_TRAINED,
)
QWEN = Published(
    "qwen/qwen-image-lora-trainer",
    "Fine-tune Qwen-Image",
    (Version(made_up_id("qwen"), "2025-08-20T10:00:00.000000Z", QWEN_TRAINED, _QWEN),),
    dataset="dataset",
    progress="qwen_lora",
    archive="trained_model.zip",
    trained=QWEN_TRAINED,
)
TRAINERS = (OSTRIS, FAST_FLUX, QWEN)
