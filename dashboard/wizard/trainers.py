"""The trainers of each base model side by side, and why the others cannot be chosen."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from models_app.models import UserModel
from providers.availability import (
    KEY_REFUSED,
    NOT_CONFIGURED,
    NOT_ON_THIS_MACHINE,
)
from providers.catalog import BaseModel
from providers.hyperparameters import (
    DEFAULT_PRESET,
    HYPERPARAMETERS,
    PRESETS,
    Hyperparameters,
)
from providers.options import TrainingOption
from providers.registry import runs_here
from training.forms.training import TrainingForm, key_of
from training.selectors import Estimate, estimate_with, usual_option


@dataclass(frozen=True, slots=True)
class TrainerCard:
    """One option with the value of its radio button, and what this draft costs there."""

    option: TrainingOption
    value: str
    estimate: Estimate
    presets: str  # JSON: what each preset means there
    decides: str  # what of the advanced settings it decides itself, in a sentence


@dataclass(frozen=True, slots=True)
class BaseModelGroup:
    """A base model with the trainers that train it now. `unfit` is the person's own trainer, where
    that has the base model and too little memory for it."""

    base_model: BaseModel
    cards: tuple[TrainerCard, ...]
    unfit: TrainingOption | None = None
    is_recommended: bool = False

    @property
    def time_text(self) -> str:
        """How long it takes where it costs least, in words."""
        return self._cheapest.estimate.time_text

    @property
    def _cheapest(self) -> TrainerCard:
        return min(self.cards, key=lambda card: _dearness(card.estimate))

    @property
    def price_text(self) -> str:
        """What it costs at least, in words."""
        first = self._cheapest
        text = first.estimate.price_text
        is_one = len({card.estimate.price_text for card in self.cards}) == 1
        is_all = is_one or not first.estimate.price_usd
        return text if is_all else _("from %(price)s") % {"price": text}


@dataclass(frozen=True, slots=True)
class Reason:
    """Base models that a trainer ("" for all) does not train now, and why."""

    trainer: str
    reason: str
    base_models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """What cannot be chosen now: for want of a key from the operator, and for other reasons."""

    keys: tuple[Reason, ...]
    others: tuple[Reason, ...]

    @property
    def trainers(self) -> int:
        """How many trainers a key would add."""
        return len({one.trainer for one in self.keys})

    @property
    def base_models(self) -> int:
        """How many base models nobody can train now."""
        return len({label for one in self.others for label in one.base_models})


@dataclass(frozen=True, slots=True)
class More:
    """Base models that the person's own trainer would train if they were on its machine."""

    base_models: tuple[str, ...]
    command: str  # which gets the first of them


def open_groups(form: TrainingForm, draft: UserModel, count: int) -> list[BaseModelGroup]:
    """Return what can be chosen: the recommended base model first, then the others in the
    catalog's order, then what only lacks memory. `draft` holds the answers as entered, `count` is
    how many photos it has."""
    groups: dict[str, BaseModelGroup] = {}
    best = usual_option(options=form.options)
    for option in form.options:
        key = option.base_model.key
        is_best = best is not None and key == best.base_model.key
        empty = BaseModelGroup(option.base_model, (), is_recommended=is_best)
        group = groups.get(key, empty)
        if option.is_available:
            card = _card(option, form, draft, count)
            groups[key] = replace(group, cards=(*group.cards, card))
        elif option.is_unfit:
            groups[key] = replace(group, unfit=option)
    return sorted(groups.values(), key=lambda one: (not one.cards, not one.is_recommended))


def closed_reasons(options: Iterable[TrainingOption]) -> Closed:
    """Return what cannot be chosen, by trainer and reason. A key adds trainers also of base models
    that can be trained already; other reasons are news only where nobody trains one."""
    options = list(options)
    trained = {option.base_model.key for option in options if option.is_available}
    shut = [option for option in options if _is_news(option)]
    return Closed(
        _reasons(option for option in shut if _lacks_key(option)),
        _reasons(
            option
            for option in shut
            if not _lacks_key(option) and option.base_model.key not in trained
        ),
    )


def _is_news(option: TrainingOption) -> bool:
    """Whether it is to be said here that an option is closed."""
    if option.is_available or not (option.offer or option.base_model.why_untrainable):
        return False
    return not option.is_unfit and option.reason != NOT_ON_THIS_MACHINE  # said beside the choices


def _lacks_key(option: TrainingOption) -> bool:
    return option.reason in {NOT_CONFIGURED, KEY_REFUSED} and not runs_here(option.provider)


def _reasons(options: Iterable[TrainingOption]) -> tuple[Reason, ...]:
    found: dict[tuple[str, str], list[str]] = {}
    for option in options:
        trainer = "" if option.base_model.why_untrainable else option.label
        labels = found.setdefault((trainer, str(option.reason)), [])
        if (label := str(option.base_model.label)) not in labels:
            labels.append(label)
    return tuple(Reason(*key, tuple(labels)) for key, labels in found.items())


def more_here(options: Iterable[TrainingOption]) -> More | None:
    """Return what the person's own trainer could train besides, and how it gets it; None where it
    has everything, or only simulates."""
    missing = [
        option
        for option in options
        if option.reason == NOT_ON_THIS_MACHINE and not option.base_model.is_for_trying
    ]
    if not missing or missing[0].offer is None:
        return None
    labels = tuple(str(option.base_model.label) for option in missing)
    name = missing[0].offer.remote_model.rpartition("/")[2]
    return More(labels, f".venv/bin/python -m trainer models get {name}")


def decided_there(option: TrainingOption | None) -> str:
    """Return which of the advanced settings a trainer decides itself; "" where none."""
    decided = option.offer.decides if option and option.offer else frozenset()
    labels = [str(one.label) for name, one in HYPERPARAMETERS.items() if name in decided]
    if not labels or option is None:
        return ""
    return _("%(trainer)s decides these itself: %(settings)s.") % {
        "trainer": option.label,
        "settings": ", ".join(labels),
    }


def _dearness(estimate: Estimate) -> float:
    """A price to sort by: an unpublished one comes last."""
    return math.inf if estimate.price_usd is None else float(estimate.price_usd)


def _card(option: TrainingOption, form: TrainingForm, draft: UserModel, count: int) -> TrainerCard:
    usual = option.usual_for(draft.kind)
    presets = {key: preset.values(usual).as_json() for key, preset in PRESETS.items()}
    values = presets[draft.preset if draft.preset in PRESETS else DEFAULT_PRESET]
    wanted = Hyperparameters.from_json(values | form.own_values)
    return TrainerCard(
        option,
        key_of(option),
        estimate_with(option, wanted.steps(count), wanted.slowness(usual)),
        json.dumps(presets),
        decided_there(option),
    )
