"""Tiny random pipelines of the published classes, one per family. Nothing is downloaded; tokenizers
know bytes and letters. Imported by the Python that has torch only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diffusers
import torch
import transformers
from tokenizers.pre_tokenizers import ByteLevel

from bench.tiny_shapes.pipeline import clip, clip_tokenizer, new_pipeline

_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }} {{ m['content'] }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant {% endif %}"
)
_MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|image_pad|>", "<|vision_start|>"]
_DDPM = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}
_SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 2,
    "num_hidden_layers": 4,
}


def _byte_tokenizer() -> Any:
    words = [*_MARKS, *sorted(ByteLevel.alphabet())]
    vocabulary = {word: at for at, word in enumerate(words)}
    tokenizer = transformers.Qwen2TokenizerFast(
        vocab=vocabulary, merges=[], additional_special_tokens=_MARKS[1:], model_max_length=512
    )
    tokenizer.chat_template = _CHAT
    return tokenizer


def _qwen3(kind: Any, words: int, layers: int = 4) -> Any:
    config = transformers.Qwen3Config(
        vocab_size=words,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=1024,
        bos_token_id=None,
        eos_token_id=0,
        **{**_SMALL, "num_hidden_layers": layers},
    )
    return kind(config).eval()


def _autoencoder(kind: Any = diffusers.AutoencoderKL, levels: int = 4, **more: Any) -> Any:
    return kind(
        block_out_channels=(16,) * levels,
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        norm_num_groups=4,
        sample_size=64,
        **more,
    ).eval()


def flux2_klein() -> Any:
    tokenizer = _byte_tokenizer()
    vae = _autoencoder(
        diffusers.AutoencoderKLFlux2,
        latent_channels=4,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    vae.bn.running_mean.normal_()
    vae.bn.running_var.uniform_(0.5, 2)
    return diffusers.Flux2KleinPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae,
        # Heard at the published depths: 9, 18 and 27.
        text_encoder=_qwen3(transformers.Qwen3ForCausalLM, len(tokenizer), layers=28),
        tokenizer=tokenizer,
        transformer=diffusers.Flux2Transformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=32,
            num_attention_heads=2,
            joint_attention_dim=96,
            timestep_guidance_channels=64,
            axes_dims_rope=(8, 8, 8, 8),
            guidance_embeds=False,
        ),
        is_distilled=False,
    )


def zimage() -> Any:
    tokenizer = _byte_tokenizer()
    transformer = diffusers.ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=16,
        dim=64,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        norm_eps=1e-5,
        qk_norm=True,
        cap_feat_dim=32,
        rope_theta=256.0,
        t_scale=1000.0,
        axes_dims=[16, 8, 8],
        axes_lens=[1024, 64, 64],
    )
    with torch.no_grad():  # made with torch.empty
        transformer.x_pad_token.fill_(1)
        transformer.cap_pad_token.fill_(1)
    return diffusers.ZImagePipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_autoencoder(latent_channels=16, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=_qwen3(transformers.Qwen3Model, len(tokenizer)),
        tokenizer=tokenizer,
        transformer=transformer,
    )


def qwen_image() -> Any:
    tokenizer = _byte_tokenizer()
    text = dict(
        _SMALL,
        vocab_size=len(tokenizer),
        num_key_value_heads=2,
        max_position_embeddings=1024,
        rope_scaling={"type": "mrope", "mrope_section": [2, 3, 3]},
    )
    vision = {
        "depth": 1,
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_heads": 2,
        "out_hidden_size": 32,
    }
    config = transformers.Qwen2_5_VLConfig(text_config=text, vision_config=vision)
    return diffusers.QwenImagePipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=diffusers.AutoencoderKLQwenImage(
            base_dim=24,
            z_dim=4,
            dim_mult=[1, 2, 2, 2],
            num_res_blocks=1,
            latents_mean=[-0.7, 0.3, 0.9, -0.2],
            latents_std=[2.8, 1.4, 0.7, 1.9],
        ),
        text_encoder=transformers.Qwen2_5_VLForConditionalGeneration(config).eval(),
        tokenizer=tokenizer,
        transformer=diffusers.QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=2,
            attention_head_dim=16,
            num_attention_heads=3,
            joint_attention_dim=32,
            axes_dims_rope=(8, 4, 4),
        ),
    )


def _unet(width: int, **more: Any) -> Any:
    return diffusers.UNet2DConditionModel(
        block_out_channels=(16, 32),
        layers_per_block=1,
        sample_size=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=width,
        norm_num_groups=4,
        attention_head_dim=8,
        **more,
    )


def sd15() -> Any:
    tokenizer = clip_tokenizer()
    return diffusers.StableDiffusionPipeline(
        scheduler=diffusers.DDIMScheduler(**_DDPM, clip_sample=False, steps_offset=1),
        vae=_autoencoder(latent_channels=4, scaling_factor=0.18215),
        text_encoder=clip(transformers.CLIPTextModel, len(tokenizer), layers=4),
        tokenizer=tokenizer,
        unet=_unet(32),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sdxl() -> Any:
    tokenizer = clip_tokenizer()
    return diffusers.StableDiffusionXLPipeline(
        scheduler=diffusers.EulerDiscreteScheduler(**_DDPM),
        vae=_autoencoder(latent_channels=4, scaling_factor=0.13025),
        text_encoder=clip(transformers.CLIPTextModel, len(tokenizer), layers=4),
        text_encoder_2=clip(transformers.CLIPTextModelWithProjection, len(tokenizer), layers=4),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_unet(
            64,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 32,
            use_linear_projection=True,
        ),
    )


MAKERS: dict[str, Callable[[], Any]] = {
    "flux1": new_pipeline,
    "flux2-klein": flux2_klein,
    "zimage": zimage,
    "sd15": sd15,
    "sdxl": sdxl,
    "qwen-image": qwen_image,
}
