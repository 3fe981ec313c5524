"""Which messages a worker can open: an error while it opens one would end the worker."""

from __future__ import annotations

from typing import Any

from kombu.transport import virtual

_ACCEPTED = {"application/json"}


def is_readable(message: Any, channel: virtual.Channel) -> bool:
    """Whether the worker will be able to open what a queue held."""
    try:
        opened = virtual.Message(message, channel=channel, accept=_ACCEPTED)
        if opened.errors:  # kombu keeps what went wrong until somebody reads the message
            return False
        body = opened.decode()
        texts = [opened.delivery_tag, opened.delivery_info["exchange"]]
        texts += [opened.delivery_info["routing_key"]]
        if "task" in opened.headers:  # Celery's message protocol, version 2
            texts += [opened.headers["task"], opened.headers["id"]]
            return _are_texts(texts) and _is_call(*body)
    except Exception:  # of any decoder: what it cannot open is no message
        return False
    # Workers also speak to each other, in mappings. Version 1 of the protocol is not ours.
    return _are_texts(texts) and isinstance(body, dict | list) and "task" not in body


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _is_call(args: object, options: object, more: object) -> bool:
    return isinstance(args, list) and isinstance(options, dict) and isinstance(more, dict)
