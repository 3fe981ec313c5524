"""Models, as they are answered and changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field, create_model
from pydantic.config import JsonDict

from api.paging import NextCursor
from api.schema import LEFT_OUT, In, Out, Text, Time, choice_of
from api.schemas.choices import BaseModel, Preset, Provider, Subject
from api.schemas.jobs import JobOut
from jobs.models import JobQueue
from models_app.models import ArchiveFetch, UserModel
from providers.hyperparameters import HYPERPARAMETERS, Hyperparameter

# Its form; whether it is an English word, or taken, `models_app.trigger_words` says.
TRIGGER_WORD = "^[a-z][a-z0-9_]{2,23}$"
_EXAMPLE_OPTIONS: JsonDict = {"epochs": 100, "learningRate": 0.0004, "rank": 16, "resolution": 1024}


def _kind_of(one: Hyperparameter) -> Any:
    if one.choices:
        return choice_of(*one.choices)
    return bool if one.is_switch else int if one.is_whole else float


def _bounds_of(one: Hyperparameter) -> dict[str, Any]:
    return {} if one.is_switch else {"ge": one.low, "le": one.high}


# Each value has its bounds from the one table of them, which the rooms below check again.
_OPTION_FIELDS: dict[str, Any] = {
    name: (
        _kind_of(one),
        Field(LEFT_OUT, **_bounds_of(one), description=f"{one.label}: {one.help_text}"),
    )
    for name, one in HYPERPARAMETERS.items()
}


class _Options(In):
    """Hyperparameters; what is left out is as the preset has it."""


Options = create_model("Options", __base__=_Options, __doc__=_Options.__doc__, **_OPTION_FIELDS)


class WeightsOut(Out):
    """The trained file: fetch it at `/api/models/{id}/weights`."""

    size: int | None = Field(description="in bytes")
    sha256: str


class ModelOut(Out):
    """One model: being set up, being trained, ready or failed."""

    id: UUID
    name: str
    description: str
    kind: str = Field(description="person, product or style")
    trigger_word: str
    consent: bool = Field(description="whether the person in the photos agrees")
    base_model: str
    provider: str
    preset: str
    options: dict[str, Any] = Field(description="hyperparameters")
    status: str = Field(description="pending, training, ready or failed")
    is_editable: bool = Field(description="whether answers and photos can be changed now")
    is_simulated: bool = Field(description="whether nothing was really trained")
    photo_count: int
    weights: WeightsOut | None
    failed_reason: str
    created_at: Time
    started_at: Time | None
    ready_at: Time | None

    @classmethod
    def columns_of(cls, model: UserModel) -> dict[str, Any]:
        """Return the values of a row from `models_of`."""
        names = [name for name in ModelOut.model_fields if hasattr(model, name)]
        weights = WeightsOut(size=model.weights_size, sha256=model.weights_sha256)
        return {name: getattr(model, name) for name in names} | {
            "consent": model.consent_at is not None,
            "options": in_camel_case(model.options),
            "weights": weights if model.weights else None,
        }

    @classmethod
    def of(cls, model: UserModel) -> ModelOut:
        return cls(**cls.columns_of(model))


class FetchOut(Out):
    """A ZIP of photos that is, or was, fetched for the model."""

    status: str = Field(description="waiting, fetching, done or failed")
    error: str = Field(description="why it came to nothing, or the training did not start")
    starts_training: bool

    @classmethod
    def of(cls, fetch: ArchiveFetch) -> FetchOut:
        return cls(status=fetch.status, error=fetch.error, starts_training=fetch.start_after)


class ModelDetailOut(ModelOut):
    """One model with its newest training, and the ZIP that was to be fetched for it."""

    training: JobOut | None
    fetch: FetchOut | None

    @classmethod
    def with_training(
        cls, model: UserModel, job: JobQueue | None, fetch: ArchiveFetch | None
    ) -> ModelDetailOut:
        training = JobOut.of(job) if job else None
        told = FetchOut.of(fetch) if fetch else None
        return cls(**cls.columns_of(model), training=training, fetch=told)


class ModelPageOut(Out):
    items: list[ModelOut]
    next_cursor: NextCursor


class ModelPatchIn(In):
    """What is to change; the rest stays. Wrong values change nothing at all."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Ann", "options": _EXAMPLE_OPTIONS}]}
    )

    name: Text = Field(LEFT_OUT, min_length=1, max_length=60)
    description: str = Field(LEFT_OUT, max_length=500)
    kind: Subject = Field(LEFT_OUT)
    trigger_word: str = Field(LEFT_OUT, pattern=TRIGGER_WORD)
    consent: bool = Field(LEFT_OUT, description="that the person in the photos agrees")
    base_model: BaseModel = Field(LEFT_OUT)
    provider: Provider = Field(LEFT_OUT)
    preset: Preset = Field(LEFT_OUT)
    options: Options = Field(LEFT_OUT)  # type: ignore[valid-type]


class MissingOut(Out):
    step: str = Field(description="about, photos or training")
    detail: str


class EstimateOut(Out):
    """What training this model would cost and take, and what is still missing for it."""

    is_startable: bool
    missing: list[MissingOut]
    steps: int
    price_usd: Decimal | None = Field(description="null where none is published")
    price: str
    seconds: float | None
    time: str


def in_camel_case(values: dict[str, Any]) -> dict[str, Any]:
    """Return hyperparameters by the names of the outside."""
    fields = Options.model_fields
    return {
        str(fields[name].alias) if name in fields else name: value for name, value in values.items()
    }
