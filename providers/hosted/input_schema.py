"""Whether a hosted model still takes what we are about to send: its published schema says so.

Schemas are OpenAPI objects with `properties` and `required`. Only what is certain is refused: a
part of a schema that we cannot read forbids nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext as _

Json = Mapping[str, Any]
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}
_DEEPEST = 8


def problem_with(inputs: Json, schema: Json, components: Json) -> str:
    """Return what the model would refuse about `inputs`, in a sentence that names the field; ""
    where nothing.

    `components` is what `$ref` points into (`components.schemas` of the same document).
    """
    schema = _resolved(schema, components)
    known = schema.get("properties")
    if not isinstance(known, Mapping):
        return ""
    for name in sorted(inputs.keys() - known.keys()):
        return _("It no longer takes “%(field)s”.") % {"field": name}
    required = schema.get("required")
    for name in required if isinstance(required, Sequence) else ():
        if name not in inputs:
            return _("It now wants “%(field)s”, which we do not know.") % {"field": name}
    for name, value in inputs.items():
        if problem := _problem_with_value(name, value, known[name], components):
            return problem
    return ""


def conformed(inputs: Json, schema: Json, components: Json) -> dict[str, Any]:
    """Return the inputs with each value in the type that the model asks for: whether a choice of
    sizes is one of numbers or of words, only its schema tells."""
    known = _resolved(schema, components).get("properties")
    if not isinstance(known, Mapping):
        return dict(inputs)
    return {name: _conformed(value, known.get(name), components) for name, value in inputs.items()}


def _conformed(value: Any, schema: Any, components: Json) -> Any:
    if not isinstance(schema, Mapping) or isinstance(value, bool):
        return value
    choices = [_resolved(one, components) for one in _alternatives(schema, components)]
    if any(_fits(value, one) for one in choices):
        return value
    for other in _spellings(value):
        if any(_fits(other, one) for one in choices):
            return other
    return value


def _spellings(value: Any) -> list[Any]:
    """The same value in other types."""
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, str):
        with suppress(ValueError):
            return [int(value)]
        with suppress(ValueError):
            return [float(value)]
    return []


def _problem_with_value(name: str, value: Any, schema: Any, components: Json) -> str:
    if not isinstance(schema, Mapping):
        return ""
    choices = [_resolved(one, components) for one in _alternatives(schema, components)]
    if any(_fits(value, one) for one in choices):
        return ""
    limits = [_limits(one) for one in choices]
    return _("It no longer takes %(value)s for “%(field)s”%(limits)s.") % {
        "value": str(value)[:60],
        "field": name,
        "limits": next((f" ({text})" for text in limits if text), ""),
    }


def _alternatives(schema: Json, components: Json) -> list[Json]:
    """A schema, or those of which one has to fit; parts that all have to fit become one."""
    schema = _resolved(schema, components)
    for word in ("anyOf", "oneOf"):
        if isinstance(options := schema.get(word), list):
            return [one for one in options if isinstance(one, Mapping)] or [schema]
    if isinstance(parts := schema.get("allOf"), list):
        merged = dict(schema)
        for part in parts:
            if isinstance(part, Mapping):
                merged |= _resolved(part, components)
        return [merged]
    return [schema]


def _resolved(schema: Json, components: Json) -> Json:
    """Follow `$ref` to a named schema; one that leads nowhere forbids nothing."""
    for _turn in range(_DEEPEST):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        target = components.get(reference.rpartition("/")[2])
        if not isinstance(target, Mapping):
            return {}
        schema = target
    return {}


def _fits(value: Any, schema: Json) -> bool:
    types = _TYPES.get(str(schema.get("type")))
    if types and not _is_one_of(value, types):
        return False
    enum = schema.get("enum")
    if isinstance(enum, list) and value not in enum:
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _is_within(value, schema)
    return True


def _is_one_of(value: Any, types: tuple[type, ...]) -> bool:
    # True is an int to Python, and a whole float is a number of steps to JSON.
    if isinstance(value, bool):
        return bool in types
    if isinstance(value, float) and value.is_integer() and int in types:
        return True
    return isinstance(value, types)


def _is_within(value: float, schema: Json) -> bool:
    low, high = _number(schema, "minimum"), _number(schema, "maximum")
    above, below = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    if (low is not None and value < low) or (high is not None and value > high):
        return False
    return not ((above is not None and value <= above) or (below is not None and value >= below))


def _number(schema: Json, name: str) -> float | None:
    value = schema.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value is not None else None


def _limits(schema: Json) -> str:
    if isinstance(enum := schema.get("enum"), list):
        return ", ".join(str(one) for one in enum[:8])
    low, high = _number(schema, "minimum"), _number(schema, "maximum")
    if low is not None and high is not None:
        return f"{low:g} … {high:g}"
    return ""
