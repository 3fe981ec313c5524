"""What is sent of new events. Each room says so of its own topics when Django starts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from live.messages import RESYNC, Sendable
from live.topics import Change

logger = logging.getLogger(__name__)
Wanted = TypeVar("Wanted")
Render = Callable[[Any, Collection[Change]], Sendable | None]
_renders: dict[type, Render] = {}


def register(
    kind: type[Wanted], render: Callable[[Wanted, Collection[Change]], Sendable | None]
) -> None:
    """Have topics of this type rendered by `render`: once for all streams, in the reader's thread.

    It takes the topic and what has changed, and returns what is to be sent; None for nothing.
    """
    _renders[kind] = render


def render(topic: object, changes: Collection[Change]) -> Sendable | None:
    """Return what is to be sent to the streams of `topic`."""
    return _renders[type(topic)](topic, changes)


def rendered(topic: object, changes: Collection[Change]) -> Sendable | None:
    """Return RESYNC for a topic that cannot be rendered: the others continue."""
    try:
        return render(topic, changes)
    except Exception:
        logger.exception("The live feed could not render %s", topic)
        return RESYNC
