"""The engine that really trains: it lends each card to one child at a time."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trainer.engines.base import EngineBusyError, GenerationError, ImageRequest
from trainer.engines.diffusers import advice, fitting
from trainer.engines.diffusers.cards import PROCESSOR, Card, machine_memory
from trainer.engines.diffusers.child_process import ChildEndedError, Limits
from trainer.engines.diffusers.drawers import Drawers
from trainer.engines.diffusers.known import KNOWN
from trainer.engines.diffusers.lending import Lending
from trainer.engines.diffusers.measured import Measurements
from trainer.engines.diffusers.protocol import Base, DrawOrder, Picture
from trainer.engines.diffusers.setup import Places, Setup
from trainer.engines.diffusers.training import RealTraining
from trainer.models import BaseModel
from trainer.runs.work import Work
from trainer.threads import in_thread

log = logging.getLogger("trainer.diffusers")

# How soon to ask again for a picture while every card trains: no sooner, no later, in seconds.
SOON, LATE = 10, 600


class DiffusersEngine:
    """Trains one run per card in a process of its own. See `engines.base.Engine`."""

    name, why = "diffusers", ""
    training_seconds = 0.0  # follows from the steps and from what was measured: `fit`

    def __init__(
        self,
        places: Places,
        cards: Sequence[Card],
        limits: Limits | None = None,
        keep_seconds: float = 0.0,
    ) -> None:
        """Train on these cards; on the processor where there are none."""
        self._setup = Setup(places, Measurements(places.measured), limits or Limits())
        found = cards or [PROCESSOR]
        self._drawers = Drawers(self._setup, keep_seconds)
        self._cards = Lending(found, self._drawers.have)
        self.slots = len(found)
        self._trained: set[Work] = set()  # and those that wait for a card

    def models(self) -> Mapping[str, BaseModel]:
        """Return the base models that are here whole."""
        here = self._setup.places.installed()
        return {name: BaseModel(name, KNOWN[name].lora_family) for name in here}

    async def missing(self, model: str) -> str:
        """Return why a base model is not here: unknown, too large, or only not fetched yet."""
        found = await self.fit(model)
        if found is None:
            return f"Model {model[:200]!r} cannot be trained."
        if not found["fits"]:
            return str(found["words"])
        command = f".venv/bin/python -m trainer models get {model}"
        return f"{model} is not on this machine. Get it: {command}"

    async def fit(self, model: str, batch: int = 1) -> dict[str, Any] | None:
        """Return whether and how a base model fits the best card; None for one unknown."""
        if model not in KNOWN:
            return None
        card, here = await self._cards.best(), self._setup.places.installed()
        measured, memory = self._setup.measurements, machine_memory()
        return fitting.fit(KNOWN[model], card, here, measured, memory, batch)

    async def train(self, work: Work) -> None:
        """Train a run, or go on with it. Raises TrainingError in a person's words."""
        self._trained.add(work)
        try:
            async with self._cards.one(self._drawers.end) as card:
                await RealTraining(work, card, self._setup).complete()
        finally:
            self._trained.discard(work)

    async def generate(self, request: ImageRequest) -> bytes:
        """Return one picture. Trainings go first: where they hold every card, EngineBusyError."""
        if len(self._trained) >= self.slots:
            left = min(work.run.seconds_left for work in self._trained)
            words = "The card is training. Generate when the training is over."
            raise EngineBusyError(words, round(min(max(left, SOON), LATE)))
        async with self._cards.any() as card:
            base = await in_thread(self._base, card, request.model)
            with tempfile.TemporaryDirectory() as folder:
                return await self._drawn(
                    card, DrawOrder(base, _picture(request), f"{folder}/picture")
                )

    async def close(self) -> None:
        """End the children that are kept for the next picture."""
        await self._drawers.close()

    async def _drawn(self, card: Card, order: DrawOrder) -> bytes:
        try:
            await self._drawers.draw(card, order)
            return await in_thread(Path(order.target).read_bytes)
        except ChildEndedError as error:
            log.warning("A picture ended: %s %s", error.code, error.text)
            raise GenerationError(advice.words_for_picture(error.code)) from error
        except OSError as error:
            raise GenerationError(advice.words_for_picture(advice.code_of(error))) from error

    def _base(self, card: Card, model: str) -> Base:
        """Return what is drawn with. Raises GenerationError where it is not here or too large."""
        known, folder = KNOWN[model], self._setup.places.installed().get(model)
        if folder is None:
            raise GenerationError(f"{model} is not on this machine any more.")
        precision = fitting.precision_to_draw(known, card)
        if not precision:
            raise GenerationError(f"{model} is too large for {card.name}.")
        device = "cuda" if card.index else "cpu"
        return Base(str(folder), known.family, model, precision, device, known.side)


def _picture(request: ImageRequest) -> Picture:
    loras = ((str(lora.folder / "adapter.safetensors"), lora.scale) for lora in request.loras)
    return Picture(
        prompt=request.prompt,
        width=request.width,
        height=request.height,
        seed=request.seed,
        file_format=request.file_format,
        loras=tuple(loras),
        steps=request.steps,
        guidance=request.guidance,
        negative_prompt=request.negative_prompt,
    )
