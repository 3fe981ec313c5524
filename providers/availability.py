"""Which offers of the catalog can be chosen right now, and why the others cannot.

Both functions are pure and take the last description of each provider, by key: an
absent key is a provider that is not configured, None one that has not answered yet. Such a
provider stays available where its offer is certain (the job waits until it answers); where
only the provider knows, it does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _

from providers.catalog import (
    BASE_MODELS,
    SIMULATED,
    BaseModel,
    GenerationOffer,
    TrainingOffer,
    base_model_of,
)
from providers.fit import Fit
from providers.options import GenerationOption, TrainingOption
from providers.registry import CLASSES, is_emulated, label_of, runs_here
from providers.types import Description

Descriptions = Mapping[str, Description | None]

NOT_CONFIGURED = _("Not set up on this installation.")
KEY_REFUSED = _("Its API key is refused. The operator has to renew it.")
NO_ANSWER = _("Does not answer right now: the job would wait until it does.")
NOT_YET_KNOWN = _("Has not confirmed yet that it trains this model.")
NOT_TRAINED_THERE = _("Does not train image models today.")
NOT_TRAINED_HERE = _("This trainer does not train this model.")
NOT_ON_THIS_MACHINE = _("This base model is not on the trainer's machine yet.")
DOES_NOT_FIT = _("It needs more memory than the trainer's machine has free.")
FIT_NOT_KNOWN = _("The trainer has not said yet whether it fits its machine.")
NOT_GENERATED_THERE = _("Does not make pictures with this base model.")
NEEDS_PUBLIC_URL = _(
    "Downloads the weights over the internet: this installation needs a public address."
)
ONLY_SIMULATED = _(
    "This trainer is simulated: it makes pictures with its own simulated weights only."
)
ONLY_REAL = _("These weights are simulated: only the simulated trainer can use them.")
NOT_ITS_OWN = _("This trainer uses only weights that it trained itself.")


def training_options(descriptions: Descriptions) -> tuple[TrainingOption, ...]:
    """Return every base model with every known provider, in catalog order."""
    return tuple(
        _training_option(model, provider, descriptions)
        for model in BASE_MODELS
        for provider in CLASSES
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
        for provider in CLASSES
    )


def _training_option(model: BaseModel, provider: str, descriptions: Descriptions) -> TrainingOption:
    description = descriptions.get(provider)
    offer = _training_offer(model, provider, description)
    factors = description.price_factors if description else {}
    factor = factors.get(offer.remote_model, 1.0) if offer else 1.0
    fit = description.fits.get(model.key) if description else None
    why_not = _why_untrainable(model, offer, provider, descriptions)
    return TrainingOption(
        base_model=model,
        provider=provider,
        label=label_of(provider),
        is_available=not why_not,
        reason=why_not
        or _note(description)
        or _fit_note(fit, provider, description)
        or _price_note(factor),
        is_simulated=_is_simulated(provider, description),
        offer=offer,
        usual_seconds=description.training_seconds if description else None,
        price_factor=factor,
        fit=fit,
    )


def _training_offer(
    model: BaseModel, provider: str, description: Description | None
) -> TrainingOffer | None:
    """Return its offer; None where a simulated provider has nothing to do with the model."""
    offer = CLASSES[provider].training_offers.get(model.key)
    named = description.can_train if description else ()
    engine = description.engine if description else ""
    is_there = offer and (offer.is_expected(engine) or model.key in named)
    return offer if is_there else None


def _why_untrainable(
    model: BaseModel, offer: TrainingOffer | None, provider: str, descriptions: Descriptions
) -> str | Promise:
    if model.why_untrainable:
        return model.why_untrainable
    if offer is None:
        return NOT_TRAINED_HERE
    if problem := _why_unreachable(provider, descriptions):
        return problem
    description = descriptions[provider]
    if description is None:
        return NOT_YET_KNOWN if offer.is_on_request else ""
    if model.key not in description.can_train:
        if runs_here(provider) and not _is_simulated(provider, description):
            return NOT_ON_THIS_MACHINE
        trains_none = offer.is_on_request and not description.can_train
        return NOT_TRAINED_THERE if trains_none else NOT_TRAINED_HERE
    fit = description.fits.get(model.key)
    return (fit.words or DOES_NOT_FIT) if fit and not fit.fits else ""


def _generation_option(
    model: BaseModel,
    provider: str,
    descriptions: Descriptions,
    is_simulated: bool,
    remote_ref: str,
    has_public_url: bool,
) -> GenerationOption:
    offer = CLASSES[provider].generation_offer(model.key, remote_ref)
    is_own = CLASSES[provider].is_own(remote_ref)
    description = descriptions.get(provider)
    generates_simulated = _is_simulated(provider, description)
    why_not = (
        _why_unreachable(provider, descriptions)
        or _why_incompatible(offer, is_simulated, generates_simulated, is_own, has_public_url)
        or (
            NOT_GENERATED_THERE if description and model.key not in description.can_generate else ""
        )
    )
    return GenerationOption(
        base_model=model,
        provider=provider,
        label=label_of(provider),
        is_available=not why_not,
        reason=why_not or _note(description),
        is_simulated=generates_simulated,
        offer=offer,
        needs_public_url=bool(offer and offer.needs_public_url),
    )


def _why_incompatible(
    offer: GenerationOffer | None,
    is_simulated: bool,
    generates_simulated: bool,
    is_own: bool,
    has_public_url: bool,
) -> str | Promise:
    if is_simulated and not generates_simulated:
        return ONLY_REAL
    if offer is None:
        return NOT_GENERATED_THERE
    if generates_simulated and not is_simulated:
        return ONLY_SIMULATED
    if offer.only_own_weights and not is_own:
        return NOT_ITS_OWN
    return NEEDS_PUBLIC_URL if offer.needs_public_url and not has_public_url else ""


def _why_unreachable(provider: str, descriptions: Descriptions) -> str | Promise:
    if provider not in descriptions:
        return NOT_CONFIGURED
    description = descriptions[provider]
    return KEY_REFUSED if description and not description.key_is_valid else ""


def _is_simulated(provider: str, description: Description | None) -> bool:
    """Whether results are simulated; where no answer came yet, whether they may be."""
    if description is None:
        return CLASSES[provider].may_be_simulated or is_emulated(provider)
    return description.engine == SIMULATED


def _price_note(factor: float) -> str:
    """A sentence about a list price that is no longer the one that was first read."""
    if abs(factor - 1) < 0.005:
        return ""
    return gettext("Its list price has changed by %(percent)+d %%. The estimate follows it.") % {
        "percent": round(100 * (factor - 1))
    }


def _fit_note(fit: Fit | None, provider: str, description: Description | None) -> str | Promise:
    """How it is trained on the person's own machine, or that nobody knows yet whether it is."""
    if not runs_here(provider) or _is_simulated(provider, description):
        return ""
    return fit.words if fit else FIT_NOT_KNOWN


def _note(description: Description | None) -> str | Promise:
    return "" if description else NO_ANSWER
