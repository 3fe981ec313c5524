"""Requesting images. One click is one job, however often it arrives."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import limits
from accounts.allowances import Limit
from accounts.money import amount_of
from generation.models import GeneratedImage
from generation.prompts import RATIOS
from generation.selectors import options_for
from generation.work import GenerationWork
from jobs.models import JobQueue
from jobs.services import enqueue
from models_app import file_deletions, trigger_words
from models_app.models import UserModel
from providers.options import GenerationOption
from providers.registry import runs_here

MAX_COUNT = 4
MAX_SEED = 2**31 - 1
MAX_STEPS = 50
MAX_GUIDANCE = 20
MIN_STRENGTH, MAX_STRENGTH = 0.1, 1.5
# Wishes that only a trainer of the person's own takes.
DETAILS = ("steps", "guidance", "negative_prompt")


class GenerationRefusedError(Exception):
    """No images can be generated with this model now; the text is the reason."""


@transaction.atomic
def create(
    model: UserModel,
    *,
    idempotency_key: str,
    prompt: str,
    ratio: str,
    count: int,
    seed: int | None,
    strength: float,
    provider: str,
    **details: int | float | str | None,
) -> JobQueue:
    """Queue `count` images; the same `idempotency_key` with the same wishes returns the job that
    exists. (With others it is another click, on a page that “Back” has brought up again.)

    Without `seed` one is chosen and kept, so that an image can be generated again. `strength` is
    the LoRA's scale; `details` are those of DETAILS. Raises GenerationRefusedError and
    LimitReachedError.
    """
    option = _option(model, provider, count)
    wanted = _details(option, details)
    width, height = RATIOS[ratio]
    wishes = sha256(
        repr((prompt, ratio, count, seed, strength, provider, wanted)).encode()
    ).hexdigest()
    key = f"images:{model.pk}:{idempotency_key[:40]}:{wishes[:32]}"
    person = limits.lock(model.owner_id)
    if existing := JobQueue.objects.filter(idempotency_key=key).first():
        return existing
    limits.require(person, Limit.PICTURES, count)
    limits.require(person, Limit.STORAGE)
    return enqueue(
        kind=JobQueue.Kind.GENERATION,
        model=model,
        provider=provider,
        idempotency_key=key,
        payload={
            "base_model": option.base_model.key,
            "prompt": trigger_words.with_word(prompt, model),
            "typed_prompt": prompt,
            "ratio": ratio,
            "width": width,
            "height": height,
            "count": count,
            "seed": secrets.randbelow(MAX_SEED) if seed is None else seed,
            "strength": strength,
            **({"details": wanted} if wanted else {}),
        },
        deadline_in=GenerationWork.time_limit,
        cost_estimate=_price(option, count, width * height),
        budget_usd=_budget(option, count, width * height),
    )


def try_again(job: JobQueue, *, idempotency_key: str) -> JobQueue:
    """Request the same images again, as a new job.

    Raises GenerationRefusedError and LimitReachedError.
    """
    if job.model is None or not job.is_over:
        raise GenerationRefusedError(_("These pictures cannot be made again."))
    payload = job.payload
    return create(
        job.model,
        idempotency_key=idempotency_key,
        prompt=payload["typed_prompt"],
        ratio=payload["ratio"],
        count=payload["count"],
        seed=payload["seed"],
        strength=payload["strength"],
        provider=job.provider,
        **payload.get("details", {}),
    )


def delete_image(image: GeneratedImage) -> None:
    """Delete an image: its row, then its files."""
    names = [str(image.file.name), str(image.thumbnail.name)]
    with transaction.atomic():
        image.delete()
        file_deletions.delete_on_commit(names)


def _option(model: UserModel, provider: str, count: int) -> GenerationOption:
    option = _available_option(model, provider)
    if count > 1 and option.offer and option.offer.one_at_a_time:
        text = _("%(provider)s makes one picture at a time with this model. Choose 1 picture.")
        raise GenerationRefusedError(text % {"provider": option.label})
    return option


def _available_option(model: UserModel, provider: str) -> GenerationOption:
    if model.status != UserModel.Status.READY:
        raise GenerationRefusedError(_("This model is not trained yet."))
    for option in options_for(model):
        if option.provider == provider:
            if option.is_available:
                return option
            raise GenerationRefusedError(f"{option.label}: {option.reason}")
    raise GenerationRefusedError(_("Choose where to make the pictures."))


def _details(
    option: GenerationOption, details: Mapping[str, int | float | str | None]
) -> dict[str, int | float | str]:
    """Return the finer wishes that were made. Raises GenerationRefusedError where the provider
    takes none: they would be left aside without a word."""
    wanted = {name: value for name in DETAILS if (value := details.get(name))}
    if wanted and not option.is_own_machine:
        text = _("%(provider)s takes no steps, guidance or negative prompt. Leave them empty.")
        raise GenerationRefusedError(text % {"provider": option.label})
    return wanted


def _price(option: GenerationOption, count: int, pixels: int) -> Decimal | None:
    price = option.price_usd(count, pixels)
    return None if price is None else round(Decimal(str(price)), 2)


def _budget(option: GenerationOption, count: int, pixels: int) -> Decimal:
    """What budgets keep for them, also where no price is published."""
    if option.offer is None or runs_here(option.provider):
        return Decimal(0)
    return amount_of(option.offer.budget_usd(count, pixels))
