"""The engine that really trains: it chooses how a run fits, and watches the child that does it."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from trainer.engines.base import EngineBusyError, GenerationError, ImageRequest, TrainingError
from trainer.engines.diffusers import advice, cards as graphics, orders
from trainer.engines.diffusers.cards import Card
from trainer.engines.diffusers.child_process import Child, ChildEndedError
from trainer.engines.diffusers.fitting import Choice, choice_for, why_not
from trainer.engines.diffusers.installed import installed
from trainer.engines.diffusers.known import GIB, KNOWN
from trainer.engines.diffusers.protocol import Base, DrawOrder, Message, Picture, TrainOrder
from trainer.engines.diffusers.recipes import recipe_of
from trainer.models import BaseModel
from trainer.runs.work import Work

log = logging.getLogger("trainer.diffusers")

# Without a card: small base models only, in full precision.
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
        self.slots, self._trainings = len(found), 0

    def models(self) -> Mapping[str, BaseModel]:
        """Return the base models that are here whole."""
        return {name: BaseModel(name, KNOWN[name].lora_family) for name in self._installed()}

    async def train(self, work: Work) -> None:
        """Train a run, or go on with it. Raises TrainingError in a person's words."""
        self._trainings += 1
        try:
            async with self._card() as card:
                await self._train_on(card, work)
        finally:
            self._trainings -= 1

    async def generate(self, request: ImageRequest) -> bytes:
        """Return one picture. Trainings go first: where they hold every card, EngineBusyError."""
        if self._trainings >= self.slots:
            raise EngineBusyError("The card is training. Generate when the training is over.")
        async with self._card() as card:
            return await self._draw_on(card, request)

    @asynccontextmanager
    async def _card(self) -> AsyncIterator[Card]:
        card = await self._cards.get()
        try:
            yield card
        finally:
            self._cards.put_nowait(card)

    def _installed(self) -> dict[str, Path]:
        return installed(self._places.models, self._places.hub)

    # --- training --------------------------------------------------------------------------

    async def _train_on(self, card: Card, work: Work) -> None:
        order = self._order(card, work)
        if not await work.event_count():
            work.event("job_start", f"Job started on {card.name}")
        for is_last in (False, True):
            try:
                await self._follow(card, order, work)
                return
            except ChildEndedError as error:
                log.warning("%s ended: %s %s", work.run.id, error.code, error.text)
                if is_last or error.code not in advice.PASSING:
                    raise TrainingError(advice.words_for(error.code, error.text)) from error
                words = f"{advice.words_for(error.code)} Going on from the last state."
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
        """Return what the child is told: once a training has begun, the same again. Raises
        TrainingError where it cannot be done here."""
        run = work.run
        wanted = run.request.image_params.resolution
        base, choice = self._base(card, run.request.model, wanted)
        kept = orders.kept(work.folder)
        if kept and kept.base.folder == base.folder and kept.base.device == base.device:
            return kept
        recipe = recipe_of(run, KNOWN[run.request.model], choice)
        order = TrainOrder(base, recipe, str(work.folder), run.id, run.photos)
        orders.keep(order)
        return order

    def _base(self, card: Card, model: str, wanted: int) -> tuple[Base, Choice]:
        here = self._installed()
        if model not in here:
            raise TrainingError(f"{model} is not on this machine, or not whole.")
        known = KNOWN[model]
        if why := why_not(known, card, here):
            raise TrainingError(why)
        choice = choice_for(known, card.free, wanted)
        assert choice is not None  # noqa: S101 - nothing speaks against it
        if card is CPU:
            choice = replace(choice, precision="float32")
        device = "cpu" if card is CPU else "cuda"
        folder, precision = str(here[model]), choice.precision
        return Base(folder, known.family, model, precision, device, known.side), choice

    def _child(self, card: Card, order: TrainOrder | DrawOrder, folder: Path) -> Child:
        return Child(self._places.python, order, folder / "log.txt", card.index)

    # --- drawing ---------------------------------------------------------------------------

    async def _draw_on(self, card: Card, request: ImageRequest) -> bytes:
        try:
            base, _choice = self._base(card, request.model, max(request.width, request.height))
        except TrainingError as error:
            raise GenerationError(str(error)) from error
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "picture"
            order = DrawOrder(base, _picture(request), str(target))
            try:
                async with self._child(card, order, Path(folder)) as child:
                    async for _message in child.messages():
                        pass
            except ChildEndedError as error:
                raise GenerationError(advice.words_for(error.code, error.text)) from error
            return target.read_bytes()


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
