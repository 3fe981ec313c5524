"""The engine that really trains: it chooses how a run fits, and watches the child that does it."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from trainer.engines.base import ImageRequest, TrainingError
from trainer.engines.diffusers import advice, cards as graphics
from trainer.engines.diffusers.cards import Card
from trainer.engines.diffusers.child_process import Child, ChildEndedError
from trainer.engines.diffusers.fitting import Choice, choice_for, why_not
from trainer.engines.diffusers.installed import installed
from trainer.engines.diffusers.known import GIB, KNOWN
from trainer.engines.diffusers.protocol import Base, DrawOrder, Message, Picture, TrainOrder
from trainer.engines.diffusers.recipes import recipe_of
from trainer.runs.work import Work

log = logging.getLogger("trainer.diffusers")

# Without a card only models that were made for trying fit a processor's patience.
CPU = Card("", "this machine's processor", 4 * GIB, 0, 8.0)
_STATUS = {"model_compressing": "compressing"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are: the Python that has torch, the owner's models, the hub's cache."""

    python: Path
    models: Path
    hub: Path


class DiffusersEngine:
    """Trains one run per card in a process of its own. See `engines.base.Engine`."""

    name = "diffusers"

    def __init__(self, places: Places, training_seconds: float) -> None:
        self._places = places
        self.training_seconds = training_seconds
        found = graphics.cards() or [CPU]
        self._cards: asyncio.Queue[Card] = asyncio.Queue()
        for card in found:
            self._cards.put_nowait(card)
        self.slots = len(found)

    def models(self) -> list[str]:
        """Return the base models that are here whole."""
        return list(installed(self._places.models, self._places.hub))

    async def train(self, work: Work) -> None:
        """Train a run, or go on with it. Raises TrainingError in a person's words."""
        card = await self._cards.get()
        try:
            await self._train_on(card, work)
        finally:
            self._cards.put_nowait(card)

    async def generate(self, request: ImageRequest) -> bytes:
        """Return one picture. Raises TrainingError where it cannot be drawn."""
        card = await self._cards.get()
        try:
            return await self._draw_on(card, request)
        finally:
            self._cards.put_nowait(card)

    # --- training --------------------------------------------------------------------------

    async def _train_on(self, card: Card, work: Work) -> None:
        order = self._order(card, work)
        work.event("job_start", f"Job started on {card.name}")
        for is_last in (False, True):
            try:
                await self._follow(card, order, work)
                return
            except ChildEndedError as error:
                log.warning("%s ended: %s %s", work.run.id, error.code, error.text)
                if is_last or error.code not in advice.PASSING:
                    raise TrainingError(advice.words_for(error.code, error.text)) from error
                words = f"{advice.words_for(error.code, '')} Going on from the last state."
                work.event("job_restarted", words, step=work.run.step)

    async def _follow(self, card: Card, order: TrainOrder, work: Work) -> None:
        before, last = work.run.elapsed, await work.last_loss_step()
        async with self._child(card, order, work.folder) as child:
            async for message in child.messages():
                last = self._report(message, work, before, last)

    def _report(self, message: Message, work: Work, before: float, last: int) -> int:
        """Pass a message on; return the last step whose loss is recorded."""
        if message.event:
            work.status(_STATUS.get(message.event, "running"))
            work.event(message.event, message.text, step=message.step)
        points = [point for point in message.steps if point[0] > last]
        if points:
            work.losses(points)
        if message.elapsed:
            step = message.step or 0
            work.progress(elapsed=before + message.elapsed, step=step, seconds_left=message.left)
        return points[-1][0] if points else last

    def _order(self, card: Card, work: Work) -> TrainOrder:
        """Return what the child is told. Raises TrainingError where it cannot be done here."""
        run = work.run
        base, choice = self._base(card, run.request.model, run.request.image_params.resolution)
        recipe = recipe_of(run, KNOWN[run.request.model], choice)
        return TrainOrder(base, recipe, str(work.folder), run.id, run.photos)

    def _base(self, card: Card, model: str, wanted: int) -> tuple[Base, Choice]:
        here = installed(self._places.models, self._places.hub)
        if model not in here:
            raise TrainingError(
                f"{model} is not on this machine. Get it with: python -m trainer models get {model}"
            )
        known = KNOWN[model]
        choice = choice_for(known, card.free, wanted)
        if card is CPU:
            choice = choice and replace(choice, precision="float32")
        if choice is None:
            raise TrainingError(why_not(known, card, here))
        device = "cpu" if card is CPU else "cuda"
        return Base(str(here[model]), known.family, model, choice.precision, device), choice

    def _child(self, card: Card, order: TrainOrder | DrawOrder, folder: Path) -> Child:
        return Child(self._places.python, order, folder / "log.txt", card.index)

    # --- drawing ---------------------------------------------------------------------------

    async def _draw_on(self, card: Card, request: ImageRequest) -> bytes:
        base, _choice = self._base(card, request.model, max(request.width, request.height))
        loras = tuple(
            (str(lora.folder / "adapter.safetensors"), lora.scale) for lora in request.loras
        )
        picture = Picture(
            request.prompt,
            request.width,
            request.height,
            request.seed,
            request.file_format,
            loras,
            request.steps,
            request.guidance,
            request.negative_prompt,
        )
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "picture"
            order = DrawOrder(base, picture, str(target))
            try:
                async with self._child(card, order, Path(folder)) as child:
                    async for _message in child.messages():
                        pass
            except ChildEndedError as error:
                raise TrainingError(advice.words_for(error.code, error.text)) from error
            return target.read_bytes()
