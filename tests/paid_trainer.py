"""The scripted trainer as one that charges: 5 dollars a training, half a dollar a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from providers.catalog import Price
from providers.local.provider import Local

TRAINING = Price(5.0, "training")
PICTURE = Price(0.5, "image")


@pytest.fixture
def paid_trainer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    charge(monkeypatch, TRAINING, PICTURE)
    yield


@pytest.fixture
def trainer_without_price(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It charges, and nobody publishes what: budgets assume 4 dollars, and 40 cents."""
    charge(
        monkeypatch,
        Price(None, "training", assumed_usd=4.0),
        Price(None, "image", assumed_usd=0.4),
    )
    yield


def charge(monkeypatch: pytest.MonkeyPatch, training: Price, picture: Price) -> None:
    monkeypatch.setattr(Local, "runs_here", False)
    for name, price in (("training_offers", training), ("generation_offers", picture)):
        offers = getattr(Local, name)
        priced = {key: replace(offer, price=price) for key, offer in offers.items()}
        monkeypatch.setattr(Local, name, priced)
