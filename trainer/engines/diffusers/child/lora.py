"""The LoRA on a network: put on, read, set."""

from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict

from trainer.engines.diffusers.child.families.base import Family
from trainer.engines.diffusers.protocol import Recipe

Tensors = dict[str, torch.Tensor]


def put_on(family: Family, network: Any, recipe: Recipe) -> list[torch.nn.Parameter]:
    """Put a LoRA on all layers that learn, and freeze the rest; return what learns.

    Raises ValueError where no layer is one that learns.
    """
    names = family.learning_layers(network)
    if not names:
        raise ValueError("no layer of this base model is one that can learn")
    torch.manual_seed(recipe.seed)  # PEFT draws the first values from torch's own generator
    network.requires_grad_(False)
    network.add_adapter(
        LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.rank,
            init_lora_weights="gaussian",
            target_modules=names,
        )
    )
    parameters = [one for one in network.parameters() if one.requires_grad]
    for one in parameters:
        one.data = one.data.float()  # small updates would be rounded away
    if recipe.checkpointing:
        network.enable_gradient_checkpointing()
    return parameters


def tensors_of(network: Any) -> Tensors:
    """Return the LoRA as PEFT names it: not copies, but what learns."""
    return {name: one.detach() for name, one in get_peft_model_state_dict(network).items()}


def set_to(network: Any, tensors: Tensors) -> None:
    """Give the LoRA other values."""
    set_peft_model_state_dict(network, tensors)


def copied(tensors: Tensors, device: torch.device | str) -> Tensors:
    """Return copies on a device."""
    return {name: one.to(device, copy=True) for name, one in tensors.items()}


def optimiser_for(parameters: list[torch.nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Return AdamW as the recipe wants it."""
    wishes: dict[str, Any] = {
        "lr": recipe.learning_rate,
        "betas": (0.9, 0.99),
        "weight_decay": recipe.weight_decay,
    }
    if recipe.eight_bit_optimiser:
        from bitsandbytes.optim import AdamW8bit

        return AdamW8bit(parameters, **wishes)  # type: ignore[no-any-return]
    return torch.optim.AdamW(parameters, **wishes)
