"""Asking for pictures. One press is one job, whatever arrives how often."""

from __future__ import annotations

import secrets
from decimal import Decimal
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from generation.models import GeneratedImage
from generation.prompts import RATIOS, with_trigger
from generation.selectors import options_for
from generation.work import GenerationWork
from jobs.models import JobQueue
from jobs.services import enqueue
from models_app.models import UserModel
from providers.options import GenerationOption

MAX_COUNT = 4
MAX_SEED = 2**31 - 1


class CannotGenerate(Exception):
    """The sentence says why no pictures can be made with this model now."""


def create(
    model: UserModel,
    *,
    press: str,
    prompt: str,
    ratio: str,
    count: int,
    seed: int | None,
    strength: float,
    provider: str,
) -> JobQueue:
    """Queue `count` pictures; the same `press` again gives the job that is there already.

    Without `seed` one is drawn and kept, so that a picture can be made again. `strength` is
    the LoRA's scale. Raises CannotGenerate.
    """
    option = _option(model, provider)
    width, height = RATIOS[ratio]
    return enqueue(
        kind=JobQueue.Kind.GENERATION,
        model=model,
        provider=provider,
        press_key=f"pictures:{model.pk}:{press}"[:120],
        payload={
            "base_model": option.base_model.key,
            "prompt": with_trigger(prompt, model),
            "typed_prompt": prompt,
            "ratio": ratio,
            "width": width,
            "height": height,
            "count": count,
            "seed": secrets.randbelow(MAX_SEED) if seed is None else seed,
            "strength": strength,
        },
        deadline_in=GenerationWork.time_limit,
        cost_estimate=_price(option, width * height * count),
    )


def try_again(job: JobQueue, *, press: str) -> JobQueue:
    """Ask for the same pictures once more, as a new job. Raises CannotGenerate."""
    if job.model is None or not job.is_over:
        raise CannotGenerate("These pictures cannot be asked for again.")
    asked = job.payload
    return create(
        job.model,
        press=press,
        prompt=asked["typed_prompt"],
        ratio=asked["ratio"],
        count=asked["count"],
        seed=asked["seed"],
        strength=asked["strength"],
        provider=job.provider,
    )


def delete_picture(picture: GeneratedImage) -> None:
    """Delete a picture: the row, then its files."""
    names = [str(picture.file.name), str(picture.thumbnail.name)]
    with transaction.atomic():
        picture.delete()
        for name in names:
            transaction.on_commit(partial(default_storage.delete, name))


def _option(model: UserModel, provider: str) -> GenerationOption:
    if model.status != UserModel.Status.READY:
        raise CannotGenerate("This model is not trained yet.")
    for option in options_for(model):
        if option.provider == provider:
            if option.is_available:
                return option
            raise CannotGenerate(f"{option.label}: {option.reason}")
    raise CannotGenerate("Choose who draws the pictures.")


def _price(option: GenerationOption, pixels: int) -> Decimal | None:
    if option.price_usd is None:
        return None
    return round(Decimal(str(option.price_usd)) * pixels / 1_000_000, 2)
