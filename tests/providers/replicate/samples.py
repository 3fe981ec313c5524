"""Requests to Replicate, and its models as they are on a usual day."""

from __future__ import annotations

import json
from typing import Any

import responses

from providers.catalog import FLUX1_DEV
from providers.types import GenerationRequest, Lora, TrainingRequest
from tests.providers import samples
from tests.providers.contract import REPLIES

ROOT = "https://api.replicate.com"
API = f"{ROOT}/v1"
DATASET = f"{API}/files/ZmI4"
HASH = "5f0c9d" + "0" * 58
OWN = f"acme/theway-loras:{HASH}"
OSTRIS = "26dce37a" + "0" * 56
ADDRESS = Lora("https://us.example/files/weights/x.safetensors", 0.9)


def reply(name: str) -> dict[str, Any]:
    return json.loads((REPLIES / "replicate" / f"{name}.json").read_text())


def training_request(**changes: Any) -> TrainingRequest:
    given = {"base_model": FLUX1_DEV, "dataset": DATASET, "steps": 1000, "rank": 32, **changes}
    return samples.training_request(**given)


def picture_request(**changes: Any) -> GenerationRequest:
    given = {"base_model": FLUX1_DEV, "lora": Lora(OWN, 0.9), "count": 2, **changes}
    return samples.generation_request(**given)


def change(wire: responses.RequestsMock, name: str, **changes: Any) -> None:
    """Answer with another model object than usual."""
    data = reply(name)
    wire.replace(
        responses.GET, f"{API}/models/{data['owner']}/{data['name']}", json={**data, **changes}
    )


def changed_inputs(name: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    version = reply(name)["latest_version"]
    schemas = version["openapi_schema"]["components"]["schemas"]
    title = "TrainingInput" if "TrainingInput" in schemas else "Input"
    schemas[title] = {"type": "object", "properties": properties, "required": required}
    return {"latest_version": version}
