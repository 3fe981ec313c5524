"""Checks an input against a published schema, and says what is wrong as fal does.

A finding is {"loc", "msg", "type", "url", "input"}; clients branch on `type`. Unknown fields are
ignored, as by the real endpoints: a misspelt ZIP field is noticed because the right one is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulators.fal.catalog.endpoints import Json

Where = tuple[str | int, ...]
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


def findings(values: Any, schema: Json, where: Where = ("body",)) -> list[Json]:
    """Return everything that is wrong with a value; nothing where it is accepted."""
    return list(_findings(values, schema, where))


def finding(where: Where, message: str, kind: str, value: Any, **context: Any) -> Json:
    """Return one entry of a `detail` list."""
    found = {
        "loc": list(where),
        "msg": message,
        "type": kind,
        "url": f"https://docs.fal.ai/errors/#{kind}",
        "input": value,
    }
    return found | ({"ctx": context} if context else {})


def _findings(value: Any, schema: Json, where: Where) -> Iterator[Json]:
    if "anyOf" in schema:
        yield from _any_of(value, schema["anyOf"], where)
    elif not _is_of(value, schema["type"]):
        kind = schema["type"]
        yield finding(where, f"Input should be a valid {kind}", f"{kind}_type", value)
    else:
        yield from _limits(value, schema, where)
        yield from _parts(value, schema, where)


def _any_of(value: Any, options: list[Json], where: Where) -> Iterator[Json]:
    fitting = [option for option in options if _is_of(value, option["type"])]
    if not fitting:
        yield finding(where, "Input is of no valid type", "value_error", value)
        return
    yield from _findings(value, fitting[0], where)


def _is_of(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _limits(value: Any, schema: Json, where: Where) -> Iterator[Json]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and value < low:
        message = f"Input should be greater than or equal to {low}"
        yield finding(where, message, "greater_than_equal", value, ge=low)
    if high is not None and value > high:
        message = f"Input should be less than or equal to {high}"
        yield finding(where, message, "less_than_equal", value, le=high)
    options = schema.get("enum")
    if options and value not in options:
        expected = " or ".join(f"'{option}'" for option in options)
        yield finding(where, f"Input should be {expected}", "literal_error", value)
    most = schema.get("maxItems")
    if most is not None and len(value) > most:
        yield finding(where, f"List should have at most {most} items", "too_long", None)


def _parts(value: Any, schema: Json, where: Where) -> Iterator[Json]:
    if schema["type"] == "array":
        for number, item in enumerate(value):
            yield from _findings(item, schema["items"], (*where, number))
    if schema["type"] == "object":
        for name in schema.get("required", ()):
            if value.get(name) is None:
                yield finding((*where, name), "field required", "missing", value)
        for name, part in schema["properties"].items():
            if value.get(name) is not None:
                yield from _findings(value[name], part, (*where, name))
