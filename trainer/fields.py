"""Reads a request's JSON field by field and says by name what is wrong."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.requests import ClientDisconnect, Request

from trainer.errors import ApiError, invalid

MAX_JSON_BYTES = 1024 * 1024


class Fields:
    """The fields of one JSON object. Every reader raises a 400 that names the field.

    A field that is absent or null gives the default; fields that nobody asks for are ignored,
    as Together's clients send more than this service needs.
    """

    def __init__(self, values: Any, where: str = "") -> None:
        if not isinstance(values, dict):
            raise invalid(f"{where or 'The body'} must be a JSON object.", where or None)
        self._values: dict[str, Any] = values
        self._where = f"{where}." if where else ""

    @classmethod
    async def of(cls, request: Request) -> Fields:
        """Read the body of a request, at most a mebibyte of it."""
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_JSON_BYTES:
                    raise invalid("The body is larger than a mebibyte.")
        except ClientDisconnect:
            raise invalid("The request ended before its body did.") from None
        try:
            return cls(json.loads(body))
        except (ValueError, RecursionError):
            raise invalid("The body is not JSON.") from None

    def has(self, name: str) -> bool:
        """Say whether the field is there and not null."""
        return self._values.get(name) is not None

    def text(self, name: str, default: str | None = None, *, longest: int = 200) -> str:
        """A string of at most `longest` characters; required where no default is given."""
        value = self._value(name, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self._wrong(name, "must be a string that is not empty")
        if len(value) > longest:
            raise self._wrong(name, f"must be at most {longest} characters")
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise self._wrong(name, "holds characters that are no text")
        return value

    def word(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of a few known strings."""
        value = self._value(name, default)
        if not isinstance(value, str) or value not in allowed:
            raise self._wrong(name, f"must be one of {', '.join(allowed)}")
        return value

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._wrong(name, f"must be a whole number from {low} to {high}")
        return value

    def number(self, name: str, default: float | None, *, low: float, high: float) -> float:
        """A number from `low` to `high`; required where the default is None."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(name, "must be a number")
        # Compared before float(): JSON may hold whole numbers that no float can.
        if (isinstance(value, float) and math.isnan(value)) or not low <= value <= high:
            raise self._wrong(name, f"must be from {low:g} to {high:g}")
        return float(value)

    def inner(self, name: str) -> Fields:
        """An object inside, empty where it is absent."""
        return Fields(self._value(name, {}), f"{self._where}{name}")

    def items(self, name: str, *, most: int) -> list[Fields]:
        """A list of objects, at most so many."""
        value = self._value(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise self._wrong(name, f"must be a list of at most {most}")
        return [Fields(item, f"{self._where}{name}[{at}]") for at, item in enumerate(value)]

    def raw(self, name: str) -> Any:
        """The value as it came, None where absent."""
        return self._values.get(name)

    def _value(self, name: str, default: Any) -> Any:
        value = self._values.get(name)
        if value is not None:
            return value
        if default is None:
            raise self._wrong(name, "is required")
        return default

    def _wrong(self, name: str, why: str) -> ApiError:
        return invalid(f"{self._where}{name} {why}.", f"{self._where}{name}")
