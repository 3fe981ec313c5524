"""What Replicate trains and draws now: each model is looked at, with the inputs we would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from providers.catalog import GenerationOffer, TrainingOffer
from providers.errors import TrainerGoneError
from providers.replicate import inputs
from providers.replicate.directory import PICTURE_INPUT, TRAINING_INPUT, Directory, Published
from providers.replicate.offers import LoraRunner, ReplicateTrainer
from providers.types import Description, GenerationRequest, Lora, TrainingRequest

_ADDRESS = "https://example.com/lora.safetensors"
_SHORT = 12  # characters of a version that a person compares


@dataclass(frozen=True, slots=True)
class Look:
    """One model as found: its version, or what is wrong with it."""

    model: str
    version: str = ""
    problem: str = ""

    def text(self) -> str:
        """Return that in a sentence for the operator."""
        if self.problem:
            return f"{self.model}: {self.problem}"
        return _("%(model)s: version %(version)s.") % {
            "model": self.model,
            "version": self.version[:_SHORT],
        }


def described(
    owner: str,
    engine: str,
    directory: Directory,
    training_offers: Mapping[str, TrainingOffer],
    generation_offers: Mapping[str, GenerationOffer],
) -> Description:
    """Return what an account's key can do now: for each base model one free call."""
    trained = {
        key: look
        for key, offer in training_offers.items()
        for look in _trainer(directory, key, offer)
    }
    drawn = {
        key: look
        for key, offer in generation_offers.items()
        for look in _runner(directory, key, offer)
    }
    return Description(
        key_is_valid=True,
        can_train=tuple(key for key, look in trained.items() if not look.problem),
        can_generate=tuple(
            key
            for key, offer in generation_offers.items()
            # With what was trained there it draws without any other model.
            if offer.own or offer.only_own_weights or not drawn[key].problem
        ),
        engine=engine,
        notes=(
            _("Account: %(name)s.") % {"name": owner},
            *(look.text() for look in (*trained.values(), *drawn.values())),
            _(
                "Trained versions go to one private model of this account and are deleted with "
                "ours. That model and the list of trainings stay."
            ),
        ),
    )


def _trainer(directory: Directory, base_model: str, offer: TrainingOffer) -> Iterator[Look]:
    if isinstance(offer, ReplicateTrainer):
        given = partial(inputs.training_input, offer, _training(base_model, offer))
        yield _look(directory, offer.remote_model, given, TRAINING_INPUT)


def _runner(directory: Directory, base_model: str, offer: GenerationOffer) -> Iterator[Look]:
    if isinstance(offer, LoraRunner):
        given = partial(inputs.picture_input, _pictures(base_model), offer)
        yield _look(directory, offer.remote_model, given, PICTURE_INPUT)


def _look(
    directory: Directory, model: str, given: Callable[[Published], Mapping[str, Any]], name: str
) -> Look:
    try:
        published = directory.latest(model)
    except TrainerGoneError as error:
        return Look(model, problem=error.detail)
    return Look(model, published.version, published.problem_with(given(published), name))


def _training(base_model: str, trainer: ReplicateTrainer) -> TrainingRequest:
    defaults = trainer.defaults_for("person")
    return TrainingRequest(
        correlation="",
        base_model=base_model,
        dataset="https://example.com/photos.zip",
        trigger_word="word",
        general_caption="photo of word",
        subject="person",
        epochs=defaults.steps_per_photo,
        learning_rate=defaults.learning_rate,
        batch_size=1,
        resolution=1024,
        photo_count=10,
        steps=trainer.steps.fit(10 * defaults.steps_per_photo),
        rank=defaults.rank,
    )


def _pictures(base_model: str) -> GenerationRequest:
    return GenerationRequest(
        correlation="",
        base_model=base_model,
        prompt="a picture",
        width=1024,
        height=1024,
        count=1,
        seed=None,
        lora=Lora(_ADDRESS, 1.0),
    )
