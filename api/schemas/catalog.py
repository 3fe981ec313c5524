"""What can be trained and drawn now, by whom, and what it costs."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from api.schema import Out
from providers.catalog import BaseModel
from providers.options import TrainingOption


class PriceOut(Out):
    """US dollars per unit: training, step, second, image or megapixel."""

    usd: float | None = Field(description="null where none is published")
    unit: str
    read_on: date | None = Field(description="the day on which it was read at the provider")


class TrainerOut(Out):
    """One provider for one base model, as it is now."""

    provider: str
    label: str
    is_available: bool
    reason: str = Field(description="why not, or what is open")
    is_simulated: bool
    price: PriceOut | None
    keeps: str = Field(description="what it keeps of the photos, and for how long")
    gives_weights: bool | None
    resolutions: list[int]

    @classmethod
    def of(cls, option: TrainingOption) -> TrainerOut:
        offer = option.offer
        return cls(
            provider=option.provider,
            label=option.label,
            is_available=option.is_available,
            reason=str(option.reason),
            is_simulated=option.is_simulated,
            price=PriceOut.model_validate(offer.price) if offer else None,
            keeps=str(option.keeps),
            gives_weights=offer.gives_weights if offer else None,
            resolutions=list(offer.resolutions) if offer else [],
        )


class BaseModelOut(Out):
    """One base model with every trainer there is for it."""

    key: str
    label: str
    family: str
    description: str
    licence: str
    trainers: list[TrainerOut]

    @classmethod
    def of(cls, model: BaseModel, options: list[TrainingOption]) -> BaseModelOut:
        return cls(
            key=model.key,
            label=str(model.label),
            family=model.family,
            description=str(model.description),
            licence=str(model.licence),
            trainers=[TrainerOut.of(option) for option in options],
        )


class ProviderOut(Out):
    """One provider: whether it is set up here, and whether it answers."""

    key: str
    label: str
    is_set_up: bool
    is_answering: bool
    is_simulated: bool
    trains: list[str] = Field(description="keys of base models that it trains now")
    draws: list[str] = Field(description="keys of base models that it makes pictures with now")
