"""The broker in Redis: kombu's, which a message that it cannot read does not end."""

from __future__ import annotations

import logging
from typing import Any

from kombu.transport import redis

from theway.broker.messages import is_readable

log = logging.getLogger(__name__)

# What kombu raises while it reads JSON: torn, nested too deep, or a value of an odd kind in it.
# Not a LookupError: that is also said of a message for which nobody listens.
UNREADABLE = (ValueError, RecursionError, TypeError, AttributeError, ArithmeticError)


class RedisChannel(redis.Channel):
    """Drops what is no message at all. It is out of its queue by then, and the sweep finds the
    work it may have been about."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except UNREADABLE as error:
            log.error("a message cannot be read and is dropped: %s", error)
            return None


class RedisTransport(redis.Transport):
    Channel = RedisChannel

    def _deliver(self, message: Any, queue: str | None) -> None:
        # A message is delivered through an open channel, so there is one.
        if is_readable(message, next(iter(self.channels or ()))):
            super()._deliver(message, queue)
        else:
            log.error("a message in %s cannot be opened and is dropped", queue)
