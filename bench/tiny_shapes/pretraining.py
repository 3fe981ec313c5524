"""Pretrains the tiny FLUX.1 from nothing: first the autoencoder, then the transformer."""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable

import numpy as np
import torch
from diffusers import AutoencoderKL, FluxPipeline
from PIL import Image

from bench.tiny_shapes import world
from bench.tiny_shapes.pipeline import CAPTION_TOKENS

Say = Callable[[str], None]
_DIFFERENT = 1000  # pictures that the autoencoder sees, turned and recoloured each time
_CAPTIONLESS = 0.05


def tensor_of(picture: Image.Image) -> torch.Tensor:
    """Return a picture as 3 × height × width values from -1 to 1."""
    pixels = torch.from_numpy(np.asarray(picture).copy())
    return pixels.permute(2, 0, 1).float() / 127.5 - 1


def train_autoencoder(vae: AutoencoderKL, steps: int, say: Say) -> None:
    """Teach it any colours and stripes, most of the time at a smaller size."""
    chance = random.Random(1)
    torch.manual_seed(1)
    pool = [tensor_of(world.any_picture(chance)) for _ in range(_DIFFERENT)]
    optimiser = torch.optim.AdamW(vae.parameters(), lr=2e-3, betas=(0.9, 0.99), weight_decay=1e-4)
    report = _Report("autoencoder", say)
    vae.train()
    for step in range(1, steps + 1):
        _set_rate(optimiser, 2e-3 * _cosine(step, steps, warm_up=50) + 2e-5)
        done = step / steps
        reduce = 4 if done <= 0.3 else 2 if done <= 0.85 else 1
        pictures = torch.stack(
            [_another_look(chance.choice(pool), chance) for _ in range(4 if reduce == 1 else 16)]
        )
        pictures = torch.nn.functional.avg_pool2d(pictures, reduce)
        found = vae.encode(pictures).latent_dist.mean
        back = vae.decode(found + 0.1 * torch.randn_like(found)).sample
        error = back - pictures
        loss = error.abs().mean() + 2 * error.pow(2).mean() + 2e-3 * found.pow(2).mean()
        _learn(vae, optimiser, loss)
        report(step, float(error.detach().pow(2).mean()))
    vae.eval()


@torch.no_grad()
def scale_latents(pipeline: FluxPipeline, latents: torch.Tensor) -> torch.Tensor:
    """Bring latents to mean 0 and deviation 1, as the published autoencoders have them."""
    shift, scale = latents.mean().item(), 1 / latents.std().item()
    pipeline.vae.register_to_config(shift_factor=shift, scaling_factor=scale)
    return (latents - shift) * scale


def train_transformer(pipeline: FluxPipeline, pictures: int, steps: int, say: Say) -> None:
    """Teach it the common pictures; what is kept is the mean of its last hundreds of steps."""
    latents, texts, which = _encoded(pipeline, pictures)
    torch.manual_seed(3)
    network, mean = pipeline.transformer.train(), copy.deepcopy(pipeline.transformer)
    optimiser = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    report = _Report("transformer", say)
    batch = 32
    for step in range(1, steps + 1):
        _set_rate(optimiser, 2.5e-3 * _cosine(step, steps, warm_up=100) + 1e-5)
        chosen = torch.randint(len(latents), (batch,))
        words = which[chosen].clone()
        words[torch.rand(batch) < _CAPTIONLESS] = 0
        clean, noise = latents[chosen], torch.randn_like(latents[chosen])
        sigma = torch.sigmoid(torch.randn(batch))
        share = sigma.view(-1, 1, 1, 1)
        asked = _packed((1 - share) * clean + share * noise)
        answer = network(
            hidden_states=asked,
            timestep=sigma,
            guidance=torch.rand(batch) * 4 + 1,
            pooled_projections=texts[1][words],
            encoder_hidden_states=texts[0][words],
            txt_ids=torch.zeros(CAPTION_TOKENS, 3),
            img_ids=_positions(latents),
            return_dict=False,
        )[0]
        loss = (answer - _packed(noise - clean)).pow(2).mean()
        _learn(network, optimiser, loss)
        _follow(mean, network, min(0.995, 1 - 1 / (step / 10 + 1)))
        report(step, loss.item())
    pipeline.transformer = mean.eval()


@torch.no_grad()
def _encoded(
    pipeline: FluxPipeline, count: int
) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return latents, the texts' two embeddings, the empty one first, and which text is whose."""
    chance = random.Random(3)
    drawn = [world.common_picture(chance) for _ in range(count)]
    latents = torch.cat(
        [
            pipeline.vae.encode(tensor_of(picture)[None]).latent_dist.mode()
            for picture, _caption in drawn
        ]
    )
    captions = ["", *sorted({caption for _picture, caption in drawn})]
    found = [
        pipeline.encode_prompt(one, max_sequence_length=CAPTION_TOKENS)[:2] for one in captions
    ]
    tokens, pooled = (torch.cat([text[part] for text in found]) for part in (0, 1))
    which = torch.tensor([captions.index(caption) for _picture, caption in drawn])
    return scale_latents(pipeline, latents), (tokens, pooled), which


def _packed(latents: torch.Tensor) -> torch.Tensor:
    return FluxPipeline._pack_latents(latents, *latents.shape)


def _positions(latents: torch.Tensor) -> torch.Tensor:
    rows, columns = (side // 2 for side in latents.shape[-2:])
    return FluxPipeline._prepare_latent_image_ids(1, rows, columns, "cpu", torch.float32)


def _another_look(picture: torch.Tensor, chance: random.Random) -> torch.Tensor:
    if chance.random() < 0.5:
        picture = picture.flip(2)
    if chance.random() < 0.5:
        picture = picture.transpose(1, 2)
    return picture[torch.randperm(3)]


def _learn(network: torch.nn.Module, optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


@torch.no_grad()
def _follow(mean: torch.nn.Module, network: torch.nn.Module, inertia: float) -> None:
    for kept, new in zip(mean.parameters(), network.parameters(), strict=True):
        kept.lerp_(new, 1 - inertia)


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate


def _cosine(step: int, steps: int, warm_up: int) -> float:
    return min(1.0, step / warm_up) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


class _Report:
    """Says the mean loss of every hundred steps."""

    def __init__(self, name: str, say: Say) -> None:
        self.name, self.say, self.began, self.total = name, say, time.monotonic(), 0.0

    def __call__(self, step: int, loss: float) -> None:
        self.total += loss
        if step % 100 == 0:
            seconds = time.monotonic() - self.began
            self.say(f"{self.name}: step {step}, loss {self.total / 100:.4f}, {seconds:.0f} s")
            self.total = 0.0
