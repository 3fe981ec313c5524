"""Examples of bodies, made from their schemas, so that no example says what no answer has."""

from __future__ import annotations

from typing import Any

from providers.registry import CLASSES

ID = "0b9e62a1-9a41-4c3f-8ad5-6a3f3d0c2b7e"
TIME = "2026-11-26T09:30:00.000Z"
# What stands for a property of that name; everything else is made from its type.
_BY_NAME: dict[str, Any] = {
    "baseModel": "black-forest-labs/FLUX.1-dev",
    "caption": "ann_tok on a beach",
    "code": "invalid",
    "cost": "About $5.00",
    "description": "Portraits of last summer",
    "email": "ann@example.org",
    "filename": "IMG_2041.HEIC",
    "key": "black-forest-labs/FLUX.1-dev",
    "kind": "person",
    "label": "FLUX.1 dev",
    "limit": "trainings_per_day",
    "month": "2026-11",
    "name": "Ann",
    "nextCursor": None,
    "options": {"epochs": 100, "learningRate": 0.0004, "rank": 16},
    "preset": "balanced",
    "progress": 0.4,
    "prompt": "ann_tok in the mountains at dawn",
    "provider": next(iter(CLASSES)),
    "ratio": "1:1",
    "scope": "spend",
    "sentence": "It is being trained.",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "status": "running",
    "title": "Training",
    "triggerWord": "ann_tok",
    "url": f"/api/photos/{ID}/file",
}
_BY_FORMAT = {"uuid": ID, "date-time": TIME, "date": "2026-11-26", "binary": "…"}
_BY_TYPE: dict[str, Any] = {"string": "", "integer": 12, "number": 0.5, "boolean": False}


def example_of(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """Return an example of what a schema describes; `schemas` are those it refers to."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if schema.get("examples"):
        return schema["examples"][0]
    if "properties" in schema:
        return {one: example_of(inner, schemas, one) for one, inner in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    if name in _BY_NAME:
        return _BY_NAME[name]
    if variants := schema.get("anyOf") or schema.get("allOf"):
        return example_of(variants[0], schemas, name)
    if "enum" in schema:
        return schema["enum"][0]
    if name.endswith("At"):
        return TIME
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type", "")))
