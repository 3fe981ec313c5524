"""What a network is asked at a step, and what it should have answered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DDPMScheduler


@dataclass(frozen=True, slots=True)
class Question:
    """Noisy latents, the time they are of, and the right answer."""

    noisy: torch.Tensor
    time: torch.Tensor
    answer: torch.Tensor


class Flow:
    """A straight line from the latents to noise; the answer is its direction.

    Times are drawn as the model's scheduler draws pictures: more noise for larger ones, or always
    as much more.
    """

    def __init__(self, patch: int, scheduler: Any) -> None:
        self._patch, self._config = patch, scheduler.config

    def question(self, latents: torch.Tensor, pixels: int, chance: torch.Generator) -> Question:
        """Return one for each of the latents; `pixels` is the size of their pictures."""
        noise = _noise(latents, chance)
        drawn = torch.sigmoid(torch.randn((len(latents),), generator=chance))
        shift = self._shift(pixels / self._patch**2)
        sigma = (shift * drawn / (1 + (shift - 1) * drawn)).to(latents.device)
        share = sigma.view(-1, 1, 1, 1)
        return Question((1 - share) * latents + share * noise, sigma, noise - latents)

    def _shift(self, tokens: float) -> float:
        """Source: `calculate_shift` of diffusers' pipelines, with FLUX.1's numbers for a
        scheduler that names none."""
        config = self._config
        if not config.use_dynamic_shifting:
            return float(config.shift)
        short, long = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
        least, most = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
        share = min(1.0, max(0.0, (tokens - short) / (long - short)))
        return math.exp(least + (most - least) * share)


class Noise:
    """A schedule of noise; the answer is the noise that was added, or the velocity."""

    def __init__(self, scheduler: Any) -> None:
        self._schedule = DDPMScheduler.from_config(scheduler.config)
        self._is_velocity = self._schedule.config.prediction_type == "v_prediction"

    def question(self, latents: torch.Tensor, pixels: int, chance: torch.Generator) -> Question:
        """Return one for each of the latents."""
        noise = _noise(latents, chance)
        count = self._schedule.config.num_train_timesteps
        time = torch.randint(count, (len(latents),), generator=chance).to(latents.device)
        noisy = self._schedule.add_noise(latents, noise, time)
        if self._is_velocity:
            return Question(noisy, time, self._schedule.get_velocity(latents, noise, time))
        return Question(noisy, time, noise)


def _noise(latents: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
    drawn = torch.randn(latents.shape, generator=chance)
    return drawn.to(latents.device, latents.dtype)
