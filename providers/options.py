"""Which offers of the catalog can be chosen right now, and why the others cannot.

Both functions are pure and take what the providers last said of themselves, by key: an
absent key is a provider that is not configured, None one that has not answered yet. Such a
provider stays choosable where the catalog is sure of the offer (the job waits until it
answers); where only the provider knows, it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.catalog import (
    BASE_MODELS,
    PROVIDER_LABELS,
    BaseModel,
    GenerationOffer,
    TrainingOffer,
    base_model_of,
)
from providers.types import Description

Descriptions = Mapping[str, Description | None]

SIMULATED = "simulated"
NOT_CONFIGURED = "Not set up on this installation."
KEY_REFUSED = "Its key is refused. The operator has to renew it."
NO_ANSWER = "Does not answer right now: the job would wait until it does."
NOT_YET_KNOWN = "Has not said yet whether it trains this model."
NOT_TRAINED_THERE = "Does not train image models today."
NOT_TRAINED_HERE = "This trainer does not train this model."
NOT_DRAWN_THERE = "Does not draw with LoRAs of this family."
NEEDS_PUBLIC_URL = (
    "Fetches the weights over the internet: this installation needs a public address."
)
ONLY_SIMULATED = "The trainer is simulated: it draws only with its own simulated weights."
ONLY_REAL = "These weights are simulated: only the simulated trainer can draw with them."
NOT_ITS_OWN = "The trainer draws only with weights that it trained itself."


@dataclass(frozen=True, slots=True)
class TrainingOption:
    """One (base model, provider) pair of the wizard. `reason` may also note an open option."""

    base_model: BaseModel
    provider: str
    label: str  # the provider's
    is_available: bool
    reason: str
    is_simulated: bool
    price_usd: float | None  # for one training; None where not known
    seconds: float | None  # a usual training, where the provider tells


@dataclass(frozen=True, slots=True)
class GenerationOption:
    """One provider for drawing with given weights. `reason` may also note an open option."""

    base_model: BaseModel
    provider: str
    label: str
    is_available: bool
    reason: str
    is_simulated: bool
    price_usd: float | None  # for one picture of a megapixel; None where not known
    needs_public_url: bool


def training_options(descriptions: Descriptions) -> tuple[TrainingOption, ...]:
    """Return every base model with every known provider, in catalog order."""
    return tuple(
        _training_option(model, provider, descriptions)
        for model in BASE_MODELS
        for provider in PROVIDER_LABELS
    )


def generation_options(
    family: str,
    is_simulated: bool,
    descriptions: Descriptions,
    remote_ref: str,
    *,
    has_public_url: bool = False,
) -> tuple[GenerationOption, ...]:
    """Return every known provider for weights of `family`; raises `KeyError` for a new family.

    `is_simulated` and `remote_ref` are the weights': the latter is what their own trainer
    calls them. `has_public_url` says whether the internet can fetch them from us.
    """
    model = base_model_of(family)
    return tuple(
        _generation_option(model, provider, descriptions, is_simulated, remote_ref, has_public_url)
        for provider in PROVIDER_LABELS
    )


def _training_option(model: BaseModel, provider: str, descriptions: Descriptions) -> TrainingOption:
    offer = model.training.get(provider)
    said = descriptions.get(provider)
    why_not = _why_not_trained(model, offer, provider, descriptions)
    return TrainingOption(
        base_model=model,
        provider=provider,
        label=PROVIDER_LABELS[provider],
        is_available=not why_not,
        reason=why_not or _note(said),
        is_simulated=_is_simulated(provider, said),
        price_usd=offer.price.usd if offer else None,
        seconds=said.training_seconds if said else None,
    )


def _why_not_trained(
    model: BaseModel, offer: TrainingOffer | None, provider: str, descriptions: Descriptions
) -> str:
    if model.why_untrainable:
        return model.why_untrainable
    if offer is None:
        return NOT_TRAINED_HERE
    if problem := _why_not_reached(provider, descriptions):
        return problem
    said = descriptions[provider]
    if said is None:
        return NOT_YET_KNOWN if offer.is_on_request else ""
    if model.key not in said.can_train:
        return NOT_TRAINED_THERE if offer.is_on_request else NOT_TRAINED_HERE
    return ""


def _generation_option(
    model: BaseModel,
    provider: str,
    descriptions: Descriptions,
    is_simulated: bool,
    remote_ref: str,
    has_public_url: bool,
) -> GenerationOption:
    offer = model.generation.get(provider)
    said = descriptions.get(provider)
    simulates = _is_simulated(provider, said)
    why_not = (
        _why_not_reached(provider, descriptions)
        or _why_not_fitting(offer, is_simulated, simulates, remote_ref, has_public_url)
        or (NOT_DRAWN_THERE if said and model.key not in said.can_generate else "")
    )
    return GenerationOption(
        base_model=model,
        provider=provider,
        label=PROVIDER_LABELS[provider],
        is_available=not why_not,
        reason=why_not or _note(said),
        is_simulated=simulates,
        price_usd=offer.price.usd if offer else None,
        needs_public_url=bool(offer and offer.needs_public_url),
    )


def _why_not_fitting(
    offer: GenerationOffer | None,
    is_simulated: bool,
    simulates: bool,
    remote_ref: str,
    has_public_url: bool,
) -> str:
    if is_simulated and not simulates:
        return ONLY_REAL
    if offer is None:
        return NOT_DRAWN_THERE
    if simulates and not is_simulated:
        return ONLY_SIMULATED
    if offer.only_own_weights and not remote_ref:
        return NOT_ITS_OWN
    return NEEDS_PUBLIC_URL if offer.needs_public_url and not has_public_url else ""


def _why_not_reached(provider: str, descriptions: Descriptions) -> str:
    if provider not in descriptions:
        return NOT_CONFIGURED
    said = descriptions[provider]
    return KEY_REFUSED if said and not said.key_is_valid else ""


def _is_simulated(provider: str, said: Description | None) -> bool:
    """Whether results are simulated; the bundled trainer counts as such until it denies it."""
    return said.engine == SIMULATED if said else provider == "local"


def _note(said: Description | None) -> str:
    return "" if said else NO_ANSWER
