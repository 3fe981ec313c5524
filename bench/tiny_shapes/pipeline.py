"""A FLUX.1 pipeline of diffusers' own classes with about a million parameters."""

from __future__ import annotations

import string
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

from bench.tiny_shapes.world import COLOURS, GROUNDS, SHAPES

_LETTERS = list(string.ascii_lowercase + string.digits + ",._-'")
_WORDS = ("a", "photo", "of", "on", "background", *COLOURS, *GROUNDS, *SHAPES)
_CHANNELS = (16, 16, 32, 32, 32)  # one latent pixel for 16 × 16
_CARRIED = 8  # channels that pass unchanged at first: RGB, its negative, two constants
_CONSTANT = 2.0
CAPTION_TOKENS = 24


def new_pipeline(seed: int = 0) -> FluxPipeline:
    """Return one with random weights, the text encoders' included: those are never trained."""
    torch.manual_seed(seed)
    letters, words = clip_tokenizer(), _t5_tokenizer()
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=3.0,
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=1.15,
            base_image_seq_len=256,
            max_image_seq_len=4096,
        ),
        vae=autoencoder(),
        text_encoder=clip(CLIPTextModel, len(letters)),
        tokenizer=letters,
        text_encoder_2=_t5(len(words)),
        tokenizer_2=words,
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=64,
            num_layers=2,
            num_single_layers=2,
            attention_head_dim=32,
            num_attention_heads=3,
            joint_attention_dim=64,
            pooled_projection_dim=32,
            guidance_embeds=True,
            axes_dims_rope=(8, 12, 12),
        ),
    )


def autoencoder() -> AutoencoderKL:
    """Return one through which colours already pass.

    It begins as a linear one: the pair (x, -x) makes SiLU linear, the constants keep the
    normalisation from taking the brightness away, and all other branches begin at zero. One that
    begins with noise needs many times the steps before any colour comes through.
    """
    vae = AutoencoderKL(
        latent_channels=16,
        block_out_channels=_CHANNELS,
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * len(_CHANNELS),
        up_block_types=("UpDecoderBlock2D",) * len(_CHANNELS),
        norm_num_groups=1,
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        scaling_factor=1.0,
        shift_factor=0.0,
        sample_size=256,
    )
    with torch.no_grad():
        for name, module in vae.named_modules():
            _start_linear(name, module)
        _start_ends(vae)
    return vae


def _start_linear(name: str, module: Any) -> None:
    if name.endswith("conv2"):
        module.weight.zero_()
        module.bias.zero_()
    for ending, fill in _PASSING.items():
        if name.endswith(ending):
            module.weight[:_CARRIED].zero_()
            module.bias[:_CARRIED].zero_()
            for channel in range(_CARRIED):
                fill(module.weight[channel, channel])


def _one(kernel: torch.Tensor) -> None:
    kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] = 1


def _mean(kernel: torch.Tensor) -> None:
    kernel[:2, :2] = 0.25


_PASSING = {
    "conv_shortcut": _one,
    "upsamplers.0.conv": _one,
    "downsamplers.0.conv": _mean,
}


def _start_ends(vae: AutoencoderKL) -> None:
    for part in (vae.encoder, vae.decoder):
        first, last = part.conv_in, part.conv_out
        first.weight[:_CARRIED].zero_()
        first.bias[:_CARRIED].zero_()
        last.weight[:3].zero_()
        last.bias[:3].zero_()
        for colour in range(3):
            first.weight[colour, colour, 1, 1] = 1
            first.weight[colour + 3, colour, 1, 1] = -1
            last.weight[colour, colour, 1, 1] = 1
            last.weight[colour, colour + 3, 1, 1] = -1
        first.bias[6], first.bias[7] = _CONSTANT, -_CONSTANT
    variances = slice(vae.config.latent_channels, None)
    vae.encoder.conv_out.weight[variances].zero_()
    vae.encoder.conv_out.bias[variances] = -4
    # So that a picture comes back about as bright as it went in.
    vae.encoder.conv_out.weight[:3] *= 0.679
    vae.decoder.conv_out.weight *= 0.853


def clip_tokenizer() -> CLIPTokenizer:
    """Return one that spells."""
    words = ["<|startoftext|>", "<|endoftext|>", *_LETTERS, *(f"{one}</w>" for one in _LETTERS)]
    vocabulary = {word: at for at, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def _t5_tokenizer() -> T5TokenizerFast:
    """Return one that knows the world's words; any other word it spells."""
    scores = {"<pad>": 0.0, "</s>": 0.0, "<unk>": 0.0, "▁": -4.0}
    scores |= dict.fromkeys(_LETTERS, -6.0) | {f"▁{word}": -1.0 for word in _WORDS}
    return T5TokenizerFast(vocab=list(scores.items()), extra_ids=0, model_max_length=CAPTION_TOKENS)


def clip(kind: Any, words: int, layers: int = 1) -> Any:
    """Return a small text encoder of one of CLIP's classes with random weights."""
    config = CLIPTextConfig(
        vocab_size=words,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=32,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return kind(config).eval()


def _t5(words: int) -> T5EncoderModel:
    config = T5Config(
        vocab_size=words,
        d_model=64,
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
    )
    return T5EncoderModel(config).eval()
