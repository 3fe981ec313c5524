"""The training itself: one network, one LoRA, one step after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict

from trainer.disk import SCRATCH
from trainer.engines.diffusers.child import state
from trainer.engines.diffusers.child.cache import Cached, Sample
from trainer.engines.diffusers.child.chance import chance_of
from trainer.engines.diffusers.child.families.base import Family, Text
from trainer.engines.diffusers.child.objective import Flow, Noise
from trainer.engines.diffusers.child.state import State
from trainer.engines.diffusers.protocol import TrainOrder, digest_of

SAVE_SECONDS = 120.0  # between two states at most
SAVE_SHARE = 0.05  # of the steps
BAD_IN_A_ROW = 5  # losses that are no numbers, until it goes back


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
        on_step: Callable[[int, float, float], None],
    ) -> None:
        self.family, self.order, self.recipe = family, order, order.recipe
        self.pipeline, self.network = pipeline, family.network_of(pipeline)
        self.found, self.on_step = found, on_step
        self.device = torch.device(order.base.device)
        self.digest = digest_of(order)
        self.step, self.rate_factor = 0, 1.0
        self.objective = Flow(family.patch) if family.is_flow else Noise(pipeline.scheduler)
        self._add_lora()
        self._resume()

    def run(self, until: int, should_stop: Callable[[], bool]) -> None:
        """Train up to a step. Raises Stopped, NotANumberError and whatever the network raises."""
        self.network.train()
        bad, saved_at, saved_step = 0, time.monotonic(), self.step
        while self.step < until:
            if should_stop():
                self.save()
                raise Stopped
            loss, rate = self._one_step(self.step + 1)
            bad = 0 if loss is not None else bad + 1
            self.step += 1
            if loss is not None:
                self.on_step(self.step, loss, rate)
            elif bad >= BAD_IN_A_ROW:
                self._go_back()
                bad = 0
            due = self.step - saved_step >= max(1, SAVE_SHARE * self.recipe.steps)
            if not bad and (due or time.monotonic() - saved_at >= SAVE_SECONDS):
                self.save()
                saved_at, saved_step = time.monotonic(), self.step
        self.network.eval()

    def save(self) -> None:
        """Keep what is needed to go on from here."""
        state.save(Path(self.order.folder) / SCRATCH, self._state())

    def weights(self) -> dict[str, torch.Tensor]:
        """Return what was learned, as PEFT names it: the mean of the last steps where one is
        kept."""
        return self.mean if self.recipe.ema else self._lora()

    # --- one step --------------------------------------------------------------------------

    def _one_step(self, step: int) -> tuple[float | None, float]:
        """Return the loss, None where it is no number and nothing was learned, and the rate."""
        chance = chance_of(self.recipe.seed, step)
        rate = self.recipe.learning_rate * self.rate_factor
        rate *= min(1.0, step / max(1, self.recipe.warm_up))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self._loss(chance)
        value = float(loss.detach())
        if value != value or value in (float("inf"), float("-inf")):
            self.optimiser.zero_grad(set_to_none=True)
            return None, rate
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self._follow(step)
        return value, rate

    def _loss(self, chance: torch.Generator) -> torch.Tensor:
        """Return the loss of one batch; its gradients are there afterwards."""
        samples, latents, pixels = self._batch(chance)
        texts = self._told(samples, chance)
        asked = self.objective.question(latents, pixels, chance)
        loss = self._error(self._predict(asked.noisy, asked.time, texts), asked.answer)
        loss.backward()
        if self.recipe.keep_prior:
            general = [self._moved(one.general or one.text) for one in samples]
            with torch.no_grad():
                self.network.disable_adapters()
                before = self._predict(asked.noisy, asked.time, general)
                self.network.enable_adapters()
            self._error(self._predict(asked.noisy, asked.time, general), before).backward()
        return loss

    def _batch(self, chance: torch.Generator) -> tuple[list[Sample], torch.Tensor, int]:
        """Draw photos of one shape: the first by chance, the others of its shape."""
        samples = self.found.samples
        first = samples[self._drawn(len(samples), chance)]
        at = self._drawn(len(first.latents), chance)
        shape = first.latents[at].shape
        alike = [
            (one, latents) for one in samples for latents in one.latents if latents.shape == shape
        ]
        chosen = [(first, first.latents[at])]
        chosen += [alike[self._drawn(len(alike), chance)] for _ in range(self.recipe.batch - 1)]
        latents = torch.cat([one for _sample, one in chosen]).to(self.device, self.dtype)
        return [sample for sample, _ in chosen], latents, first.pixels[at]

    def _told(self, samples: Sequence[Sample], chance: torch.Generator) -> list[Text]:
        dropped = torch.rand((len(samples),), generator=chance) < self.recipe.caption_dropout
        return [
            self._moved(self.found.nothing if drop else sample.text)
            for sample, drop in zip(samples, dropped.tolist(), strict=True)
        ]

    def _predict(
        self, noisy: torch.Tensor, when: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        with torch.autocast(self.device.type, self.dtype, enabled=self.device.type == "cuda"):
            return self.family.predict(self.pipeline, noisy, when, texts)

    @staticmethod
    def _error(answer: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return (answer.float() - right.float()).pow(2).mean()

    def _moved(self, text: Text) -> Text:
        return {
            name: one.to(self.device, self.dtype if one.is_floating_point() else one.dtype)
            for name, one in text.items()
        }

    @staticmethod
    def _drawn(count: int, chance: torch.Generator) -> int:
        return int(torch.randint(count, (1,), generator=chance))

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        inertia = min(self.recipe.ema, step / (step + 10))
        if self.recipe.ema:
            for name, value in self._lora().items():
                self.mean[name].lerp_(value, 1 - inertia)

    # --- beginning, going on, going back ---------------------------------------------------

    def _add_lora(self) -> None:
        recipe = self.recipe
        names = self.family.learning_layers(self.network)
        if not names:
            raise ValueError(f"no layer of {self.order.base.name} is one that can learn")
        torch.manual_seed(recipe.seed)  # PEFT draws the first values from torch's own generator
        self.network.requires_grad_(False)
        self.network.add_adapter(
            LoraConfig(
                r=recipe.rank,
                lora_alpha=recipe.rank,
                init_lora_weights="gaussian",
                target_modules=names,
            )
        )
        self.parameters = [one for one in self.network.parameters() if one.requires_grad]
        for one in self.parameters:
            one.data = one.data.float()  # small updates would be rounded away
        self.dtype = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        if recipe.checkpointing:
            self.network.enable_gradient_checkpointing()
        self.optimiser = self._new_optimiser()
        self.mean = {name: one.clone() for name, one in self._lora().items()}

    def _new_optimiser(self) -> torch.optim.Optimizer:
        recipe = self.recipe
        wishes: dict[str, Any] = {
            "lr": recipe.learning_rate,
            "betas": (0.9, 0.99),
            "weight_decay": recipe.weight_decay,
        }
        if recipe.eight_bit_optimiser:
            from bitsandbytes.optim import AdamW8bit

            return AdamW8bit(self.parameters, **wishes)  # type: ignore[no-any-return]
        return torch.optim.AdamW(self.parameters, **wishes)

    def _resume(self) -> None:
        if kept := state.load(Path(self.order.folder) / SCRATCH, self.digest):
            self._restore(kept)
            self.step = kept.step

    def _restore(self, kept: State) -> None:
        set_peft_model_state_dict(self.network, kept.lora)
        self.optimiser.load_state_dict(kept.optimiser)
        self.mean = {name: one.to(self.device) for name, one in kept.mean.items()}
        self.rate_factor = kept.rate_factor

    def _go_back(self) -> None:
        """Take the last state again, with half the learning rate; the chance of the steps since
        is another, as they are not repeated. Raises NotANumberError the second time."""
        if self.rate_factor < 1:
            raise NotANumberError
        if kept := state.load(Path(self.order.folder) / SCRATCH, self.digest):
            self._restore(kept)
        else:
            self.optimiser = self._new_optimiser()
        self.rate_factor = 0.5

    def _lora(self) -> dict[str, torch.Tensor]:
        return {name: one.detach() for name, one in get_peft_model_state_dict(self.network).items()}

    def _state(self) -> State:
        return State(
            digest=self.digest,
            step=self.step,
            lora={name: one.cpu().clone() for name, one in self._lora().items()},
            mean={name: one.cpu().clone() for name, one in self.mean.items()},
            optimiser=self.optimiser.state_dict(),
            rate_factor=self.rate_factor,
        )
