"""One run on one card: the child that trains it, and another one where that was cut off."""

from __future__ import annotations

import logging

from trainer.disk import SCRATCH, STATE
from trainer.engines.base import TrainingError
from trainer.engines.diffusers import advice, orders
from trainer.engines.diffusers.cards import Card
from trainer.engines.diffusers.child_process import Child, ChildEndedError
from trainer.engines.diffusers.fitting import Choice, choice_for, choices, smaller, usable, why_not
from trainer.engines.diffusers.known import KNOWN
from trainer.engines.diffusers.measured import Way
from trainer.engines.diffusers.protocol import Base, Message, TrainOrder
from trainer.engines.diffusers.recipes import recipe_of
from trainer.engines.diffusers.room import room_for, why_no_room
from trainer.engines.diffusers.setup import Setup
from trainer.runs.work import Work
from trainer.threads import in_thread

log = logging.getLogger("trainer.diffusers")

_STATUS = {"model_compressing": "compressing", "model_compression_complete": "compressing"}
_FEW_STEPS = 10  # fewer say nothing about how long one takes


class RealTraining:
    """Trains one run. `complete` raises TrainingError in a person's words."""

    def __init__(self, work: Work, card: Card, setup: Setup) -> None:
        self._work, self._card, self._setup = work, card, setup
        self._known = KNOWN[work.run.request.model]
        self._was_restarted = self._was_made_smaller = False
        self._last_loss = 0

    async def complete(self) -> None:
        """Train, or go on; the weights are there when it returns."""
        try:
            order = await in_thread(self._order)
            await self._begin(order)
            while again := await self._try(order):
                order = again
        except OSError as error:
            log.warning("%s: no child could be started: %s", self._work.run.id, error)
            raise TrainingError(advice.words_for(advice.code_of(error))) from error

    async def _try(self, order: TrainOrder) -> TrainOrder | None:
        """Do what an order says; return the one to try next where it did not come to its end."""
        try:
            await self._follow(order)
        except ChildEndedError as error:
            log.warning("%s ended: %s %s", self._work.run.id, error.code, error.text)
            again = self._again(order, error.code)
            if again is None:
                raise TrainingError(advice.words_for(error.code, error.text)) from error
            return again
        return None

    # --- what the child is told ------------------------------------------------------------

    def _order(self) -> TrainOrder:
        """Return the order of an earlier process, else a new one. Raises TrainingError, OSError.

        An earlier one is not weighed again: its own child may just be going off the card.
        """
        run, here = self._work.run, self._setup.places.installed()
        folder = here.get(run.request.model)
        if folder is None:
            raise TrainingError(f"{run.request.model} is not on this machine, or not whole.")
        kept = orders.kept(self._work.folder)
        if kept and (kept.base.folder, kept.base.device) == (str(folder), self._device):
            return kept
        measured = self._setup.measurements
        side, batch = self._wanted
        chosen = choice_for(self._known, self._card, side, batch, measured)
        if (why := why_not(self._known, self._card, here, measured, batch)) or chosen is None:
            raise TrainingError(why)
        return self._new_order(str(folder), chosen)

    def _new_order(self, folder: str, chosen: Choice) -> TrainOrder:
        """Return it and keep it. Raises TrainingError where the disk has no room for what it makes,
        and OSError."""
        run, known = self._work.run, self._known
        precision = chosen.precision
        base = Base(folder, known.family, known.name, precision, self._device, known.side)
        recipe = recipe_of(run, known, chosen)
        room = room_for(known, recipe, run.photos, in_full=precision == "float32")
        if why := why_no_room(room, self._work.folder):
            raise TrainingError(why)
        order = TrainOrder(base, recipe, str(self._work.folder), run.id, run.photos)
        orders.keep(order)
        return order

    @property
    def _wanted(self) -> tuple[int, int]:
        """How large the photos should be, and how many at a time."""
        request = self._work.run.request
        return request.image_params.resolution, request.batch_size

    @property
    def _device(self) -> str:
        return "cuda" if self._card.index else "cpu"

    # --- another try -----------------------------------------------------------------------

    def _again(self, order: TrainOrder, code: str) -> TrainOrder | None:
        """Return what to try next, and tell of it; None where it is no use."""
        if code in advice.PASSING and not self._was_restarted:
            self._was_restarted = True
            is_kept = (self._work.folder / SCRATCH / STATE).exists()
            then = "Going on from the last state." if is_kept else "Beginning anew."
            words = f"{advice.words_for(code)} {then}"
            self._work.event("job_restarted", words, step=self._work.run.step)
            return order
        if code == "card_memory" and not self._was_made_smaller:
            self._was_made_smaller = True
            return self._smaller(order)
        return None

    def _smaller(self, order: TrainOrder) -> TrainOrder | None:
        self._note_too_much(order)
        ways = choices(self._known, self._card, *self._wanted, self._setup.measurements)
        chosen = smaller(ways, order.base.precision, max(order.recipe.resolutions))
        if chosen is None:
            return None
        words = f"The card's memory ran out. Beginning again {chosen.words}."
        self._work.event("warning", words, step=self._work.run.step)
        return self._new_order(order.base.folder, chosen)

    # --- what the child says ---------------------------------------------------------------

    async def _begin(self, order: TrainOrder) -> None:
        work = self._work
        if not await work.event_count():
            work.event("job_start", f"Job started on {self._card.name}")
        self._last_loss = await work.last_loss_step()
        took = self._setup.measurements.of(self._way(order))
        left = took.seconds_per_step * (order.recipe.steps - work.run.step) if took else 0.0
        work.progress(elapsed=work.run.elapsed, step=work.run.step, seconds_left=left)

    async def _follow(self, order: TrainOrder) -> None:
        before, seen = self._work.run.elapsed, _Pace()
        places, log_path = self._setup.places, self._work.folder / "log.txt"
        child = Child(places.python, order, log_path, self._card.index, self._setup.limits)
        async with child:
            async for message in child.messages():
                self._report(message, before)
                seen.note(message)
                if message.done:
                    await in_thread(self._note, order, message.peak, seen)

    def _report(self, message: Message, before: float) -> None:
        work = self._work
        if message.event:
            work.status(_STATUS.get(message.event, "running"))
            work.event(message.event, message.text, step=message.step)
        points = [point for point in message.steps if point[0] > self._last_loss]
        if points:
            self._last_loss = points[-1][0]
            work.losses(points)
        if message.elapsed:
            step, elapsed = min(message.step or 0, work.run.total_steps), before + message.elapsed
            work.progress(elapsed=elapsed, step=step, seconds_left=message.left)
            work.save()  # the child's own state may be as new

    # --- what was measured -----------------------------------------------------------------

    def _way(self, order: TrainOrder) -> Way:
        base, side = order.base, max(order.recipe.resolutions)
        return Way(self._card.name, base.name, base.precision, side)

    def _note(self, order: TrainOrder, peak: int, seen: _Pace) -> None:
        """Keep what it took; that a disk is full does not undo the training."""
        recipe = order.recipe
        is_usual = recipe.batch == 1 and recipe.keep_prior == self._known.keeps_prior
        if is_usual and seen.steps >= _FEW_STEPS:
            try:
                self._setup.measurements.note(
                    self._way(order), peak, seen.seconds_per_step, usable(self._card)
                )
            except OSError as error:
                log.warning("What was measured could not be kept: %s", error)

    def _note_too_much(self, order: TrainOrder) -> None:
        if order.recipe.batch == 1:
            try:
                self._setup.measurements.note_too_much(self._way(order), usable(self._card))
            except OSError as error:
                log.warning("What was measured could not be kept: %s", error)


class _Pace:
    """How long a step takes, from what one child says."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None
        self._last = (0, 0.0)

    def note(self, message: Message) -> None:
        if message.elapsed and message.step:
            self._last = (message.step, message.elapsed)
            self._first = self._first or self._last

    @property
    def steps(self) -> int:
        return self._last[0] - self._first[0] if self._first else 0

    @property
    def seconds_per_step(self) -> float:
        seconds = self._last[1] - self._first[1] if self._first else 0.0
        return seconds / self.steps if self.steps else 0.0
