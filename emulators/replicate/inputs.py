"""What a model takes: published as an OpenAPI schema, and checked against the same schema.

The schema has the shape that cog writes (a choice is an `allOf` with a reference, order is
`x-order`); the sentences of a refusal are those of Replicate's own check of inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from emulators.replicate.errors import Refusal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Input:
    """One field. `kind` is a JSON type, `uri`, or `strings` and `numbers` for arrays of them."""

    name: str
    kind: str
    default: Any = None
    low: float | None = None
    high: float | None = None
    words: tuple[Any, ...] = ()
    is_required: bool = False
    about: str = ""

    def schema(self, order: int) -> Json:
        """Return the property of the published schema."""
        schema: Json = {"title": self.name.replace("_", " ").title(), "x-order": order}
        if self.words:
            reference = {"$ref": f"#/components/schemas/{self.name}"}
            schema = {"allOf": [reference], "x-order": order}
        elif self.kind in {"strings", "numbers"}:
            schema |= {"type": "array", "items": {"type": self.kind[:-1]}}
        elif self.kind == "uri":
            schema |= {"type": "string", "format": "uri"}
        else:
            schema["type"] = self.kind
        limits = {"default": self.default, "minimum": self.low, "maximum": self.high}
        schema |= {name: value for name, value in limits.items() if value is not None}
        if self.about:
            schema["description"] = self.about
        if self.default is None and not self.is_required:
            schema["nullable"] = True
        return schema


def component(title: str, inputs: Iterable[Input]) -> Json:
    """Return the schema components of one group of inputs: itself, and its choices."""
    fields = tuple(inputs)
    schemas: Json = {
        one.name: {"type": one.kind, "title": one.name, "enum": list(one.words)}
        for one in fields
        if one.words
    }
    properties = {one.name: one.schema(order) for order, one in enumerate(fields)}
    schemas[title] = {"type": "object", "title": title, "properties": properties}
    if required := [one.name for one in fields if one.is_required]:
        schemas[title]["required"] = required
    return schemas


def openapi(title: str, schemas: Json) -> Json:
    """Return the document that a version publishes as `openapi_schema`."""
    return {
        "openapi": "3.0.2",
        "info": {"title": title, "version": "0.1.0"},
        "paths": {},
        "components": {"schemas": schemas},
    }


def check(values: Any, document: Json, title: str) -> None:
    """Raise the 422 for inputs that do not fit the component `title` of a published document."""
    schemas = document["components"]["schemas"]
    problems = list(_problems(values, schemas[title], schemas))
    if problems:
        raise Refusal(
            422,
            "".join(f"- {where}: {what}\n" for where, _, what in problems),
            "Input validation failed",
            [{"type": kind, "field": where, "description": what} for where, kind, what in problems],
        )


def with_defaults(values: Mapping[str, Any], document: Json, title: str) -> Json:
    """Return checked inputs with everything filled in that was not given."""
    properties = document["components"]["schemas"][title]["properties"]
    given = {name: value for name, value in values.items() if value is not None}
    return {name: schema.get("default") for name, schema in properties.items()} | given


Problem = tuple[str, str, str]  # where, its kind, and in words


def _problems(values: Any, schema: Json, schemas: Json) -> Iterator[Problem]:
    if not isinstance(values, dict):
        yield "input", "invalid_type", f"Invalid type. Expected: object, given: {_type(values)}"
        return
    for name in schema.get("required", ()):
        if values.get(name) is None:
            yield "input", "required", f"{name} is required"
    for name, value in values.items():
        if name not in schema["properties"]:
            what = f"Additional property {name} is not allowed"
            yield "input", "additional_property_not_allowed", what
        else:
            yield from _value_problems(f"input.{name}", value, schema["properties"][name], schemas)


def _value_problems(where: str, value: Any, schema: Json, schemas: Json) -> Iterator[Problem]:
    if "allOf" in schema:
        schema = schema | schemas[schema["allOf"][0]["$ref"].rpartition("/")[2]]
    if value is None and (schema.get("nullable") or "default" in schema):
        return
    if not _has_type(value, schema["type"]):
        what = f"Invalid type. Expected: {schema['type']}, given: {_type(value)}"
        yield where, "invalid_type", what
        return
    if "enum" in schema and value not in schema["enum"]:
        words = ", ".join(f'"{word}"' for word in schema["enum"])
        yield where, "enum", f"{where} must be one of the following: {words}"
    yield from _limit_problems(where, value, schema)
    for number, item in enumerate(value if schema["type"] == "array" else ()):
        yield from _value_problems(f"{where}.{number}", item, schema["items"], schemas)


def _limit_problems(where: str, value: Any, schema: Json) -> Iterator[Problem]:
    if "minimum" in schema and value < schema["minimum"]:
        what = f"Must be greater than or equal to {schema['minimum']:g}"
        yield where, "number_gte", what
    if "maximum" in schema and value > schema["maximum"]:
        yield where, "number_lte", f"Must be less than or equal to {schema['maximum']:g}"
    if schema.get("format") == "uri" and not _is_address(value):
        yield where, "format", "Does not match format 'uri'"


def _is_address(value: str) -> bool:
    try:
        return bool(urlsplit(value).scheme)
    except ValueError:
        return False


def _has_type(value: Any, wanted: str) -> bool:
    given = _type(value)
    if given == "number" and wanted == "integer":
        return float(value).is_integer()
    return given == wanted or (given, wanted) == ("integer", "number")


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")
