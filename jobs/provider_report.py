"""What each provider can do now, what is wrong with it, and what an operator does about it.

Read from what was last heard, for pages, or from an answer that has just come, for the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from jobs.models import ProviderStatus
from jobs.selectors import description_in
from providers import registry
from providers.catalog import base_model
from providers.types import Description


@dataclass(frozen=True, slots=True)
class Report:
    """One provider. `problem` and `fix` are sentences, empty where nothing is wrong."""

    key: str
    label: str
    is_set_up: bool
    key_text: str = ""
    trains: tuple[str, ...] = ()
    draws: tuple[str, ...] = ()
    engine: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""
    fix: str = ""
    missing: tuple[str, ...] = field(default=())  # base models it is known for, not offered now


def stored(row: ProviderStatus) -> Report:
    """Return the report on a provider as it was last heard."""
    if row.provider not in registry.configured():
        return not_set_up(row.provider)
    description = description_in(row)
    if row.last_error:
        return away(row.provider, row.last_error, description)
    if description is None:
        return Report(row.provider, registry.label_of(row.provider), True, key_text="?")
    return answered(row.provider, description)


def answered(key: str, description: Description) -> Report:
    """Return the report on a provider that has described itself."""
    label = registry.label_of(key)
    if not description.key_is_valid:
        return Report(
            key,
            label,
            is_set_up=True,
            key_text=_("refused"),
            notes=description.notes,
            problem=_("%(trainer)s refuses the API key.") % {"trainer": label},
            fix=_("Make a new key on its site, set %(variable)s to it and restart.")
            % {"variable": _variable(key)},
        )
    offers = registry.CLASSES[key].training_offers
    known = [name for name, offer in offers.items() if offer.is_expected(description.engine)]
    nothing = not description.can_train and not description.can_generate
    return Report(
        key,
        label,
        is_set_up=True,
        key_text=_("valid"),
        trains=_labels(description.can_train),
        draws=_labels(description.can_generate),
        engine=description.engine,
        notes=(*description.notes, *_unfit(description)),
        missing=_labels(name for name in known if name not in description.can_train),
        problem=_("It offers nothing that can be used here now.") if nothing else "",
        fix=_("Look on its site whether its models have changed, and update TheWay.")
        if nothing
        else "",
    )


def away(key: str, error: str, known: Description | None = None) -> Report:
    """Return the report on a provider that did not answer."""
    return Report(
        key,
        registry.label_of(key),
        is_set_up=True,
        key_text="?",
        trains=_labels(known.can_train) if known else (),
        draws=_labels(known.can_generate) if known else (),
        problem=_("It does not work: %(error)s") % {"error": error},
        fix=_("It is asked again by itself. If this lasts, check the network and %(variable)s.")
        % {"variable": registry.CLASSES[key].url_variable.name},
    )


def not_set_up(key: str) -> Report:
    """Return the report on a provider that is off."""
    return Report(
        key,
        registry.label_of(key),
        is_set_up=False,
        fix=_("To use it, set %(variable)s and restart.") % {"variable": _variable(key)},
    )


def _variable(key: str) -> str:
    return registry.CLASSES[key].key_variable.name if key in registry.CLASSES else key


def _unfit(description: Description) -> tuple[str, ...]:
    """Return why the own trainer's machine is too small for what it has, a sentence each."""
    return tuple(fit.words for fit in description.fits.values() if not fit.fits and fit.words)


def _labels(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(base_model(key).label) for key in keys)
