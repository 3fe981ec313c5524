"""Holds the frozen base in fewer bits: NF4 or 8 bits in the blocks, everything else as it is.

diffusers' own loader refuses bitsandbytes without a card; put in place here, the same code runs on
a CPU, and one layer is in full precision at a time.
"""

from __future__ import annotations

import re
from typing import Any

import torch

from trainer.engines.diffusers.protocol import Base

# What lies in a list of blocks. All else is small, and sensitive: the first and the last layer,
# embeddings of time and text.
_IN_BLOCK = re.compile(r"\.\d+\.")


def quantise(network: torch.nn.Module, base: Base) -> int:
    """Replace the blocks' linear layers in place; return how many."""
    if base.precision not in {"nf4", "int8"}:
        return 0
    names = layers_of(network)
    for name in names:  # nothing else holds on to the layer that is replaced
        parent, _, leaf = name.rpartition(".")
        setattr(network.get_submodule(parent), leaf, _smaller(network.get_submodule(name), base))
    return len(names)


def layers_of(network: torch.nn.Module) -> list[str]:
    """Return the names of the layers that can be held in fewer bits."""
    return [
        name
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear) and _IN_BLOCK.search(name)
    ]


def _smaller(layer: torch.nn.Linear, base: Base) -> Any:
    import bitsandbytes as bnb

    compute = torch.float32 if base.device == "cpu" else torch.bfloat16
    size, has_bias = (layer.in_features, layer.out_features), layer.bias is not None
    if base.precision == "nf4":
        new = bnb.nn.Linear4bit(*size, bias=has_bias, compute_dtype=compute, quant_type="nf4")
        new.weight = bnb.nn.Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
        # Else some processors pack and round the weights anew at the first picture, and what
        # learns afterwards learns on another base.
        new.support_avx512bf16_for_cpu = False
    else:
        new = bnb.nn.Linear8bitLt(*size, bias=has_bias, has_fp16_weights=False)
        new.weight = bnb.nn.Int8Params(
            layer.weight.data, requires_grad=False, has_fp16_weights=False
        )
    if has_bias:
        new.bias = torch.nn.Parameter(layer.bias.data, requires_grad=False)
    return new.to(base.device)
