"""The networks of the published models, from their configurations, without any memory: on the meta
device. Imported by the Python that has torch only.

Sources: the files config.json of the models' pages on the hub; what is not named is the class's
own default, made for that model.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import (
    Flux2Transformer2DModel,
    FluxTransformer2DModel,
    QwenImageTransformer2DModel,
    UNet2DConditionModel,
    ZImageTransformer2DModel,
)

_KLEIN = {"attention_head_dim": 128, "in_channels": 128, "guidance_embeds": False}
NETWORKS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "black-forest-labs/FLUX.1-dev": ("flux1", FluxTransformer2DModel, {"guidance_embeds": True}),
    "black-forest-labs/FLUX.1-schnell": ("flux1", FluxTransformer2DModel, {}),
    "black-forest-labs/FLUX.2-klein-base-4B": (
        "flux2-klein",
        Flux2Transformer2DModel,
        {
            **_KLEIN,
            "num_layers": 5,
            "num_single_layers": 20,
            "num_attention_heads": 24,
            "joint_attention_dim": 7680,
        },
    ),
    "black-forest-labs/FLUX.2-klein-base-9B": (
        "flux2-klein",
        Flux2Transformer2DModel,
        {
            **_KLEIN,
            "num_layers": 8,
            "num_single_layers": 24,
            "num_attention_heads": 32,
            "joint_attention_dim": 12288,
        },
    ),
    "Tongyi-MAI/Z-Image": ("zimage", ZImageTransformer2DModel, {}),
    "Qwen/Qwen-Image": ("qwen-image", QwenImageTransformer2DModel, {}),
    "stabilityai/stable-diffusion-xl-base-1.0": (
        "sdxl",
        UNet2DConditionModel,
        {
            "sample_size": 128,
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "attention_head_dim": (5, 10, 20),
            "transformer_layers_per_block": (1, 2, 10),
            "cross_attention_dim": 2048,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
    ),
    "stable-diffusion-v1-5/stable-diffusion-v1-5": (
        "sd15",
        UNet2DConditionModel,
        {"cross_attention_dim": 768},
    ),
}


def network_of(name: str) -> tuple[str, torch.nn.Module]:
    """Return the key of a model's family, and its network without any weights."""
    family, kind, config = NETWORKS[name]
    with torch.device("meta"):
        network: torch.nn.Module = kind(**config)
    return family, network


_TOKENS = {"flux1": 512, "flux2-klein": 512, "zimage": 128, "qwen-image": 128}  # else 77
_PACKED = {"flux1", "qwen-image"}  # four latent pixels are one token's channels


def pieces_of(family: str, network: Any, side: int) -> tuple[torch.Tensor, dict[str, Any]]:
    """Return latents of a square picture and an encoded caption, random, in the shapes that a
    network takes and training's cache has."""
    config = network.config
    channels = config.in_channels // 4 if family in _PACKED else config.in_channels
    scale = 16 if family == "flux2-klein" else 8
    latents = torch.randn(1, channels, side // scale, side // scale)
    return latents, _text(family, config, side)


def _text(family: str, config: Any, side: int) -> dict[str, Any]:
    tokens = _TOKENS.get(family, 77)
    widths = ("joint_attention_dim", "cap_feat_dim", "cross_attention_dim")
    width = next(config[name] for name in widths if name in config)
    text: dict[str, Any] = {
        "tokens": torch.randn(1, tokens, width),
        "frame": torch.tensor([[side, side, 0, 0, side, side]]),
    }
    if family == "flux1":
        text["pooled"] = torch.randn(1, config.pooled_projection_dim)
    if family == "sdxl":
        sizes = 6 * config.addition_time_embed_dim
        text["pooled"] = torch.randn(1, config.projection_class_embeddings_input_dim - sizes)
    if family == "flux2-klein":
        text["ids"] = torch.zeros(1, tokens, 4, dtype=torch.long)
    if family == "qwen-image":
        text["mask"] = torch.ones(1, tokens, dtype=torch.long)
    if family == "zimage":
        text["tokens"] = text["tokens"][0]
    return text
