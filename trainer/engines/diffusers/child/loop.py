"""The training itself: one network, one LoRA, one step after another."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from trainer.disk import SCRATCH
from trainer.engines.diffusers.child import lora, state
from trainer.engines.diffusers.child.batches import Batch, Batches
from trainer.engines.diffusers.child.cache import Cached
from trainer.engines.diffusers.child.chance import chance_of
from trainer.engines.diffusers.child.families.base import Family, Text, dtype_of
from trainer.engines.diffusers.child.objective import Flow, Noise
from trainer.engines.diffusers.child.state import State, UnfitStateError
from trainer.engines.diffusers.protocol import TrainOrder

SAVE_SECONDS = 120.0  # between two states at most
SAVE_SHARE = 0.05  # of the steps
BAD_IN_A_ROW = 5  # steps without a number, until it goes back


class NotANumberError(Exception):
    """The losses are no numbers, also after the learning rate was halved."""


class Stopped(Exception):
    """Somebody asked the process to end."""


class Training:
    """A LoRA on one network. `on_step` is told (step, loss, learning rate) after each."""

    def __init__(
        self,
        family: Family,
        order: TrainOrder,
        pipeline: Any,
        found: Cached,
        digest: str,
        on_step: Callable[[int, float, float], None],
    ) -> None:
        self.family, self.order, self.recipe = family, order, order.recipe
        self.pipeline, self.network = pipeline, family.network_of(pipeline)
        self.found, self.digest, self.on_step = found, digest, on_step
        self.device, self.dtype = torch.device(order.base.device), dtype_of(order.base)
        self._folder = Path(order.folder) / SCRATCH
        scheduler = pipeline.scheduler
        self._objective = Flow(family.patch, scheduler) if family.is_flow else Noise(scheduler)
        self._batches = Batches(found, self.recipe, self.device, self.dtype)
        self.parameters = lora.put_on(family, self.network, self.recipe)
        self._optimiser = lora.optimiser_for(self.parameters, self.recipe)
        self._mean = lora.copied(lora.tensors_of(self.network), self.device)
        self.step, self._rate_factor, self._bad = 0, 1.0, 0
        self.began_anew = ""  # why, where an earlier process had come further
        self._resume()

    def run(self, until: int, should_stop: Callable[[], bool]) -> None:
        """Train up to a step. Raises Stopped, NotANumberError and whatever the network raises."""
        self.network.train()
        saved_at, saved_step = time.monotonic(), self.step
        while self.step < until:
            if should_stop():
                self.save()
                raise Stopped
            self._next_step()
            due = self.step - saved_step >= max(1, SAVE_SHARE * self.recipe.steps)
            if not self._bad and (due or time.monotonic() - saved_at >= SAVE_SECONDS):
                self.save()
                saved_at, saved_step = time.monotonic(), self.step
        self.network.eval()

    def save(self) -> None:
        """Keep what is needed to go on from here. Raises OSError."""
        state.save(
            self._folder,
            State(
                digest=self.digest,
                step=self.step,
                lora=lora.copied(lora.tensors_of(self.network), "cpu"),
                mean=lora.copied(self._mean, "cpu"),
                optimiser=self._optimiser.state_dict(),
                rate_factor=self._rate_factor,
            ),
        )

    def weights(self) -> lora.Tensors:
        """Return what was learned, as PEFT names it: the mean of the last steps where one is
        kept."""
        return self._mean if self.recipe.ema else lora.tensors_of(self.network)

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Let the network draw with what would be written now, and learn on afterwards."""
        learning = lora.copied(lora.tensors_of(self.network), self.device)
        lora.set_to(self.network, self.weights())
        self.network.eval()
        try:
            yield
        finally:
            lora.set_to(self.network, learning)
            self.network.train()

    # --- one step --------------------------------------------------------------------------

    def _next_step(self) -> None:
        loss, rate = self._one_step(self.step + 1)
        self.step += 1
        if loss is not None:
            self._bad = 0
            self.on_step(self.step, loss, rate)
            return
        self._bad += 1
        if self._bad >= BAD_IN_A_ROW:
            self._go_back()

    def _one_step(self, step: int) -> tuple[float | None, float]:
        """Return the loss, None where it is no number and nothing was learned, and the rate."""
        rate = self.recipe.learning_rate * self._rate_factor
        rate *= min(1.0, step / max(1, self.recipe.warm_up))
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        loss = self._loss(chance_of(self.recipe.seed, step))
        length = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        value, is_sound = float(loss), math.isfinite(float(loss)) and math.isfinite(float(length))
        if is_sound:
            self._optimiser.step()
            self._follow(step)
        self._optimiser.zero_grad(set_to_none=True)
        return (value if is_sound else None), rate

    def _loss(self, chance: torch.Generator) -> torch.Tensor:
        """Return the loss of one batch; its gradients are there afterwards."""
        batch = self._batches.drawn(chance)
        asked = self._objective.question(batch.latents, batch.pixels, chance)
        answer = self._predict(asked.noisy, asked.time, batch.texts)
        loss = _error(answer, asked.answer)
        loss.backward()
        if self.recipe.keep_prior:
            self._hold_prior(batch, asked.noisy, asked.time)
        return loss.detach()

    def _hold_prior(self, batch: Batch, noisy: torch.Tensor, when: torch.Tensor) -> None:
        """Without the trigger word it shall answer what it answers without the LoRA."""
        with torch.no_grad():
            self.network.disable_adapters()
            before = self._predict(noisy, when, batch.general)
            self.network.enable_adapters()
        _error(self._predict(noisy, when, batch.general), before).backward()

    def _predict(
        self, noisy: torch.Tensor, when: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        is_short = self.dtype == torch.bfloat16
        with torch.autocast(self.device.type, self.dtype, enabled=is_short):
            return self.family.predict(self.pipeline, noisy.to(self.dtype), when, texts)

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        inertia = min(self.recipe.ema, step / (step + 10))
        if self.recipe.ema:
            for name, value in lora.tensors_of(self.network).items():
                self._mean[name].lerp_(value, 1 - inertia)

    # --- going on, going back --------------------------------------------------------------

    def _resume(self) -> None:
        try:
            kept = state.load(self._folder, self.digest)
        except UnfitStateError as error:
            kept, self.began_anew = None, str(error)
        if kept:
            self._restore(kept)
            self.step = kept.step
        else:
            self.save()  # what to go back to

    def _restore(self, kept: State) -> None:
        lora.set_to(self.network, kept.lora)
        self._optimiser.load_state_dict(kept.optimiser)
        self._mean = lora.copied(kept.mean, self.device)
        self._rate_factor = kept.rate_factor

    def _go_back(self) -> None:
        """Take the last state again, with half the learning rate; the chance of the steps since
        is another, as they are not repeated. Raises NotANumberError the second time."""
        kept = state.load(self._folder, self.digest)
        if self._rate_factor < 1 or kept is None:
            raise NotANumberError
        self._restore(kept)
        self._rate_factor, self._bad = 0.5, 0


def _error(answer: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return (answer.float() - right.float()).pow(2).mean()
