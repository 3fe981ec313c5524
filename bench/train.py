"""What a training step costs on this machine's card, at the published models' true sizes.

Weights are random, as no step asks what they are. Beside ours is the step that diffusers' example
scripts make (examples/dreambooth/train_dreambooth_lora_*.py), with the same layers, cache and
precision: noise drawn on the card, no mean of the weights, no look at the loss.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from diffusers import (
    DDPMScheduler,
    FlowMatchEulerDiscreteScheduler,
    QwenImageTransformer2DModel,
)
from diffusers.models.transformers.transformer_qwenimage import QwenEmbedRope
from torch.utils.flop_counter import FlopCounterMode

from bench.true_sizes import NETWORKS, network_of, pieces_of
from trainer.disk import SCRATCH
from trainer.engines.diffusers.child import lora
from trainer.engines.diffusers.child.cache import Cached, Sample
from trainer.engines.diffusers.child.families import FAMILIES
from trainer.engines.diffusers.child.families.base import Family, dtype_of
from trainer.engines.diffusers.child.loop import Training
from trainer.engines.diffusers.child.quantising import quantise
from trainer.engines.diffusers.protocol import Base, Recipe, TrainOrder

WARM_UP = 3  # steps that are not counted
# Dense FLOP/s in bfloat16 as the makers' data sheets say.
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "4090": 165e12}
GIB = 2**30


@dataclass(frozen=True)
class Measured:
    """Seconds of a step, bytes of the card at most in use."""

    seconds: float
    peak: int


def main() -> int:
    """Print a line for every model that fits the card; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="", help="a part of the name; all without")
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--precision", default="bfloat16", choices=["bfloat16", "int8", "nf4"])
    wishes = parser.parse_args()
    if not torch.cuda.is_available():
        print("No graphics card is at hand: nothing was measured.")
        return 0
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {wishes.precision}")
    for name in NETWORKS:
        if wishes.model.lower() in name.lower():
            _report(name, wishes)
    return 0


def _report(name: str, wishes: argparse.Namespace) -> None:
    family, network = network_of(name)
    base = Base("", family, name, wishes.precision, "cuda")
    flops = flops_of(name, wishes.side)
    try:
        ours, plain = compared(base, filled(network, base), wishes.side, wishes.steps)
    except torch.cuda.OutOfMemoryError:
        print(f"{name}: does not fit at {wishes.side} pixels")
        return
    finally:
        gc.collect()
        torch.cuda.empty_cache()
    share = f", {flops / ours.seconds / _peak():.0%} of the card's peak" if _peak() else ""
    print(
        f"{name} at {wishes.side} pixels: {ours.seconds:.3f} s a step, {ours.peak / GIB:.1f} GiB"
        f"{share}; the plain step {plain.seconds:.3f} s, {plain.peak / GIB:.1f} GiB: "
        f"{ours.seconds / plain.seconds:.2f} ×"
    )


def compared(
    base: Base, network: torch.nn.Module, side: int, steps: int
) -> tuple[Measured, Measured]:
    """Return what our step costs and what the plain one does, on one network, one after another."""
    family = FAMILIES[base.family]
    pipeline = SimpleNamespace(scheduler=_scheduler(family), **{family.network: network})
    recipe = Recipe(steps + WARM_UP, 1e-4, 16, 1, (side,), 1, eight_bit_optimiser=True)
    found = _cached(base.family, network, side)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / SCRATCH).mkdir()
        order = TrainOrder(base, recipe, folder, "bench", 1)
        training = Training(family, order, pipeline, found, "", lambda *_told: None)
        training.run(WARM_UP, lambda: False)
        ours = _timed(base, steps, lambda: training.run(recipe.steps, lambda: False))
    step = _plain_step(training)
    for _ in range(WARM_UP):
        step()
    return ours, _timed(base, steps, lambda: [step() for _ in range(steps)])


def _plain_step(training: Training) -> Callable[[], None]:
    """Return the example scripts' step on the network that `training` has prepared."""
    optimiser = lora.optimiser_for(training.parameters, training.recipe)
    batch = training._batches.drawn(torch.Generator().manual_seed(1))
    objective, is_short = training._objective, training.dtype == torch.bfloat16

    def step() -> None:
        chance = torch.Generator(training.device)
        asked = objective.question(batch.latents, batch.pixels, chance)
        with torch.autocast(training.device.type, training.dtype, enabled=is_short):
            noisy = asked.noisy.to(training.dtype)
            answer = training.family.predict(training.pipeline, noisy, asked.time, batch.texts)
        (answer.float() - asked.answer.float()).pow(2).mean().backward()
        torch.nn.utils.clip_grad_norm_(training.parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad()

    return step


def flops_of(name: str, side: int) -> int:
    """Return what a step must compute: forward, and back through frozen weights to the LoRA's.
    Nothing that is computed anew for want of memory counts. Needs no card."""
    key, network = network_of(name)
    family = FAMILIES[key]
    recipe = Recipe(1, 1e-4, 16, 1, (side,), 1, checkpointing=False)
    with torch.device("meta"):
        lora.put_on(family, network, recipe)
        pipeline = SimpleNamespace(scheduler=_scheduler(family), **{family.network: network})
        latents, text = pieces_of(key, network, side)
        counter = FlopCounterMode(display=False)
        with counter:
            answer = family.predict(pipeline, latents, torch.ones(1), [text])
            answer.float().pow(2).mean().backward()
    return counter.get_total_flops()


def _timed(base: Base, steps: int, work: Callable[[], object]) -> Measured:
    is_card = base.device == "cuda"
    if is_card:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    work()
    if is_card:
        torch.cuda.synchronize()
    seconds = (time.perf_counter() - began) / steps
    return Measured(seconds, torch.cuda.max_memory_allocated() if is_card else 0)


def filled(network: torch.nn.Module, base: Base) -> torch.nn.Module:
    """Return a network from the meta device with random weights on the card, in its precision."""
    # In fewer bits it may fit the card only then.
    place = base.device if base.precision in {"float32", "bfloat16"} else "cpu"
    network = network.to(dtype_of(base)).to_empty(device=place)
    with torch.no_grad():
        for one in (*network.parameters(), *network.buffers()):
            if one.is_floating_point():
                one.normal_(0, 0.02)
    if isinstance(network, QwenImageTransformer2DModel):  # its positions are no buffer
        axes = list(network.config.axes_dims_rope)
        network.pos_embed = QwenEmbedRope(theta=10000, axes_dim=axes, scale_rope=True)
    quantise(network, base)
    return network.to(base.device)


def _cached(family: str, network: Any, side: int) -> Cached:
    latents, text = pieces_of(family, network, side)
    text = {name: one for name, one in text.items() if name != "frame"}
    frame = (side, side, 0, 0, side, side)
    return Cached([Sample([latents], [frame], text, None)], text, [])


def _scheduler(family: Family) -> Any:
    if family.is_flow:
        return FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    return DDPMScheduler()


def _peak() -> float:
    name = torch.cuda.get_device_name()
    return next((peak for part, peak in PEAKS.items() if part in name), 0.0)


if __name__ == "__main__":
    sys.exit(main())
