"""What a child says is checked before anything is done with it."""

from __future__ import annotations

import pytest

from trainer.engines.diffusers.protocol import (
    Base,
    DrawOrder,
    Message,
    Picture,
    Recipe,
    TrainOrder,
    read_order,
    written,
)

BASE = Base("/models/x", "flux1", "x", "nf4", "cuda", 256)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"Traceback (most recent call last):",
        b"null",
        b"7",
        b"[]",
        b'"event"',
        b'{"event": 7}',
        b'{"event": null}',
        b'{"unheard": 1}',
        b'{"steps": 7}',
        b'{"steps": [[7]]}',
        b'{"steps": [[7, NaN, 0.1]]}',
        b'{"steps": [[7, Infinity, 0.1]]}',
        b'{"steps": [[7, "1", 0.1]]}',
        b'{"steps": [[7.5, 1, 0.1]]}',
        b'{"step": -1}',
        b'{"elapsed": 1e300}',
        b'{"left": "long"}',
        b"[" * 100_000,
        b'{"event": "\xff"}',
    ],
    ids=lambda line: repr(line[:40]),
)
def test_what_is_no_message_is_refused(line):
    with pytest.raises((ValueError, TypeError, AttributeError, RecursionError)):
        Message.read(line)


@pytest.mark.parametrize(
    "message",
    [
        Message(event="training_start", text="Training", step=0),
        Message(step=7, steps=[(6, 0.5, 1e-4), (7, 0.4, 1e-4)], elapsed=1.5, left=20.0),
        Message(fail="disk", text="full"),
        Message(done=True, peak=2**33),
        Message(beat=True),
    ],
)
def test_a_message_is_read_as_it_was_written(message):
    assert Message.read(message.line()) == message


@pytest.mark.parametrize(
    "order",
    [
        TrainOrder(BASE, Recipe(40, 1e-4, 16, 1, (512, 768), 7), "/runs/x", "ft-1", 4),
        DrawOrder(BASE, Picture("a", 512, 512, 7, "png", (("/a", 0.5),)), "/runs/x"),
    ],
)
def test_an_order_is_read_as_it_was_written(order):
    assert read_order(written(order)) == order
