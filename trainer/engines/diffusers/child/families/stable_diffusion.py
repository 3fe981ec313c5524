"""Stable Diffusion 1.5 and XL: a UNet that answers with the noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from trainer.engines.diffusers.child.families.base import Family, Text, joined, standardised


class StableDiffusion(Family):
    pipeline = "StableDiffusionPipeline"
    network = "unet"
    layers = r".*\.attentions\.\d+\..*\.(to_[qkv]|to_out\.0)"
    architecture = "stable-diffusion-v1/lora"
    kohya = "sd_v1"
    steps = 30
    guidance = 7.0
    patch = 8
    tokens = 77
    is_flow = False

    def encode_photo(self, pipeline: Any, pixels: torch.Tensor) -> torch.Tensor:
        return standardised(pipeline.vae, pixels)

    def encode_text(self, pipeline: Any, caption: str) -> Text:
        device = pipeline.text_encoder.device
        return {"tokens": pipeline.encode_prompt(caption, device, 1, False)[0]}

    def predict(
        self, pipeline: Any, noisy: torch.Tensor, time: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        text = joined(texts)
        return pipeline.unet(noisy, time, encoder_hidden_states=text["tokens"], return_dict=False)[
            0
        ]

    def said(self, text: Text, nothing: Text, guidance: float) -> dict[str, Any]:
        return {"prompt_embeds": text["tokens"], "negative_prompt_embeds": nothing["tokens"]}


class StableDiffusionXL(StableDiffusion):
    pipeline = "StableDiffusionXLPipeline"
    architecture = "stable-diffusion-xl-v1-base/lora"
    kohya = "sdxl_base_v1-0"
    in_full = True
    guidance = 6.0

    def encode_text(self, pipeline: Any, caption: str) -> Text:
        device = pipeline.text_encoder.device
        tokens, _, pooled, _ = pipeline.encode_prompt(
            caption, device=device, do_classifier_free_guidance=False
        )
        return {"tokens": tokens, "pooled": pooled}

    def predict(
        self, pipeline: Any, noisy: torch.Tensor, time: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        text = joined(texts)
        conditions = {
            "text_embeds": text["pooled"],
            "time_ids": text["frame"].to(noisy.device, noisy.dtype),
        }
        return pipeline.unet(
            noisy,
            time,
            encoder_hidden_states=text["tokens"],
            added_cond_kwargs=conditions,
            return_dict=False,
        )[0]

    def said(self, text: Text, nothing: Text, guidance: float) -> dict[str, Any]:
        # Zeros are its pipeline's empty prompt (`force_zeros_for_empty_prompt`).
        return {
            "prompt_embeds": text["tokens"],
            "pooled_prompt_embeds": text["pooled"],
            "negative_prompt_embeds": torch.zeros_like(text["tokens"]),
            "negative_pooled_prompt_embeds": torch.zeros_like(text["pooled"]),
        }
