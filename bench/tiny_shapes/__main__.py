"""Make the tiny base model anew: `python -m bench.tiny_shapes FOLDER` (about half an hour)."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from bench.tiny_shapes import pretraining, world
from bench.tiny_shapes.pipeline import CAPTION_TOKENS, new_pipeline

_PROMPTS = [
    f"a {colour} {shape} on {ground}"
    for colour, shape, ground in zip(
        world.COLOURS, world.SHAPES * 2, [*world.GROUNDS] * 2, strict=False
    )
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--autoencoder-steps", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--pictures", type=int, default=1500)
    asked = parser.parse_args()
    pipeline = new_pipeline()
    pretraining.train_autoencoder(pipeline.vae, asked.autoencoder_steps, _say)
    pretraining.train_transformer(pipeline, asked.pictures, asked.steps, _say)
    pipeline.to(torch.float16).save_pretrained(asked.folder)
    _show(asked.folder)


def _show(folder: Path) -> None:
    """Draw what it was taught, and say how often the colour is right."""
    from diffusers import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    pictures = pipeline(
        prompt=_PROMPTS,
        height=world.SIDE,
        width=world.SIDE,
        num_inference_steps=12,
        guidance_scale=3.5,
        max_sequence_length=CAPTION_TOKENS,
        generator=[torch.Generator().manual_seed(at) for at in range(len(_PROMPTS))],
    ).images
    for prompt, picture, colour in zip(_PROMPTS, pictures, world.COLOURS.values(), strict=True):
        _say(f"{prompt}: {world.share_of(picture, colour):.2f} of the figure")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
