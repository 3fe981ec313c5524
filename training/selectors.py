"""What can be trained, what is still missing, what it will cost. No HTTP, no writes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _, ngettext

from accounts.allowances import Usage
from accounts.models import User
from accounts.money import amount_of
from jobs.models import JobQueue
from jobs.selectors import descriptions, paid_in_a_day
from models_app import photo_files, trigger_words
from models_app.limits import LIMITS
from models_app.models import Subject, TrainingImage, UserModel
from models_app.selectors import photos_of
from models_app.texts import isolated
from providers.availability import training_options
from providers.catalog import BASE_MODELS, DEFAULT_BASE_MODEL
from providers.hyperparameters import Defaults, Hyperparameters, InvalidHyperparametersError
from providers.options import TrainingOption
from providers.registry import runs_here
from training.models import TrainingSample

NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Missing:
    """One reason why a training cannot start, and the wizard's step that fixes it."""

    step: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Estimate:
    """Price and duration of a training, as far as they are known."""

    price_usd: Decimal | None
    seconds: float | None
    steps: int
    budget_usd: Decimal  # what budgets keep for it, also where no price is published
    price_text: str
    read_on: date | None  # when the price was read at the trainer
    time_text: str


def trainings_used(user: User) -> Usage:
    """Return the trainings that the person started in the last 24 hours.

    A second download of a result that is paid for already is none.
    """
    started = paid_in_a_day(user, JobQueue.Kind.TRAINING).exclude(payload__has_key="adopt_run")
    return Usage.of_day((at, 1) for at in started.values_list("created_at", flat=True))


def choices() -> tuple[TrainingOption, ...]:
    """Return every base model with every provider: whether it is available, and why not."""
    return training_options(descriptions())


def usual_option(
    base_model: str = "", provider: str = "", options: Iterable[TrainingOption] | None = None
) -> TrainingOption | None:
    """Return the first option that can be chosen, for a base model and at a provider where these
    are named, of the default base model before others; None where there is none."""
    found = [
        one
        for one in (choices() if options is None else options)
        if one.is_available
        and base_model in {"", one.base_model.key}
        and provider in {"", one.provider}
    ]
    best = [one for one in found if one.base_model.key == DEFAULT_BASE_MODEL]
    return next(iter([*best, *found]), None)


def choice_for(model: UserModel) -> TrainingOption | None:
    """Return the option chosen for the model; None where none, or an unknown one, is chosen."""
    for option in choices():
        if (option.base_model.key, option.provider) == (model.base_model, model.provider):
            return option
    return None


def hyperparameters_of(model: UserModel) -> Hyperparameters:
    """Return the model's values, or defaults. Raises InvalidHyperparametersError."""
    return Hyperparameters.from_json(model.options)


def what_is_missing(model: UserModel) -> list[Missing]:
    """Return every reason why `model` cannot be trained yet; empty where it can."""
    return [*_missing_about(model), *_missing_photos(model), *_missing_training(model)]


def _missing_about(model: UserModel) -> Iterator[Missing]:
    if not model.name.strip():
        yield Missing("about", _("Name your model."))
    if not model.trigger_word:
        yield Missing("about", _("Choose a trigger word."))
    elif wrong := trigger_words.problem_with(model.trigger_word, owner=model.owner, model=model):
        yield Missing("about", wrong)
    if model.kind == Subject.PERSON and model.consent_at is None:
        yield Missing("about", _("Confirm that the person in the photos agrees."))


def _missing_photos(model: UserModel) -> Iterator[Missing]:
    count = photos_of(model).count()
    if count < LIMITS.min_photos:
        yield Missing("photos", photos_missing_text(count))


def missing_files(model: UserModel) -> list[Missing]:
    """Return what to say where photos have lost their files, with their names; [] otherwise.

    Asks the storage about each: not for pages, and not while a row is locked.
    """
    gone = photo_files.gone(photos_of(model))
    if not gone:
        return []
    text = ngettext(
        "The file of a photo is missing or damaged in this installation: %(names)s. Remove it and "
        "upload it again.",
        "The files of photos are missing or damaged in this installation: %(names)s. Remove them "
        "and upload them again.",
        len(gone),
    )
    return [Missing("photos", text % {"names": names_of(gone)})]


def names_of(photos: Iterable[TrainingImage]) -> str:
    """Return the names of photos as their owner knows them, for a sentence."""
    shown = [isolated(photo.original_filename or _("Photo")) for photo in photos]
    return ", ".join(f"“{name}”" for name in shown[:NAMES_SHOWN]) + (
        _(" and %d more") % (len(shown) - NAMES_SHOWN) if len(shown) > NAMES_SHOWN else ""
    )


def _missing_training(model: UserModel) -> Iterator[Missing]:
    option = choice_for(model)
    if option is None:
        yield Missing("training", _("Choose a base model and a trainer."))
    elif not option.is_available:
        yield Missing("training", f"{option.base_model.label} · {option.label}: {option.reason}")
    try:
        wanted = hyperparameters_of(model)
    except InvalidHyperparametersError as error:
        yield Missing("training", str(error))
        return
    if option and (problem := option.why_not_at_once(wanted.batch_size)):
        yield Missing("training", problem)
    if option and wanted.keep_prior and option.usual_for(model.kind).keeps_prior is None:
        yield Missing("training", cannot_keep_prior(option))


def cannot_keep_prior(option: TrainingOption) -> str:
    """Return that a trainer does not take this setting, as a sentence."""
    return _("%(trainer)s cannot keep what the base model knows. Turn that off.") % {
        "trainer": option.label
    }


def samples_of(user: User | AnonymousUser) -> QuerySet[TrainingSample]:
    """Return the samples of the user's trainings, in order of step."""
    if not user.is_authenticated:
        return TrainingSample.objects.none()
    return TrainingSample.objects.filter(model__owner=user)


def sample_for(user: User | AnonymousUser, sample_id: uuid.UUID) -> TrainingSample:
    """Return a sample of the user's own. Raises Http404 for any other."""
    sample = samples_of(user).filter(pk=sample_id).first()
    if sample is None:
        raise Http404("No such sample")
    return sample


def samples_by_step(job: JobQueue) -> list[tuple[int, list[TrainingSample]]]:
    """Return what one training has shown, the newest step first; with the trigger word first."""
    rows = TrainingSample.objects.filter(job=job).exclude(file="")
    ordered = rows.order_by("-step", "-has_trigger", "number")
    return [(step, list(found)) for step, found in groupby(ordered, key=attrgetter("step"))]


def photos_missing_text(count: int) -> str:
    """Return how many photos a model with `count` of them still needs, as a sentence."""
    missing = LIMITS.min_photos - count
    text = ngettext(
        "Add %(missing)d more photo. A training needs at least %(needed)d.",
        "Add %(missing)d more photos. A training needs at least %(needed)d.",
        missing,
    )
    return text % {"missing": missing, "needed": LIMITS.min_photos}


def has_kohya_names(model: UserModel) -> bool:
    """Return whether programs read the model's weights under kohya's names too."""
    known = any(one.key == model.base_model and one.has_kohya_names for one in BASE_MODELS)
    return known and bool(model.weights)


def next_idempotency_key(model: UserModel) -> str:
    """Return the idempotency key of the next click of “Start training” for this model."""
    return f"training:{model.pk}:{training_jobs(model)}"


def training_jobs(model: UserModel) -> int:
    return JobQueue.objects.filter(model=model, kind=JobQueue.Kind.TRAINING).count()


def estimate(model: UserModel) -> Estimate:
    """Return what training this model will cost and how long it will take."""
    return estimate_for(model, choice_for(model), photos_of(model).count())


def estimate_for(model: UserModel, option: TrainingOption | None, photo_count: int) -> Estimate:
    """Return the same at one trainer, of no steps where the model's answers are no numbers."""
    try:
        wanted = hyperparameters_of(model)
    except InvalidHyperparametersError:
        return estimate_with(option, 0)
    usual = option.usual_for(model.kind) if option else Defaults()
    return estimate_with(option, wanted.steps(photo_count), wanted.slowness(usual))


def estimate_with(option: TrainingOption | None, steps: int, slowness: float = 1.0) -> Estimate:
    """Return the same of so many steps, which take `slowness` of the usual time; `option` is None
    where nothing is chosen yet."""
    if option and option.offer:
        steps = option.offer.steps.fit(steps)
    price_usd = option.price_usd(steps) if option else None
    price = None if price_usd is None else round(Decimal(str(price_usd)), 2)
    seconds = option.seconds(steps, slowness) if option else None
    return Estimate(
        price_usd=price,
        seconds=seconds,
        steps=steps,
        budget_usd=_budget_usd(option, steps),
        price_text=_price_text(price),
        read_on=option.offer.price.read_on if option and option.offer and price else None,
        time_text=_time_text(seconds, is_own_machine=bool(option and option.is_own_machine)),
    )


def _budget_usd(option: TrainingOption | None, steps: int) -> Decimal:
    if option is None or option.offer is None or runs_here(option.provider):
        return Decimal(0)
    return amount_of(option.offer.budget_usd(steps) * option.price_factor)


def _price_text(price: Decimal | None) -> str:
    if price is None:
        return _("Price not published")
    return f"${price:.2f}" if price else _("Free")


def _time_text(seconds: float | None, *, is_own_machine: bool) -> str:
    if seconds is None:
        return _("Not measured yet") if is_own_machine else _("Time not known")
    if seconds < 90:
        return _("About %d seconds") % round(seconds)
    if seconds < 5400:
        return _("About %d minutes") % round(seconds / 60)
    return _("About %.1f hours") % (seconds / 3600)
