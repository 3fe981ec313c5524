"""The schemas of the API's responses."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ninja import Schema

from accounts.allowances import Allowance
from accounts.limit_texts import in_settings
from jobs.messages import explain
from jobs.models import JobQueue


class LimitsOut(Schema):
    """The limits for a photo and for a set of photos: sizes in bytes, sides in pixels."""

    min_photos: int
    recommended_min: int
    recommended_max: int
    max_photos: int
    max_bytes: int
    max_pixels: int
    min_side: int
    max_ratio: float
    formats: list[str]


class UsageOut(Schema):
    """How much of one limit you have used. Storage is in megabytes, begun ones count whole.

    Money is in US dollars, what is kept for unfinished jobs included."""

    limit: str
    allowed: int | float
    used: int | float

    @classmethod
    def of(cls, one: Allowance) -> UsageOut:
        return cls(
            limit=one.limit.value,
            allowed=in_settings(one.limit, one.allowed),
            used=in_settings(one.limit, one.used, up=True),
        )


class JobOut(Schema):
    """One piece of paid work at a provider. `progress` runs from 0 to 1."""

    id: UUID
    kind: str
    model_id: UUID | None
    provider: str
    status: str
    is_simulated: bool
    progress: float
    step: int | None
    total_steps: int | None
    stage: str
    eta_at: datetime | None
    last_seen_at: datetime | None
    error_code: str
    title: str
    sentence: str
    cost: str
    cost_estimate: Decimal | None
    cost_usd: Decimal | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, job: JobQueue) -> JobOut:
        """Return a job with its state explained in sentences."""
        text = explain(job)
        columns: dict[str, Any] = {
            name: getattr(job, name) for name in cls.model_fields if hasattr(job, name)
        }
        return cls(**columns, title=text.title, sentence=text.sentence, cost=text.cost)


class ModelOut(Schema):
    """One model, trained or not yet."""

    id: UUID
    name: str
    description: str
    kind: str
    trigger_word: str
    base_model: str
    provider: str
    preset: str
    status: str
    is_simulated: bool
    photo_count: int
    weights_sha256: str
    weights_size: int | None
    failed_reason: str
    created_at: datetime
    started_at: datetime | None
    ready_at: datetime | None


class ModelPageOut(Schema):
    """One page of models, newest first. `next` is the `before` of the next page, "" on the last."""

    models: list[ModelOut]
    next: str


class ModelDetailOut(ModelOut):
    options: dict[str, Any]
    job: JobOut | None
