"""Inputs of endpoints, as JSON schema writes them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def text(description: str, default: str | None = None) -> Json:
    """A text; without a default it is left out of the run."""
    return _field("string", description, default)


def link(description: str) -> Json:
    """The address of a file, or a data URI."""
    return {"type": "string", "description": description, "ui": {"field": "upload"}}


def flag(description: str, default: bool) -> Json:
    """A yes or no."""
    return _field("boolean", description, default)


def integer(description: str, default: int | None, low: int, high: int) -> Json:
    """A whole number between two others, both included."""
    return {**_field("integer", description, default), "minimum": low, "maximum": high}


def number(description: str, default: float | None, low: float, high: float) -> Json:
    """A number between two others, both included."""
    return {**_field("number", description, default), "minimum": low, "maximum": high}


def choice(description: str, default: str, *options: str) -> Json:
    """One of a few words."""
    return {**_field("string", description, default), "enum": list(options)}


def _field(kind: str, description: str, default: Any) -> Json:
    field: Json = {"type": kind, "description": description}
    if default is not None:
        field["default"] = default
    return field
