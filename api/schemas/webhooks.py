"""Receivers of webhooks, and what was sent to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from pydantic import ConfigDict, Field

from accounts.outgoing.rows import Event, WebhookDelivery, WebhookEndpoint
from api.paging import NextCursor
from api.schema import In, Out, Time, choice_of

if TYPE_CHECKING:
    EventName: TypeAlias = str
else:
    EventName = choice_of(*Event.values)


class EndpointIn(In):
    """Where to send webhooks, and of what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://example.org/theway", "events": list(Event.values)}]
        }
    )

    url: str = Field(min_length=1, max_length=2000, description="https only")
    events: list[EventName] = Field(min_length=1, max_length=len(Event.values))


class EndpointOut(Out):
    """One receiver of webhooks."""

    id: UUID
    url: str
    events: list[str]
    created_at: Time
    disabled_at: Time | None
    disabled_why: str = Field(description="gone, failing or secret_lost; empty while it is used")

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> EndpointOut:
        return cls.model_validate(endpoint)


class EndpointMadeOut(EndpointOut):
    """A new receiver, with the secret that signs what it gets: it is told this once."""

    secret: str = Field(description="whsec_…, as Standard Webhooks have it")


class EndpointListOut(Out):
    """All of your receivers; there is no next page."""

    items: list[EndpointOut]


class DeliveryOut(Out):
    """One message; `id` is its `webhook-id`, the same at every attempt."""

    id: UUID
    event: str
    state: str = Field(description="waiting, delivered or given_up")
    attempts: int
    last_status: int | None = Field(description="the HTTP status of the last answer")
    error: str = Field(description="why the last attempt failed, as a code")
    created_at: Time
    next_try_at: Time | None
    delivered_at: Time | None

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> DeliveryOut:
        return cls.model_validate(delivery)


class DeliveryPageOut(Out):
    items: list[DeliveryOut]
    next_cursor: NextCursor
