"""Qwen-Image: latents with a dimension of time, texts with a mask, real guidance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import QwenImagePipeline

from trainer.engines.diffusers.child.families.base import Family, Text, joined


class QwenImage(Family):
    pipeline = "QwenImagePipeline"
    layers = (
        r"transformer_blocks\.\d+\.(attn\.(to_[qkv]|to_out\.0|add_[qkv]_proj|to_add_out)"
        r"|(img|txt)_mlp\.net\.(0\.proj|2))"
    )
    architecture = "qwen-image/lora"
    steps = 30
    guidance = 4.0
    tokens = 1024
    empty = " "  # without any words its pipeline would ignore the guidance

    def encode_photo(self, pipeline: Any, pixels: torch.Tensor) -> torch.Tensor:
        vae = pipeline.vae
        latents = vae.encode(pixels.to(vae.device, vae.dtype).unsqueeze(2)).latent_dist.mode()
        shape = (1, vae.config.z_dim, 1, 1, 1)
        mean = torch.tensor(vae.config.latents_mean).view(shape).to(latents)
        deviation = torch.tensor(vae.config.latents_std).view(shape).to(latents)
        return ((latents - mean) / deviation).squeeze(2)

    def encode_text(self, pipeline: Any, caption: str) -> Text:
        tokens, mask = pipeline.encode_prompt(caption, max_sequence_length=self.longest(pipeline))
        if mask is None:  # nothing is padded
            mask = torch.ones(tokens.shape[:2], dtype=torch.long, device=tokens.device)
        return {"tokens": tokens, "mask": mask}

    def predict(
        self, pipeline: Any, noisy: torch.Tensor, time: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        text = joined(_padded(texts))
        count, channels, height, width = noisy.shape
        answer = pipeline.transformer(
            hidden_states=QwenImagePipeline._pack_latents(noisy, count, channels, height, width),
            timestep=time,
            guidance=None,
            encoder_hidden_states=text["tokens"],
            encoder_hidden_states_mask=text["mask"],
            img_shapes=[[(1, height // 2, width // 2)]] * count,
            return_dict=False,
        )[0]
        return QwenImagePipeline._unpack_latents(answer, height * 8, width * 8, 8).squeeze(2)

    def guided(self, guidance: float) -> dict[str, Any]:
        return {"true_cfg_scale": guidance}

    def said(self, text: Text, nothing: Text, guidance: float) -> dict[str, Any]:
        return {
            "prompt_embeds": text["tokens"],
            "prompt_embeds_mask": text["mask"],
            "negative_prompt_embeds": nothing["tokens"],
            "negative_prompt_embeds_mask": nothing["mask"],
        }


def _padded(texts: Sequence[Text]) -> list[Text]:
    longest = max(text["mask"].shape[1] for text in texts)
    return [
        {
            "tokens": torch.nn.functional.pad(
                text["tokens"], (0, 0, 0, longest - text["tokens"].shape[1])
            ),
            "mask": torch.nn.functional.pad(text["mask"], (0, longest - text["mask"].shape[1])),
        }
        for text in texts
    ]
