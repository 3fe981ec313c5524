"""What every family of base models has in common, and the four answers it gives of its own:
how it is loaded, how photos and captions are encoded, what it is asked at a step, and which of its
layers learn."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import diffusers
import torch

from trainer.engines.diffusers.protocol import Base

TEXTS, AUTOENCODER, NETWORK = "texts", "autoencoder", "network"

# What a caption has become: tensors that begin with a dimension of one. In training "frame" is
# among them: height and width of the photo, top and left of what was cut out, its height and width.
Text = dict[str, torch.Tensor]


class Family(ABC):
    """Base models of one architecture. No instance keeps a state."""

    pipeline: ClassVar[str]  # its class in diffusers
    network: ClassVar[str] = "transformer"  # the part that learns, as diffusers names it
    layers: ClassVar[str]  # a regular expression for the whole name of what learns
    architecture: ClassVar[str]  # in the words of modelspec (github.com/Stability-AI/ModelSpec)
    steps: ClassVar[int]  # of a picture
    guidance: ClassVar[float]
    patch: ClassVar[int] = 16  # pixels that become one token of the network
    tokens: ClassVar[int] = 512  # of a caption, the same in training and in drawing
    empty: ClassVar[str] = ""  # what is said where nothing is
    is_flow: ClassVar[bool] = True  # else it answers with the noise
    knows_negative: ClassVar[bool] = True  # prompts that say what shall not be there
    in_full: ClassVar[bool] = False  # the autoencoder counts in 32 bits, or pictures are black
    kohya: ClassVar[str] = ""  # in the words of sd-scripts, whose names others read too

    def load(self, base: Base, *parts: str) -> Any:
        """Return the pipeline with only these parts of it, on the device. Nothing is downloaded."""
        diffusers.utils.logging.set_verbosity_error()  # what we cannot do better is no news
        missing = {name: None for name in _components(base.folder) if not _is_in(name, parts, self)}
        pipeline_class = getattr(diffusers, self.pipeline)
        pipeline = pipeline_class.from_pretrained(
            base.folder, dtype=dtype_of(base), local_files_only=True, **missing
        )
        pipeline.set_progress_bar_config(disable=True)
        if AUTOENCODER in parts:
            _fit_decoder(pipeline.vae, torch.float32 if self.in_full else dtype_of(base))
        return pipeline

    def network_of(self, pipeline: Any) -> Any:
        return getattr(pipeline, self.network)

    def learning_layers(self, network: torch.nn.Module) -> list[str]:
        """Return the names of the layers that a LoRA is put on; there must be some."""
        expression = re.compile(self.layers)
        linear = [
            name for name, module in network.named_modules() if isinstance(module, torch.nn.Linear)
        ]
        return [name for name in linear if expression.fullmatch(name)]

    def longest(self, pipeline: Any) -> int:
        """Return how many tokens of a caption are read."""
        found = [
            getattr(pipeline, name).model_max_length
            for name in ("tokenizer_2", "tokenizer")
            if getattr(pipeline, name, None) is not None
        ]
        return min(self.tokens, found[0]) if found else self.tokens

    def is_cut(self, pipeline: Any, caption: str) -> bool:
        """Return whether the end of a caption is not read."""
        tokenizer = getattr(pipeline, "tokenizer_2", None) or pipeline.tokenizer
        return len(tokenizer(caption).input_ids) > self.longest(pipeline)

    def negated(self, text: Text, guidance: float) -> dict[str, Any]:
        """Return encoded words for what shall not be in a picture as arguments of the pipeline."""
        said = self.said(text, text, guidance).items()
        wanted = [(name, one) for name, one in said if not name.startswith("negative_")]
        return {f"negative_{name}": one for name, one in wanted} if self.knows_negative else {}

    def guided(self, guidance: float) -> dict[str, Any]:
        """Return the guidance as an argument of the pipeline."""
        return {"guidance_scale": guidance}

    @abstractmethod
    def encode_photo(self, pipeline: Any, pixels: torch.Tensor) -> torch.Tensor:
        """Return the latents of 1 × 3 × height × width values from -1 to 1."""

    @abstractmethod
    def encode_text(self, pipeline: Any, caption: str) -> Text:
        """Return what the network is told of a caption."""

    @abstractmethod
    def predict(
        self, pipeline: Any, noisy: torch.Tensor, time: torch.Tensor, texts: Sequence[Text]
    ) -> torch.Tensor:
        """Return what the network answers for noisy latents: noise minus latents of a flow, else
        the noise. `time` is a sigma from 0 to 1 of a flow, else a step of the noise's schedule."""

    @abstractmethod
    def said(self, text: Text, nothing: Text, guidance: float) -> dict[str, Any]:
        """Return an encoded caption as arguments of the pipeline; `nothing` is the empty one."""


def joined(texts: Sequence[Text]) -> Text:
    """Return captions of one length as one batch."""
    return {name: torch.cat([text[name] for text in texts]) for name in texts[0]}


def dtype_of(base: Base) -> torch.dtype:
    """Return what the base is computed in. NF4 and int8 are computed in bfloat16 on a card, and in
    full on a processor, which is slower at anything else."""
    is_full = base.precision == "float32" or (base.device == "cpu" and base.precision != "bfloat16")
    return torch.float32 if is_full else torch.bfloat16


def standardised(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Return latents as most autoencoders have them: shifted and scaled by their configuration."""
    latents = vae.encode(pixels.to(vae.device, vae.dtype)).latent_dist.mode()
    return (latents - (vae.config.shift_factor or 0.0)) * vae.config.scaling_factor


def _fit_decoder(vae: Any, dtype: torch.dtype) -> None:
    """Let it decode latents of any precision in its own: not every pipeline converts them."""
    if vae.dtype != dtype:
        vae.to(dtype)
    decode = vae.decode
    vae.decode = lambda latents, *rest, **more: decode(latents.to(vae.dtype), *rest, **more)


def _components(folder: str) -> list[str]:
    index = json.loads((Path(folder) / "model_index.json").read_text())
    return [
        name
        for name, value in index.items()
        if not name.startswith("_") and isinstance(value, list) and value[0] is not None
    ]


def _is_in(name: str, parts: Sequence[str], family: Family) -> bool:
    if name.startswith(("text_encoder", "tokenizer")):
        return TEXTS in parts
    if name == "vae":
        return AUTOENCODER in parts
    if name == family.network:
        return NETWORK in parts
    return name not in {"safety_checker", "feature_extractor", "image_encoder"}
