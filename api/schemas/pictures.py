"""Pictures and the batches they are asked for in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.paging import NextCursor
from api.schema import LEFT_OUT, In, Out, Text, Time
from api.schemas.choices import Provider, Ratio
from api.schemas.jobs import JobOut
from generation.models import GeneratedImage
from generation.prompts import DEFAULT_RATIO
from generation.services import (
    MAX_COUNT,
    MAX_GUIDANCE,
    MAX_SEED,
    MAX_STEPS,
    MAX_STRENGTH,
    MIN_STRENGTH,
)
from providers.options import GenerationOption

_GENERATE: JsonDict = {"prompt": "in the mountains at dawn", "ratio": "3:2", "count": 2}


class GenerateIn(In):
    """What to make with a ready model. The trigger word is added where it is missing."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GENERATE]})

    prompt: Text = Field(min_length=1, max_length=1000)
    ratio: Ratio = DEFAULT_RATIO
    count: int = Field(1, ge=1, le=MAX_COUNT)
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="null: a new one")
    strength: float = Field(1.0, ge=MIN_STRENGTH, le=MAX_STRENGTH)
    provider: Provider = Field(LEFT_OUT, description="left out: the first that can now")
    steps: int = Field(LEFT_OUT, ge=1, le=MAX_STEPS, description="only at a trainer of your own")
    guidance: float = Field(LEFT_OUT, ge=0, le=MAX_GUIDANCE, description="as for steps")
    negative_prompt: str = Field(LEFT_OUT, max_length=1000, description="as for steps")


class PictureOut(Out):
    """One picture, with what it was made from."""

    id: UUID
    model_id: UUID
    batch_id: UUID | None
    url: str = Field(description="where its file is; ?size=thumbnail for a small one")
    prompt: str
    width: int
    height: int
    size: int = Field(description="in bytes")
    seed: int | None
    settings: dict[str, Any]
    is_simulated: bool
    created_at: Time

    @classmethod
    def of(cls, image: GeneratedImage) -> PictureOut:
        kept = ("id", "model_id", "prompt", "width", "height", "size", "seed", "settings")
        values: dict[str, Any] = {name: getattr(image, name) for name in kept}
        return cls(
            **values,
            batch_id=image.job_id,
            url=f"/api/pictures/{image.pk}/file",
            is_simulated=image.is_simulated,
            created_at=image.created_at,
        )


class PicturePageOut(Out):
    items: list[PictureOut]
    next_cursor: NextCursor


class BatchOut(Out):
    """Pictures that were asked for together: the job, and those that there are already."""

    job: JobOut
    prompt: str
    count: int
    pictures: list[PictureOut]


class BatchPageOut(Out):
    items: list[BatchOut]
    next_cursor: NextCursor


class GeneratorOut(Out):
    """One provider that may make pictures with a model."""

    provider: str
    label: str
    is_available: bool
    reason: str
    is_simulated: bool
    price_usd: Decimal | None = Field(description="of one picture; null where none is published")

    @classmethod
    def of(cls, option: GenerationOption) -> GeneratorOut:
        price = option.price_usd(1, 1024 * 1024)
        return cls(
            provider=option.provider,
            label=option.label,
            is_available=option.is_available,
            reason=str(option.reason),
            is_simulated=option.is_simulated,
            price_usd=None if price is None else round(Decimal(str(price)), 4),
        )
