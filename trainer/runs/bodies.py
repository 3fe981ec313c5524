"""The bodies of POST /fine-tunes and of the price estimate.

Fields that only mean something for text models are ignored; methods that this trainer does not
have are refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from trainer import models
from trainer.bodies import Body, ModelName, RequiredText, Text, Unsupported

FileId = Annotated[RequiredText, Field(max_length=200)]
Label = Annotated[Text, Field(max_length=60)]


def _largest(value: Any) -> Any:
    return models.MAX_BATCH if value == "max" else value


class TrainingType(Body):
    """What is trained: a LoRA, of this size."""

    type: Literal["Lora"] = "Lora"
    lora_r: Annotated[int, Field(ge=1, le=models.MAX_RANK)] = models.DEFAULT_RANK
    lora_alpha: int = Field(
        ge=1, le=2 * models.MAX_RANK, default_factory=lambda data: 2 * data["lora_r"]
    )


class TrainingMethod(Body):
    """How it is trained."""

    method: Literal["sft"] = "sft"


class ImageParams(Body):
    """Ours: what only trainings with photos have."""

    resolution: Annotated[int, Field(ge=256, le=2048)] = 1024  # pixels, square
    trigger_word: Label = ""
    subject: Label = ""
    keep_prior: bool | None = None  # without the trigger word as before; None: as is usual


class TrainingRequest(Body):
    """What to train, in the documented fields and our `image_params`; a run keeps it."""

    model: ModelName
    training_file: FileId
    n_epochs: Annotated[int, Field(ge=1, le=models.MAX_EPOCHS)] = 1
    n_checkpoints: Annotated[int, Field(ge=1, le=models.MAX_CHECKPOINTS)] = 1
    # Together's default is "max"; for a dozen photos a batch of one is what trainers use.
    batch_size: Annotated[int, Field(ge=1, le=models.MAX_BATCH), BeforeValidator(_largest)] = 1
    learning_rate: Annotated[
        float, Field(ge=models.MIN_LEARNING_RATE, le=models.MAX_LEARNING_RATE)
    ] = 1e-5
    random_seed: Annotated[int, Field(ge=0, lt=2**63)] = 42
    suffix: Annotated[Text, Field(max_length=40)] = ""
    training_type: TrainingType = TrainingType()
    training_method: TrainingMethod = TrainingMethod()
    image_params: ImageParams = ImageParams()
    from_checkpoint: Unsupported = None
    from_hf_model: Unsupported = None
    validation_file: Unsupported = None


class EstimateBody(Body):
    """What a training would be made of."""

    training_file: FileId
