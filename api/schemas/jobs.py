"""Jobs, as they are answered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from api.paging import NextCursor
from api.schema import LEFT_OUT, In, Out, Time
from api.schemas.choices import Provider
from jobs.messages import explain
from jobs.models import JobEvent, JobQueue
from providers.registry import CLASSES


class JobOut(Out):
    """One piece of work at a provider: a training, or a batch of pictures."""

    id: UUID
    kind: str = Field(description="training or generation")
    model_id: UUID | None = Field(description="null once the model is deleted")
    provider: str
    status: str = Field(
        description="queued, submitting, unknown, running, finishing, succeeded, failed, cancelled"
    )
    is_over: bool
    is_simulated: bool = Field(description="whether nothing was really trained or made")
    progress: float = Field(description="from 0 to 1")
    step: int | None
    total_steps: int | None
    stage: str
    title: str = Field(description="its state in a few words")
    sentence: str = Field(description="its state, and what to do, in a sentence")
    error_code: str
    cost: str = Field(description="what it costs or has cost, in words")
    cost_estimate: Decimal | None
    cost_usd: Decimal | None
    eta_at: Time | None
    last_seen_at: Time | None = Field(description="when the provider last answered about it")
    created_at: Time
    finished_at: Time | None

    @classmethod
    def of(cls, job: JobQueue) -> JobOut:
        """Return a job with its state explained in sentences."""
        text = explain(job)
        columns: dict[str, Any] = {
            name: getattr(job, name) for name in cls.model_fields if hasattr(job, name)
        }
        return cls(**columns, title=text.title, sentence=text.sentence, cost=text.cost)


class JobPageOut(Out):
    items: list[JobOut]
    next_cursor: NextCursor


class RetryIn(In):
    """Where to train again: at the same trainer, or at another."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"provider": next(iter(CLASSES))}]})

    provider: Provider = Field(LEFT_OUT)


class EventOut(Out):
    """One thing that happened to a job. Its id grows with time."""

    id: int
    job_id: UUID
    at: Time
    kind: str = Field(description="state, progress, log, loss or note")
    text: str
    data: dict[str, Any] = Field(description="of progress and loss: the numbers")

    @classmethod
    def of(cls, event: JobEvent) -> EventOut:
        is_numbers = event.kind in {JobEvent.Kind.PROGRESS, JobEvent.Kind.LOSS}
        return cls(
            id=event.pk,
            job_id=event.job_id,
            at=event.at,
            kind=event.kind,
            text=event.translated,
            data=event.data if is_numbers else {},
        )


class EventPageOut(Out):
    """Events, oldest first. Ask again with `after` for what comes next."""

    items: list[EventOut]
    next_after: int = Field(
        description="the `after` of the next page: events of the last seconds may come again"
    )
    has_more: bool
