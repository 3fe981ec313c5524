"""What the Python for training can do, as a line of JSON: `python -m …checkup`.

Every question is asked on its own: what breaks one library must not hide the others.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

PACKAGES = ("torch", "diffusers", "transformers", "peft", "safetensors", "accelerate")


def main() -> int:
    """Print what was found; return 0."""
    versions = {name: _answer(_version, name) for name in PACKAGES}
    found = {
        "python": sys.version.split()[0],
        "versions": versions,
        "cuda": _answer(_cuda),
        "quantised": _answer(_quantised),
    }
    print(json.dumps(found))
    return 0


def _answer(question: Callable[..., Any], *about: Any) -> Any:
    try:
        return question(*about)
    except Exception as error:  # also what a broken library raises while it is imported
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def _version(name: str) -> str:
    return str(importlib.import_module(name).__version__)


def _cuda() -> str:
    """Return the CUDA that torch was built for, where it sees a card; empty where it does not."""
    import torch

    if not torch.cuda.is_available():
        return ""
    torch.ones(8, device="cuda").sum().item()  # a card that is too old fails here
    return str(torch.version.cuda)


def _quantised() -> bool:
    """Whether a layer in four bits can be asked and learns what is around it."""
    import bitsandbytes as bnb
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    layer = bnb.nn.Linear4bit(64, 64, quant_type="nf4", compute_dtype=torch.float32).to(device)
    asked = torch.ones(1, 64, device=device, requires_grad=True)
    layer(asked).sum().backward()
    return asked.grad is not None


if __name__ == "__main__":
    sys.exit(main())
