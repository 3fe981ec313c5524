"""The recipe of a run: what the client asked for, and what it left to us."""

from __future__ import annotations

from trainer.engines.diffusers.fitting import SIDES, Choice
from trainer.engines.diffusers.known import Known
from trainer.engines.diffusers.protocol import Recipe
from trainer.runs.records import Run

# Together's default, which is made for text models: nothing visible is learned at it.
NO_RATE = 1e-5
SAMPLED_AT = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the steps
FEW_PHOTOS = 8  # below, no caption is left out where there is a trigger word


def recipe_of(run: Run, known: Known, choice: Choice) -> Recipe:
    """Return how a run is trained: several sizes up to the one that fits, never upscaled."""
    request, steps = run.request, run.total_steps
    image = request.image_params
    few = run.photos < FEW_PHOTOS and bool(image.trigger_word)
    rate = known.learning_rate if request.learning_rate == NO_RATE else request.learning_rate
    count = request.n_checkpoints
    # Without a word nothing tells what is learned from what shall stay as it was.
    wants_prior = known.keeps_prior if image.keep_prior is None else image.keep_prior
    return Recipe(
        steps=steps,
        learning_rate=rate * known.rate_factor,
        rank=request.training_type.lora_r,
        batch=request.batch_size,
        resolutions=tuple(sorted({one for one in SIDES if one < choice.side} | {choice.side})),
        seed=request.random_seed,
        trigger_word=image.trigger_word,
        subject=image.subject,
        caption_dropout=0.0 if few else 0.05,
        eight_bit_optimiser=choice.precision in {"int8", "nf4"},
        keep_prior=bool(image.trigger_word) and wants_prior,
        checkpoints=tuple(sorted({steps * at // count for at in range(1, count)} - {0})),
        samples=tuple(sorted({round(steps * share) for share in SAMPLED_AT})),
    )
