"""FLUX.2 klein (base and distilled) and dev: patches normalised by the autoencoder's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import Flux2KleinPipeline

from trainer.engines.diffusers.child.families.base import Family, Text, joined


class Flux2Klein(Family):
    pipeline = "Flux2KleinPipeline"
    layers = (
        r"transformer_blocks\.\d+\.(attn\.(to_[qkv]|to_out\.0|add_[qkv]_proj|to_add_out)"
        r"|ff(_context)?\.linear_(in|out))"
        r"|single_transformer_blocks\.\d+\.attn\.(to_qkv_mlp_proj|to_out)"
    )
    architecture = "flux-2-klein/lora"
    steps = 50
    guidance = 4.0

    def encode_photo(self, pipeline: Any, pixels: torch.Tensor) -> torch.Tensor:
        vae = pipeline.vae
        latents = vae.encode(pixels.to(vae.device, vae.dtype)).latent_dist.mode()
        patches = Flux2KleinPipeline._patchify_latents(latents)
        mean = vae.bn.running_mean.view(1, -1, 1, 1)
        deviation = (vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps).sqrt()
        return (patches - mean) / deviation

    def encode_text(self, pipeline: Any, caption: str) -> Text:
        tokens, ids = pipeline.encode_prompt(
            prompt=caption, max_sequence_length=self.longest(pipeline)
        )
        return {"tokens": tokens, "ids": ids}

    def predict(
        self, pipeline: Any, noisy: torch.Tensor, time: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        network, text = pipeline.transformer, joined(texts)
        ids = Flux2KleinPipeline._prepare_latent_ids(noisy).to(noisy.device)
        guidance = None
        if network.config.guidance_embeds:
            guidance = torch.ones(len(noisy), device=noisy.device)
        answer = network(
            hidden_states=Flux2KleinPipeline._pack_latents(noisy),
            timestep=time,
            guidance=guidance,
            encoder_hidden_states=text["tokens"],
            txt_ids=text["ids"],
            img_ids=ids,
            return_dict=False,
        )[0]
        # With the sizes said, the card is not waited for.
        return Flux2KleinPipeline._unpack_latents_with_ids(answer, ids, *noisy.shape[-2:])

    def said(self, text: Text, nothing: Text, guidance: float) -> dict[str, Any]:
        return {"prompt_embeds": text["tokens"], "negative_prompt_embeds": nothing["tokens"]}
