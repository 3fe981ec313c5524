"""The bodies of the calls that were documented first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.schema import LEFT_OUT, In, Text
from api.schemas.choices import BaseModel, Preset, Provider, Subject
from api.schemas.models import TRIGGER_WORD, Options
from models_app.limits import LIMITS

_CREATE: JsonDict = {
    "name": "Ann",
    "description": "Portraits of last summer",
    "triggerWord": "ann_tok",
    "baseModel": "black-forest-labs/FLUX.1-dev",
    "skipTraining": True,
}


class CreateIn(In):
    """A new model. With `skipTraining` only the record is made; without it the training starts
    with the photos that `imageIds` names."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CREATE]})

    name: Text = Field(min_length=1, max_length=60)
    description: str = Field("", max_length=500)
    trigger_word: str = Field(
        LEFT_OUT, pattern=TRIGGER_WORD, description="left out: one made from the name"
    )
    base_model: BaseModel = Field(LEFT_OUT, description="left out: the usual one")
    skip_training: bool = False
    image_ids: list[UUID] = Field(
        default_factory=list,
        max_length=LIMITS.max_photos,
        description="photos that were sent before: they are copied into the new model",
    )
    kind: Subject = "product"
    consent: bool = Field(False, description="that the person in the photos agrees")
    provider: Provider = Field(LEFT_OUT, description="left out: the first that trains it now")


class TrainingParamsIn(Options):  # type: ignore[misc,valid-type]
    """Hyperparameters; what is left out is as the preset has it."""

    steps: int = Field(LEFT_OUT, ge=1, le=10_000, description="the same as `fixedSteps`")
    preset: Preset = Field(LEFT_OUT)
    base_model: BaseModel = Field(LEFT_OUT)
    provider: Provider = Field(LEFT_OUT)

    def changes(self) -> dict[str, Any]:
        """Return what changes of the model."""
        values = self.given()
        if "steps" in values:
            values["fixed_steps"] = values.pop("steps")
        own = {name: values.pop(name) for name in list(values) if name in Options.model_fields}
        return {**values, **({"options": own} if own else {})}


class StartIn(In):
    """Which model is to be trained. Only its own photos are used, whatever addresses are sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "modelId": "0b9e62a1-9a41-4c3f-8ad5-6a3f3d0c2b7e",
                    "trainingParams": {"steps": 1000, "rank": 32},
                }
            ]
        }
    )

    model_id: UUID
    training_images: list[str | dict[str, str | float | bool | None]] = Field(
        default_factory=list, max_length=1000, description="left aside: photos are sent before"
    )
    training_params: TrainingParamsIn = Field(default_factory=TrainingParamsIn)


class TrainUploadIn(In):
    """A name, and beside it the file `zip` with the photos."""

    name: Text = Field(min_length=1, max_length=60)
    kind: Subject = "product"
    consent: bool = Field(False, description="that the person in the photos agrees")
    base_model: BaseModel = Field(LEFT_OUT)
    provider: Provider = Field(LEFT_OUT)


class TrainIn(TrainUploadIn):
    """A name and the address of a ZIP of photos."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Mug", "zipUrl": "https://example.org/mug.zip"}]}
    )

    zip_url: str = Field(min_length=1, max_length=2000, description="https only")
