"""What is sent to one endpoint: the names of its fields differ. Pure."""

from __future__ import annotations

from typing import Any

from providers.fal.offers import FalRunner, FalTrainer
from providers.types import GenerationRequest, TrainingRequest


def training(offer: FalTrainer, request: TrainingRequest) -> dict[str, Any]:
    """Return the inputs of a training.

    Every photo has a caption with the trigger word in it, as most endpoints know no other way.
    """
    sent = {**offer.fixed, **offer.by_subject.get(request.subject, {}), **request.extra}
    sent |= {offer.zip_field: request.dataset, "steps": request.steps}
    if offer.has_learning_rate:
        sent["learning_rate"] = request.learning_rate
    if offer.trigger_field:
        sent[offer.trigger_field] = request.trigger_word
    if offer.has_resolution:
        sent["resolution"] = min(offer.resolutions, key=lambda side: abs(side - request.resolution))
    return sent


def generation(offer: FalRunner, request: GenerationRequest) -> dict[str, Any]:
    """Return the inputs of a request for pictures."""
    sent: dict[str, Any] = {
        **offer.fixed,
        **request.extra,
        "prompt": request.prompt,
        "image_size": {"width": request.width, "height": request.height},
        "num_images": request.count,
        "num_inference_steps": offer.steps,
    }
    if request.seed is not None:
        sent["seed"] = request.seed
    if request.lora is not None:
        sent["loras"] = [{"path": request.lora.path, "scale": request.lora.scale}]
    return sent
