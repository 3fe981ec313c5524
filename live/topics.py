"""What an open page, or a program, subscribes to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

DRAFT = "photos-"  # before the id of a draft, where a page names its topic


@dataclass(frozen=True, slots=True)
class Topic:
    """One model of one owner, or (without `model_id`) all cards of that owner; with `is_draft` the
    photos that phones add to it.

    The owner is part of the topic, so an event of another owner cannot match it.
    """

    owner_id: int
    model_id: uuid.UUID | None = None
    is_draft: bool = False

    @property
    def name(self) -> str:
        """What pages call it."""
        return f"{DRAFT if self.is_draft else ''}{self.model_id or ''}"


@dataclass(frozen=True, slots=True)
class JobsTopic:
    """The events of one job of one owner, or (without `job_id`) of all jobs of that owner.

    They are the owner's still when the model is deleted.
    """

    owner_id: int
    job_id: uuid.UUID | None = None


# What a stream may be about; each is rendered by the room that registered how (`live.rendering`).
Wanted = Topic | JobsTopic


@dataclass(frozen=True, slots=True)
class Change:
    """One new row of the event table, with its owner, model and job."""

    id: int
    kind: str
    job_kind: str
    owner_id: int
    model_id: uuid.UUID | None
    job_id: uuid.UUID | None = None

    def topics(self) -> tuple[Wanted, ...]:
        """Return the topics it belongs to: no pages show it once the model is deleted."""
        jobs = JobsTopic(self.owner_id), JobsTopic(self.owner_id, self.job_id)
        if self.model_id is None:
            return jobs
        return Topic(self.owner_id), Topic(self.owner_id, self.model_id), *jobs
