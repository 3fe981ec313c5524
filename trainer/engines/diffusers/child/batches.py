"""What a step learns from: photos of one shape, with or without their captions."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from trainer.engines.diffusers.child.cache import Cached, Sample
from trainer.engines.diffusers.child.families.base import Text
from trainer.engines.diffusers.protocol import Recipe


@dataclass(frozen=True, slots=True)
class Batch:
    """Latents of one shape, what the network is told of each, and what of each without the trigger
    word (`general`, empty where the prior is not kept)."""

    latents: torch.Tensor
    pixels: int  # of each picture
    texts: list[Text]
    general: list[Text]


class Batches:
    """Draws batches from what is cached and brings them to the device."""

    def __init__(
        self, found: Cached, recipe: Recipe, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._found, self._recipe = found, recipe
        self._device, self._dtype = device, dtype

    def drawn(self, chance: torch.Generator) -> Batch:
        """Return photos of one shape: the first by chance, the others of its shape."""
        samples = self._found.samples
        first = samples[_number(len(samples), chance)]
        at = _number(len(first.latents), chance)
        alike = _of_shape(samples, first.latents[at].shape)
        chosen = [(first, at)]
        chosen += [alike[_number(len(alike), chance)] for _ in range(self._recipe.batch - 1)]
        frames = [sample.frames[at] for sample, at in chosen]
        latents = torch.cat([sample.latents[at] for sample, at in chosen])
        texts = [sample.text for sample, _at in chosen]
        general = [sample.general or sample.text for sample, _at in chosen]
        return Batch(
            latents.to(self._device, torch.float32),
            frames[0][-2] * frames[0][-1],
            self._moved(self._some_dropped(texts, chance), frames),
            self._moved(general, frames) if self._recipe.keep_prior else [],
        )

    def _some_dropped(self, texts: list[Text], chance: torch.Generator) -> list[Text]:
        drops = torch.rand((len(texts),), generator=chance) < self._recipe.caption_dropout
        return [
            self._found.nothing if drop else text
            for text, drop in zip(texts, drops.tolist(), strict=True)
        ]

    def _moved(self, texts: list[Text], frames: list[tuple[int, ...]]) -> list[Text]:
        """Return texts on the device, each with the frame of its photo."""
        moved = []
        for text, frame in zip(texts, frames, strict=True):
            whole = {**text, "frame": torch.tensor([frame])}
            moved.append({name: self._brought(one) for name, one in whole.items()})
        return moved

    def _brought(self, one: torch.Tensor) -> torch.Tensor:
        return one.to(self._device, self._dtype if one.is_floating_point() else one.dtype)


def _of_shape(samples: list[Sample], shape: torch.Size) -> list[tuple[Sample, int]]:
    return [
        (one, at)
        for one in samples
        for at, latents in enumerate(one.latents)
        if latents.shape == shape
    ]


def _number(count: int, chance: torch.Generator) -> int:
    return int(torch.randint(count, (1,), generator=chance))
