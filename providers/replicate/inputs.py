"""What a training, or a prediction, at Replicate is asked to do. Pure.

Trainers: the sources of github.com/replicate/flux-fine-tuner and of the Qwen trainer. Pictures:
the published inputs of a trained FLUX version and of black-forest-labs/flux-dev-lora.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.catalog import FLUX1_DEV
from providers.replicate.directory import PICTURE_INPUT, TRAINING_INPUT, Published
from providers.replicate.offers import LoraRunner, ReplicateTrainer
from providers.types import GenerationRequest, TrainingRequest

Json = Mapping[str, Any]
# The sides that its own models know by name; others are "custom".
ASPECT_RATIOS: Mapping[str, float] = {
    name: int(name.partition(":")[0]) / int(name.partition(":")[2])
    for name in ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
}
BUCKETS = (512, 768, 1024)  # pixels: the sizes that photos are sorted into
SMALL = 500_000  # pixels: nearer to the 0.25 than to the 1 megapixel that can be asked for
QUALITY = 95


def training_input(
    trainer: ReplicateTrainer,
    request: TrainingRequest,
    published: Published,
    *,
    is_captioned: bool = False,
) -> dict[str, Any]:
    """Return the inputs of one training; `is_captioned` where every photo has a caption.

    A person's words are kept; the other photos are described by the trainer where it can do
    that, each with a beginning that holds the trigger word.
    """
    values = {
        "dataset": request.dataset,
        "trigger_word": request.trigger_word,
        "caption": request.general_caption,
        "learning_rate": request.learning_rate,
        "batch_size": request.batch_size,
        "resolution": _buckets(request.resolution),
        "rank": request.rank,
    }
    inputs = {theirs: values[ours] for ours, theirs in trainer.fields.items()}
    inputs[_steps_name(trainer, published)] = request.steps
    if trainer.has_lora_type:
        inputs["lora_type"] = "style" if request.subject == "style" else "subject"
    if trainer.describes_photos:
        inputs["autocaption"] = not is_captioned
        if not is_captioned:
            inputs["autocaption_prefix"] = f"{request.general_caption}, "
    return {**inputs, **request.extra}


def _steps_name(trainer: ReplicateTrainer, published: Published) -> str:
    known = published.fields(TRAINING_INPUT)
    names = trainer.steps_names
    return next((name for name in names if known is not None and name in known), names[-1])


def _buckets(resolution: int) -> str:
    return ",".join(str(size) for size in BUCKETS if size <= resolution) or str(resolution)


def picture_input(
    request: GenerationRequest, runner: LoraRunner | None, published: Published
) -> dict[str, Any]:
    """Return the inputs of one prediction: on a runner with the LoRA's address, or (None) on the
    version that was trained there. What only refines the picture is left out where the model
    does not know it."""
    inputs: dict[str, Any] = {"prompt": request.prompt}
    if request.lora is not None and runner is not None:
        inputs |= _lora(runner, request.lora.path, request.lora.scale)
    for choices in _wishes(request, runner):
        inputs |= next((one for one in choices if published.takes(PICTURE_INPUT, one)), {})
    return {**inputs, **request.extra}


def _lora(runner: LoraRunner, address: str, scale: float) -> dict[str, Any]:
    if runner.takes_lists:
        return {"lora_weights": [address], "lora_scales": [scale]}
    return {"lora_weights": address, "lora_scale": scale}


def _wishes(request: GenerationRequest, runner: LoraRunner | None) -> Sequence[Sequence[Json]]:
    """Return what is asked for besides; of each wish the first form that the model takes."""
    wishes: list[Sequence[Json]] = [
        _sizes(request, runner),
        _megapixels(request),
        [{"num_outputs": request.count}],
        [{"output_format": name} for name in ("jpg", "jpeg", "png")],
        [{"output_quality": QUALITY}],
        # Quicker arithmetic would make the LoRA stronger than was asked for.
        [{"go_fast": False}],
    ]
    if runner is None:
        scale = request.lora.scale if request.lora else 1.0
        wishes.append([{"lora_scale": scale}])
        if request.base_model == FLUX1_DEV:
            wishes.append([{"model": "dev"}])  # and not schnell, which it also has
    if request.seed is not None:
        wishes.append([{"seed": request.seed}])
    return wishes


def _sizes(request: GenerationRequest, runner: LoraRunner | None) -> list[Json]:
    """Return the exact size where the model can take it, then named ratios, the nearest first."""
    wanted = request.width / request.height
    exact = {"aspect_ratio": "custom", "width": request.width, "height": request.height}
    ratios = sorted(ASPECT_RATIOS, key=lambda name: abs(ASPECT_RATIOS[name] / wanted - 1))
    named: list[Json] = [{"aspect_ratio": name} for name in ratios]
    return [exact, *named] if runner is None else named


def _megapixels(request: GenerationRequest) -> list[Json]:
    size = "0.25" if request.width * request.height < SMALL else "1"
    return [{name: size} for name in ("megapixels", "output_megapixels")]
