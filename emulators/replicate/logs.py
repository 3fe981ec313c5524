"""What each trainer writes while it works: always the whole log so far.

Source for ostris: replicate/flux-fine-tuner, train.py and caption.py; its progress bar is
ai-toolkit's, named after the job. Lines are only ever added, so a later log begins with an
earlier one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from emulators.hosted.timeline import Timeline
from emulators.replicate.models import PUBLISHED
from emulators.replicate.runs import TRAINING, Run
from emulators.replicate.trainers import FAST_FLUX, OSTRIS, QWEN

SIMULATED = "[emulator] Simulated: nothing is really trained or generated"
MAX_BARS = 100
STUCK_AT = 0.4  # of its time: where the log of a run that is stuck ends


def log(run: Run, elapsed: float) -> str:
    """Return the log of a run that has worked for so many seconds."""
    if run.started_at is None:
        return ""
    return "".join(f"{line}\n" for line in [SIMULATED, *_lines(run, elapsed)])


def timeline(run: Run) -> Timeline:
    """Return how a run goes in time."""
    return Timeline(run.id, run.steps, run.seconds)


def _lines(run: Run, elapsed: float) -> Iterator[str]:
    if run.kind == TRAINING:
        yield from _WRITERS[run.model](run, elapsed)
    else:
        yield f"Using seed: {run.seed}"
        yield from _bars(run, elapsed, "")
    if run.status == "failed":
        yield "Traceback (most recent call last):"
        yield f"RuntimeError: {run.error}"


def _ostris(run: Run, elapsed: float) -> Iterator[str]:
    yield f"Extracted {_files(run)} files from zip to input_images"
    if run.wanted["autocaption"]:
        yield from _captions(run)
    if timeline(run).is_loaded(elapsed):
        yield "Starting train job"
        yield "Loading pipeline components...: 100%|██████████| 7/7 [00:01<00:00,  5.21it/s]"
        yield "Caching latents to disk: 100%|██████████| 12/12 [00:02<00:00,  5.87it/s]"
        yield from _bars(run, elapsed, OSTRIS.progress)


def _captions(run: Run) -> Iterator[str]:
    """The captioner writes of images that came without a text."""
    before = run.wanted["autocaption_prefix"] or ""
    after = run.wanted["autocaption_suffix"] or ""
    for name, caption in run.captions.items():
        if caption is None:
            text = " ".join(part for part in (before, "a simulated caption", after) if part)
            yield f"Caption for {name}: {text}"


def _fast_flux(run: Run, elapsed: float) -> Iterator[str]:
    yield f"Extracted {_files(run)} images, training a {run.wanted['lora_type']}"
    if timeline(run).is_loaded(elapsed):
        yield from _bars(run, elapsed, FAST_FLUX.progress)


def _qwen(run: Run, elapsed: float) -> Iterator[str]:
    yield f"Dataset: {len(run.captions)} images"
    if timeline(run).is_loaded(elapsed):
        yield "Running  1 process"
        yield "Loading checkpoint shards: 100%|██████████| 9/9 [00:03<00:00,  2.71it/s]"
        yield from _bars(run, elapsed, f"{QWEN.progress}_{int(run.started_at or 0)}")


_WRITERS: dict[str, Callable[[Run, float], Iterator[str]]] = {
    OSTRIS.name: _ostris,
    FAST_FLUX.name: _fast_flux,
    QWEN.name: _qwen,
}


def _bars(run: Run, elapsed: float, name: str) -> Iterator[str]:
    """The bars so far: one every hundredth of the steps, and the last."""
    plan = timeline(run)
    reached = run.steps if run.status == "succeeded" else plan.step_at(elapsed)
    stride = math.ceil(run.steps / MAX_BARS)
    last = {reached} if reached == run.steps else set()
    for step in sorted({*range(0, reached + 1, stride), *last}):
        yield plan.bar(name, step, _postfix(run, plan, step))


def _postfix(run: Run, plan: Timeline, step: int) -> str:
    """What ai-toolkit shows behind a bar from its first step on."""
    if not step or run.kind != TRAINING or not PUBLISHED[run.model].progress:
        return ""
    return f"lr: {float(run.wanted['learning_rate']):.1e} loss: {plan.loss(step):.3e}"


def _files(run: Run) -> int:
    return len(run.captions) + sum(caption is not None for caption in run.captions.values())
