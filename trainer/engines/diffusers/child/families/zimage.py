"""Z-Image: lists instead of batches, time that runs the other way, an answer of the other sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from trainer.engines.diffusers.child.families.base import Family, Text, standardised


class ZImage(Family):
    pipeline = "ZImagePipeline"
    layers = (
        r"(layers|noise_refiner|context_refiner)\.\d+\."
        r"(attention\.(to_[qkv]|to_out\.0)|feed_forward\.w[123])"
    )
    architecture = "z-image/lora"
    steps = 30
    guidance = 4.0

    def encode_photo(self, pipeline: Any, pixels: torch.Tensor) -> torch.Tensor:
        return standardised(pipeline.vae, pixels)

    def encode_text(self, pipeline: Any, caption: str) -> Text:
        found = pipeline.encode_prompt(
            caption, do_classifier_free_guidance=False, max_sequence_length=self.longest(pipeline)
        )[0]
        return {"tokens": found[0]}  # of its own length

    def predict(
        self, pipeline: Any, noisy: torch.Tensor, time: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        answers = pipeline.transformer(
            list(noisy.unsqueeze(2).unbind(0)),
            1 - time,
            [text["tokens"] for text in texts],
            return_dict=False,
        )[0]
        return -torch.stack(list(answers)).squeeze(2)

    def said(self, text: Text, nothing: Text, guidance: float) -> dict[str, Any]:
        said: dict[str, Any] = {"prompt_embeds": [text["tokens"]]}
        if guidance > 1:
            said["negative_prompt_embeds"] = [nothing["tokens"]]
        return said
