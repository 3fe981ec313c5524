"""What a stream sends, and for how long: server-sent events (HTML standard, 9.2)."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from live.messages import END, KEEPALIVE
from live.reader import Reader, Subscriber

KEEPALIVE_SECONDS = 15.0
RETRY = b"retry: 2000\n\n"  # milliseconds until the browser reconnects


async def stream(
    source: Reader, subscriber: Subscriber, after: tuple[int, ...]
) -> AsyncGenerator[bytes]:
    """Yield what each topic missed since its event in `after`, then every new message, until
    the end."""
    yield RETRY
    for topic, known in zip(subscriber.topics, after, strict=True):
        missed = await source.catch_up(topic, known)
        if missed is not None:
            yield missed.encode()
    while True:
        message = await subscriber.next(KEEPALIVE_SECONDS)
        if message is END:
            return
        yield KEEPALIVE if message is None else message.encode()


def event_id(text: str) -> int:
    """Return the event that a client says it knows; 0 for what is no id."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
