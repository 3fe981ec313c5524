"""Reads POST /fine-tunes: accepts a wish or says by name what is wrong with it."""

from __future__ import annotations

import time

from starlette.requests import Request

from trainer import models
from trainer.errors import ApiError, invalid, unknown_model
from trainer.fields import Fields
from trainer.files.store import FileStore, StoredFile
from trainer.runs.records import Wish

MAX_STEPS = 100_000
CORRELATION_HEADER = "X-Correlation-Id"
LONGEST_CORRELATION = 64
NOT_AFTER_HEADER = "X-Not-After"


def require_in_time(request: Request) -> None:
    """Refuse a call that its client no longer stands by: frozen on the way, it came too late.

    The header holds unix seconds. Refused as documented for "not accepted, try later", so
    that the client knows nothing was begun.
    """
    try:
        not_after = float(request.headers.get(NOT_AFTER_HEADER, "inf"))
    except ValueError:
        raise invalid(f"{NOT_AFTER_HEADER} must be unix seconds.") from None
    if time.time() > not_after:
        raise ApiError(
            503, f"Overloaded: arrived after its {NOT_AFTER_HEADER}.", kind="service_unavailable"
        )


def correlation(request: Request) -> str:
    """Give the client's own token for a call, empty where it sent none."""
    token = request.headers.get(CORRELATION_HEADER, "").strip()
    if len(token) > LONGEST_CORRELATION:
        raise invalid(f"{CORRELATION_HEADER} must be at most {LONGEST_CORRELATION} characters.")
    return token


def read_model(fields: Fields) -> str:
    """Give the base model asked for; raise a 404 for one that is not offered."""
    name = fields.text("model")
    if name not in models.BASE_MODELS:
        raise unknown_model(name)
    return name


def read_wish(fields: Fields, token: str) -> Wish:
    """Turn the documented fields, and our `image_params`, into a wish.

    Fields that only mean something for text models are ignored; methods that this trainer
    does not have are refused.
    """
    _refuse_other_methods(fields)
    model = read_model(fields)
    lora = fields.inner("training_type")
    picture = fields.inner("image_params")
    rank = lora.integer("lora_r", models.DEFAULT_RANK, low=1, high=models.MAX_RANK)
    return Wish(
        model=model,
        training_file=fields.text("training_file"),
        n_epochs=fields.integer("n_epochs", 1, low=1, high=models.MAX_EPOCHS),
        n_checkpoints=fields.integer("n_checkpoints", 1, low=1, high=models.MAX_CHECKPOINTS),
        batch_size=_batch_size(fields),
        learning_rate=fields.number(
            "learning_rate", 1e-5, low=models.MIN_LEARNING_RATE, high=models.MAX_LEARNING_RATE
        ),
        lora_r=rank,
        lora_alpha=lora.integer("lora_alpha", 2 * rank, low=1, high=2 * models.MAX_RANK),
        seed=fields.integer("random_seed", 42, low=0, high=2**63 - 1),
        resolution=picture.integer("resolution", 1024, low=256, high=2048),
        suffix=fields.text("suffix", "", longest=40),
        correlation=token,
        trigger_word=picture.text("trigger_word", "", longest=60),
        subject=picture.text("subject", "", longest=60),
    )


def training_file(wish: Wish, files: FileStore) -> StoredFile:
    """Give the file of a wish; raise 404 or 400 where it cannot be trained on."""
    file = files.get(wish.training_file)
    if file.status != "COMPLETED" or file.purpose != "fine-tune":
        why = file.error or f"it is {file.status}, for {file.purpose}"
        raise invalid(f"{file.id} cannot be trained on: {why}.", "training_file")
    if wish.n_epochs * file.line_count > MAX_STEPS * wish.batch_size:
        raise invalid(f"This training would have more than {MAX_STEPS} steps.", "n_epochs")
    return file


def _batch_size(fields: Fields) -> int:
    if fields.raw("batch_size") == "max":
        return models.MAX_BATCH
    # Together's default is "max"; for a dozen photos a batch of one is what trainers use.
    return fields.integer("batch_size", 1, low=1, high=models.MAX_BATCH)


def _refuse_other_methods(fields: Fields) -> None:
    if fields.inner("training_type").text("type", "Lora") != "Lora":
        raise invalid("This trainer trains LoRAs only.", "training_type")
    if fields.inner("training_method").text("method", "sft") != "sft":
        raise invalid("This trainer knows the method sft only.", "training_method")
    for name in ("from_checkpoint", "from_hf_model", "validation_file"):
        if fields.raw(name):
            raise invalid(f"{name} is not supported by this trainer.", name)
