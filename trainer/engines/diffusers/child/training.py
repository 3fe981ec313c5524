"""A whole training: read, encode, learn, write, and prove that it learned something."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.disk import SCRATCH, write_bytes
from trainer.engines.diffusers.child import lora_file
from trainer.engines.diffusers.child.cache import Cached, cached
from trainer.engines.diffusers.child.drawing import BlankPictureError, draw_encoded
from trainer.engines.diffusers.child.families import FAMILIES
from trainer.engines.diffusers.child.families.base import AUTOENCODER, NETWORK, Family
from trainer.engines.diffusers.child.loop import Training
from trainer.engines.diffusers.child.lora_file import UselessWeightsError
from trainer.engines.diffusers.child.messages import Messages, Steps
from trainer.engines.diffusers.child.quantising import quantise
from trainer.engines.diffusers.protocol import Message, TrainOrder, digest_of
from trainer.words import counted

SAMPLE_SIDE = 512  # pixels
LEAST_SIDE = 256  # where memory is short
SAMPLE_SEED = 1  # the same for all, so that only what was learned makes a difference
PROOF_STEPS = 8  # of the two pictures that are compared
_MEMORY = "the card's memory is too small for a picture beside the training."
WRITING_SECONDS = 10.0  # after the last step, as foretold


def train(order: TrainOrder, messages: Messages, should_stop: Callable[[], bool]) -> None:
    """Train, or go on; `adapter.safetensors` is complete when it returns.

    Raises Stopped, UselessWeightsError, NotANumberError, BlankPictureError, PhotoError,
    ExampleError, OSError and torch's own errors.
    """
    family, folder = FAMILIES[order.base.family], Path(order.folder)
    (folder / SCRATCH).mkdir(exist_ok=True)
    digest = digest_of(order)
    found = cached(family, order, digest, messages.event)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()  # of the encoders: they can do with less
    messages.event("model_downloading", f"Loading {order.base.name}")
    began = time.monotonic()
    pipeline = family.load(order.base, NETWORK, AUTOENCODER)
    quantise(family.network_of(pipeline), order.base)
    pipeline.to(order.base.device)
    seconds = time.monotonic() - began
    words = f"{order.base.name} loaded, {order.base.precision}, in {seconds:.0f} s"
    messages.event("model_download_complete", words)
    steps = Steps(messages, order.recipe.steps, WRITING_SECONDS)
    training = Training(family, order, pipeline, found, digest, steps)
    _report_start(training, messages)
    for stop in _stops(order, training.step):
        training.run(stop, should_stop)
        steps.tell(training.step)
        _at_stop(training, folder, messages)
    messages.event("training_complete", "Training complete", order.recipe.steps)
    messages.send(Message(event="model_compressing", text="Writing the weights"))
    target = folder / "adapter.safetensors"
    _write(training, target)
    if family.kohya:
        _write(training, folder / "adapter.kohya.safetensors", with_kohya_names=True)
    messages.event("model_compression_complete", "Weights written and read back")
    _prove(family, order, pipeline, found, target, messages)
    messages.send(Message(done=True, peak=_peak()))


def _report_start(training: Training, messages: Messages) -> None:
    order = training.order
    layers = len(training.parameters) // 2
    steps = counted(order.recipe.steps, "step", "steps")
    learning = counted(layers, "layer learns", "layers learn")
    text = f"Training {steps} at rank {order.recipe.rank}, {learning}"
    if training.began_anew:
        text = f"{training.began_anew}. Beginning anew. {text}"
    if training.step:
        text = f"Going on after step {training.step} of {order.recipe.steps}"
    messages.event("training_start", text, training.step)


def _stops(order: TrainOrder, done: int) -> list[int]:
    """Return after which steps something is written. That of the last state is among them: the
    process may have ended before it was."""
    recipe = order.recipe
    stops = {*recipe.checkpoints, *recipe.samples, recipe.steps}
    return sorted(step for step in stops if done <= step <= recipe.steps)


def _at_stop(training: Training, folder: Path, messages: Messages) -> None:
    recipe, step = training.recipe, training.step
    training.save()
    if step in recipe.samples and not _sample_path(folder, step, 1).exists():
        _draw_samples(training, folder, messages)
    checkpoint = folder / "checkpoints" / f"{step}.safetensors"
    if step in recipe.checkpoints and 0 < step < recipe.steps and not checkpoint.exists():
        _write(training, checkpoint)
        messages.event("checkpoint_save", f"Checkpoint at step {step}", step)


def _write(training: Training, path: Path, *, with_kohya_names: bool = False) -> None:
    # Half the bytes; what is lost is far below what a step changes.
    dtype = torch.bfloat16 if training.device.type == "cuda" else torch.float32
    tensors = lora_file.named(training.family, training.weights(), dtype)
    if with_kohya_names:
        tensors = lora_file.renamed(tensors)
    metadata = lora_file.metadata_of(training.family, training.order, training.step)
    lora_file.write(path, tensors, metadata)


def _draw_samples(training: Training, folder: Path, messages: Messages) -> None:
    """Draw one picture with the trigger word and one without; where memory is short, none."""
    step, found, side = training.step, training.found, _side(training.order)
    (folder / "samples").mkdir(exist_ok=True)
    try:
        with training.drawing():
            for number, text in enumerate(found.prompts):
                wishes: dict[str, Any] = {"width": side, "height": side, "seed": SAMPLE_SEED}
                image = draw_encoded(
                    training.family, training.pipeline, text, found.nothing, **wishes
                )
                _store(_sample_path(folder, step, number), image)
    except BlankPictureError:
        messages.event("eval_complete", f"No samples at step {step}: they were empty.", step)
        return
    except torch.cuda.OutOfMemoryError:
        torch.cuda.empty_cache()
        messages.event("eval_complete", f"No samples at step {step}: {_MEMORY}", step)
        return
    messages.event("eval_complete", f"Samples drawn at step {step}", step)


def _sample_path(folder: Path, step: int, number: int) -> Path:
    return folder / "samples" / f"{step}-{number}.jpg"


def _side(order: TrainOrder) -> int:
    return min(SAMPLE_SIDE, order.base.side or SAMPLE_SIDE, max(order.recipe.resolutions))


def _store(path: Path, image: Any) -> None:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    write_bytes(path, buffer.getvalue())


def _prove(
    family: Family,
    order: TrainOrder,
    pipeline: Any,
    found: Cached,
    target: Path,
    messages: Messages,
) -> None:
    """Draw with the written file and without: where both pictures are the same, it has no effect.

    A training is not lost for a card on which no picture can be drawn beside it: that is told.
    Raises UselessWeightsError.
    """
    network = family.network_of(pipeline)
    network.delete_adapters("default")
    network.load_lora_adapter(str(target), prefix=family.network, adapter_name="written")
    for side in dict.fromkeys((_side(order), LEAST_SIDE)):
        try:
            pictures = _with_and_without(family, pipeline, found, side)
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            continue
        if np.array_equal(*pictures):
            raise UselessWeightsError("no_effect")
        return
    messages.event("warning", f"The weights are written, but not tried: {_MEMORY}")


def _with_and_without(
    family: Family, pipeline: Any, found: Cached, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same picture twice: drawn with the LoRA that is on the network, and without."""
    network = family.network_of(pipeline)
    wishes: dict[str, Any] = {"width": side, "height": side, "seed": SAMPLE_SEED}

    def drawn(turn: Callable[[], None]) -> np.ndarray:
        turn()
        image = draw_encoded(
            family, pipeline, found.prompts[0], found.nothing, steps=PROOF_STEPS, **wishes
        )
        return np.asarray(image)

    return drawn(network.enable_adapters), drawn(network.disable_adapters)


def _peak() -> int:
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
