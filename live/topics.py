"""What an open page subscribes to."""

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


# What a stream may be about; each is rendered by the room that registered how (`live.rendering`).
Wanted = Topic


@dataclass(frozen=True, slots=True)
class Change:
    """One new row of the event table, with its owner and model."""

    id: int
    kind: str
    job_kind: str
    owner_id: int
    model_id: uuid.UUID | None

    def topics(self) -> tuple[Topic, ...]:
        """Return the topics whose pages show it; none once the model is deleted."""
        if self.model_id is None:
            return ()
        return Topic(self.owner_id), Topic(self.owner_id, self.model_id)
