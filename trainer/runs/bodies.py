"""The bodies of POST /fine-tunes and of the price estimate.

Fields that only mean something for text models are ignored; methods that this trainer does not
have are refused.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from trainer import models
from trainer.bodies import Body, OfferedModel, RequiredText, Text, refuse
from trainer.errors import invalid
from trainer.files.store import FileStore, StoredFile
from trainer.runs.records import TrainingRequest

MAX_STEPS = 100_000

FileId = Annotated[RequiredText, Field(max_length=200)]
Label = Annotated[Text, Field(max_length=60)]


def _largest(value: Any) -> Any:
    return models.MAX_BATCH if value == "max" else value


class TrainingType(Body):
    """What is trained: a LoRA, of this size."""

    type: Text = "Lora"
    lora_r: Annotated[int, Field(ge=1, le=models.MAX_RANK)] = models.DEFAULT_RANK
    lora_alpha: Annotated[int | None, Field(ge=1, le=2 * models.MAX_RANK)] = None


class TrainingMethod(Body):
    """How it is trained."""

    method: Text = "sft"


class ImageParams(Body):
    """Ours: what only trainings with photos have."""

    resolution: Annotated[int, Field(ge=256, le=2048)] = 1024  # pixels, square
    trigger_word: Label = ""
    subject: Label = ""


class TrainingBody(Body):
    """What to train, in the documented fields and our `image_params`."""

    model: OfferedModel
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
    from_checkpoint: Any = None
    from_hf_model: Any = None
    validation_file: Any = None

    @field_validator("training_type")
    @classmethod
    def _lora_only(cls, value: TrainingType) -> TrainingType:
        if value.type != "Lora":
            raise refuse("must be Lora: this trainer trains LoRAs only")
        return value

    @field_validator("training_method")
    @classmethod
    def _sft_only(cls, value: TrainingMethod) -> TrainingMethod:
        if value.method != "sft":
            raise refuse("must be sft: this trainer has no other method")
        return value

    @field_validator("from_checkpoint", "from_hf_model", "validation_file")
    @classmethod
    def _not_supported(cls, value: Any) -> None:
        if value:
            raise refuse("is not supported by this trainer")

    def request(self, correlation: str) -> TrainingRequest:
        """Return the request as a run keeps it, with the client's own token."""
        lora = self.training_type
        return TrainingRequest(
            model=self.model,
            training_file=self.training_file,
            n_epochs=self.n_epochs,
            n_checkpoints=self.n_checkpoints,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            lora_r=lora.lora_r,
            lora_alpha=2 * lora.lora_r if lora.lora_alpha is None else lora.lora_alpha,
            seed=self.random_seed,
            suffix=self.suffix,
            correlation=correlation,
            **self.image_params.model_dump(),
        )


class EstimateBody(Body):
    """What a training would be made of."""

    training_file: FileId


def training_file(request: TrainingRequest, files: FileStore) -> StoredFile:
    """Return the file of a request; raise 404 or 400 where it cannot be trained on."""
    file = files.get(request.training_file)
    if file.status != "COMPLETED" or file.purpose != "fine-tune":
        reason = file.error or f"it is {file.status}, for {file.purpose}"
        raise invalid(f"{file.id} cannot be trained on: {reason}.", "training_file")
    if request.n_epochs * file.line_count > MAX_STEPS * request.batch_size:
        raise invalid(f"This training would have more than {MAX_STEPS} steps.", "n_epochs")
    return file
