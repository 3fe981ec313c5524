"""Everything that is encoded once: latents and texts, paired by photo, kept on the disk."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainer import samples
from trainer.disk import SCRATCH
from trainer.engines.diffusers.child import state
from trainer.engines.diffusers.child.families.base import AUTOENCODER, TEXTS, Family, Text
from trainer.engines.diffusers.child.photos import (
    Photo,
    bucket_of,
    frame_of,
    pixels_of,
    read_photos,
)
from trainer.engines.diffusers.child.texts import encoded
from trainer.engines.diffusers.protocol import Recipe, TrainOrder
from trainer.words import counted

Tell = Callable[[str, str], None]
FILE = "cache.pt"


@dataclass(frozen=True)
class Sample:
    """One photo as the network sees it: its latents at every resolution, its caption as told."""

    latents: list[torch.Tensor]
    frames: list[tuple[int, ...]]  # of each of the latents, see `photos.frame_of`
    text: Text
    general: Text | None  # the caption with the subject's word instead of the trigger word


@dataclass(frozen=True)
class Cached:
    samples: list[Sample]
    nothing: Text
    prompts: list[Text]  # of the pictures that are drawn on the way


def cached(family: Family, order: TrainOrder, digest: str, tell: Tell) -> Cached:
    """Return everything encoded, from the disk where an earlier child has done it for the same
    training, which `digest` names.

    The encoders are gone when it returns: neither is needed again, but the autoencoder for
    pictures. Raises PhotoError, ExampleError and OSError.
    """
    path = Path(order.folder) / SCRATCH / FILE
    if found := _loaded(path, digest):
        return found
    tell("training_data_downloading", "Reading the photos")
    photos = list(read_photos(Path(order.folder) / "dataset.jsonl"))
    texts, cut = _encoded_texts(family, order, [photo.caption for photo in photos])
    tell("training_data_download_complete", _words(len(photos), cut))
    latents = _encoded_photos(family, order, photos)
    general: Sequence[Text | None] = [*texts["general"]] or [None] * len(photos)
    samples = [
        Sample(found, frames, text, word)
        for (found, frames), text, word in zip(latents, texts["captions"], general, strict=True)
    ]
    result = Cached(samples, texts["nothing"][0], texts["prompts"])
    _store(path, digest, result)
    return result


def _words(photos: int, cut: int) -> str:
    words = f"{counted(photos, 'photo', 'photos')} read"
    one = "caption is too long, its end is not read"
    many = "captions are too long, their ends are not read"
    return f"{words}; {counted(cut, one, many)}" if cut else words


def prompts_of(recipe: Recipe) -> list[str]:
    """Return what is drawn on the way: one picture with the trigger word, one without."""
    return list(samples.prompts(recipe.trigger_word, recipe.subject))


def _encoded_texts(
    family: Family, order: TrainOrder, captions: Sequence[str]
) -> tuple[dict[str, list[Text]], int]:
    """Return all that is said, encoded, and how many captions are too long."""
    pipeline = family.load(order.base, TEXTS)
    found, _had_room = encoded(
        pipeline,
        lambda: _encoded(family, pipeline, order.recipe, captions),
        device=order.base.device,
    )
    cut = sum(family.is_cut(pipeline, caption) for caption in captions)
    free(pipeline)
    return found, cut


@torch.inference_mode()
def _encoded(
    family: Family, pipeline: Any, recipe: Recipe, captions: Sequence[str]
) -> dict[str, list[Text]]:
    def each(words: Sequence[str]) -> list[Text]:
        return [_kept(family.encode_text(pipeline, one)) for one in words]

    general = [_without_word(caption, recipe) for caption in captions] if recipe.keep_prior else []
    return {
        "captions": each(captions),
        "general": each(general),
        "nothing": each([family.empty]),
        "prompts": each(prompts_of(recipe)),
    }


@torch.inference_mode()
def _encoded_photos(
    family: Family, order: TrainOrder, photos: Sequence[Photo]
) -> list[tuple[list[torch.Tensor], list[tuple[int, ...]]]]:
    pipeline = family.load(order.base, AUTOENCODER).to(order.base.device)
    found = []
    for photo in photos:
        whole = photo.image.size
        sizes = sorted({bucket_of(*whole, side) for side in order.recipe.resolutions})
        latents = [family.encode_photo(pipeline, pixels_of(photo.image, size)) for size in sizes]
        frames = [frame_of(whole, size) for size in sizes]
        found.append(([one.cpu().clone() for one in latents], frames))
    free(pipeline)
    return found


def free(pipeline: Any) -> None:
    """Give the memory of a pipeline back: deleting alone does not, on a card."""
    pipeline.to("cpu")
    for name in list(pipeline.components):
        if getattr(pipeline, name, None) is not None:
            setattr(pipeline, name, None)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _without_word(caption: str, recipe: Recipe) -> str:
    """Return a caption for what is not to be learned: with the subject instead of the word, which
    alone stands for a caption that lacks the word."""
    subject = recipe.subject or "thing"
    word = rf"(?<!\w){re.escape(recipe.trigger_word)}(?!\w)"
    told, count = re.subn(word, lambda _: subject, caption, flags=re.IGNORECASE)
    return told if count else subject


def _kept(text: Text) -> Text:
    return {name: value.cpu().clone() for name, value in text.items()}


def _store(path: Path, digest: str, found: Cached) -> None:
    samples = [vars(one) for one in found.samples]
    values = {"samples": samples, "nothing": found.nothing, "prompts": found.prompts}
    state.store(path, {"digest": digest, **values})


def _loaded(path: Path, digest: str) -> Cached | None:
    """Return what is there; None where it is nothing, broken, or of another training."""
    if not path.exists():
        return None
    try:
        found = state.stored(path)
    except state.UnreadableError:
        return None
    if found.pop("digest", "") != digest:
        return None
    samples = [Sample(**one) for one in found.pop("samples")]
    return Cached(samples, **found)
