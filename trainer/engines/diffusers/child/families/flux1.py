"""FLUX.1 dev, schnell, Krea dev: packed latents, T5 and CLIP, guidance as an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import FluxPipeline

from trainer.engines.diffusers.child.families.base import Family, Text, joined, standardised

# With another value the LoRA comes out weak and overcontrasted.
TRAINING_GUIDANCE = 1.0


class Flux1(Family):
    pipeline = "FluxPipeline"
    layers = (
        r"transformer_blocks\.\d+\.(attn\.(to_[qkv]|to_out\.0|add_[qkv]_proj|to_add_out)"
        r"|ff(_context)?\.net\.(0\.proj|2))"
        r"|single_transformer_blocks\.\d+\.(attn\.to_[qkv]|proj_mlp|proj_out)"
    )
    architecture = "flux-1-dev/lora"
    steps = 28
    guidance = 3.5
    knows_negative = False

    def longest(self, pipeline: Any) -> int:
        # schnell is the one whose times are not shifted; it was trained with half the length.
        is_schnell = not pipeline.scheduler.config.use_dynamic_shifting
        return min(256 if is_schnell else self.tokens, super().longest(pipeline))

    def encode_photo(self, pipeline: Any, pixels: torch.Tensor) -> torch.Tensor:
        return standardised(pipeline.vae, pixels)

    def encode_text(self, pipeline: Any, caption: str) -> Text:
        tokens, pooled, _ids = pipeline.encode_prompt(
            prompt=caption, prompt_2=None, max_sequence_length=self.longest(pipeline)
        )
        return {"tokens": tokens, "pooled": pooled}

    def predict(
        self, pipeline: Any, noisy: torch.Tensor, time: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        network, text = pipeline.transformer, joined(texts)
        count, channels, height, width = noisy.shape
        guidance = None
        if network.config.guidance_embeds:
            guidance = torch.full((count,), TRAINING_GUIDANCE, device=noisy.device)
        answer = network(
            hidden_states=FluxPipeline._pack_latents(noisy, count, channels, height, width),
            timestep=time,
            guidance=guidance,
            pooled_projections=text["pooled"],
            encoder_hidden_states=text["tokens"],
            txt_ids=torch.zeros(text["tokens"].shape[1], 3, device=noisy.device),
            img_ids=FluxPipeline._prepare_latent_image_ids(
                count, height // 2, width // 2, noisy.device, noisy.dtype
            ),
            return_dict=False,
        )[0]
        # The autoencoder's own factor is 8 in there: latents are given as if they were pixels.
        return FluxPipeline._unpack_latents(answer, height * 8, width * 8, 8)

    def said(self, text: Text, nothing: Text, guidance: float) -> dict[str, Any]:
        return {"prompt_embeds": text["tokens"], "pooled_prompt_embeds": text["pooled"]}
