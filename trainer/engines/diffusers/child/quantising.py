"""Holds the frozen base in fewer bits: NF4 or 8 bits in the blocks, everything else as it is.

diffusers' own loader refuses bitsandbytes without a card; put in place here, the same code runs on
a CPU, and one layer is in full precision at a time.
"""

from __future__ import annotations

from typing import Any

import torch

from trainer.engines.diffusers.protocol import Base

# Norms and embeddings stay: they are small, and sensitive.
_KEPT = ("norm", "embed", "proj_out", "time", "modulation")


def quantise(network: torch.nn.Module, base: Base) -> int:
    """Replace the large linear layers in place; return how many."""
    if base.precision not in {"nf4", "int8"}:
        return 0
    found = [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear) and not any(part in name for part in _KEPT)
    ]
    for name, module in found:
        parent, _, leaf = name.rpartition(".")
        setattr(network.get_submodule(parent), leaf, _smaller(module, base))
    return len(found)


def _smaller(layer: torch.nn.Linear, base: Base) -> Any:
    import bitsandbytes as bnb

    compute = torch.float32 if base.device == "cpu" else torch.bfloat16
    size, has_bias = (layer.in_features, layer.out_features), layer.bias is not None
    if base.precision == "nf4":
        new = bnb.nn.Linear4bit(*size, bias=has_bias, compute_dtype=compute, quant_type="nf4")
        new.weight = bnb.nn.Params4bit(layer.weight.data, requires_grad=False, quant_type="nf4")
    else:
        new = bnb.nn.Linear8bitLt(*size, bias=has_bias, has_fp16_weights=False)
        new.weight = bnb.nn.Int8Params(
            layer.weight.data, requires_grad=False, has_fp16_weights=False
        )
    if has_bias:
        new.bias = torch.nn.Parameter(layer.bias.data, requires_grad=False)
    return new.to(base.device)
