"""What a child may suffer, brought about in its own process before it begins."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from trainer.engines.diffusers.child import loop
from trainer.engines.diffusers.child.families.base import Family

Predict = Callable[..., torch.Tensor]


def card_is_full() -> None:
    """At the third step."""

    def full(training: Any, *_asked: Any) -> torch.Tensor:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    _instead({3}, full)


def waits_to_be_ended() -> None:
    """At the twentieth step, so that it cannot be done before."""
    usual: Predict = loop.Training._predict

    def waiting(training: Any, *asked: Any) -> torch.Tensor:
        signal.pause()
        return usual(training, *asked)

    _instead({20}, waiting)


def no_numbers_for_a_while() -> None:
    """From the eleventh step to the fifteenth."""
    _instead(set(range(11, 16)), _no_numbers)


def no_numbers_any_more() -> None:
    """From the eleventh step on."""
    _instead(set(range(11, 10_000)), _no_numbers)


def nothing_is_learned() -> None:
    """The optimiser does nothing."""
    torch.optim.AdamW.step = lambda *_: None  # type: ignore[method-assign]


def black_pictures() -> None:
    """What the autoencoder decodes is black."""
    _decode_otherwise(lambda decode, *told, **more: [decode(*told, **more)[0] * 0])


def no_room_for_pictures() -> None:
    """Decoding needs more memory than the card has."""

    def full(*_told: Any, **_more: Any) -> Any:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    _decode_otherwise(full)


def _decode_otherwise(other: Callable[..., Any]) -> None:
    load = Family.load

    def loaded(family: Family, base: Any, *parts: str) -> Any:
        pipeline = load(family, base, *parts)
        if vae := getattr(pipeline, "vae", None):
            vae.decode = partial(other, vae.decode)
        return pipeline

    Family.load = loaded  # type: ignore[method-assign]


def _no_numbers(training: Any, noisy: torch.Tensor, *_asked: Any) -> torch.Tensor:
    weight = training.parameters[0]
    return noisy.float() * float("nan") + weight.sum() * 0


def _instead(steps: set[int], other: Predict) -> None:
    usual: Predict = loop.Training._predict

    def predict(training: Any, *asked: Any) -> torch.Tensor:
        return (other if training.step + 1 in steps else usual)(training, *asked)

    loop.Training._predict = predict  # type: ignore[method-assign]
