"""The bases of all bodies: camelCase names outside, Python's inside, times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from models_app.texts import cleaned, is_blank

Item = TypeVar("Item")


def _in_utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# The default of what may be left out but not be null: it is read by `In.given` only.
LEFT_OUT: Any = None
# Milliseconds, always in UTC: one form for every time.
Time = Annotated[datetime, PlainSerializer(_in_utc, return_type=str, when_used="json")]


def _text(value: str) -> str:
    text = cleaned(value)
    if is_blank(text):
        raise ValueError("There is nothing to read in it.")
    return text


# Nearly what `is_blank` says, as far as a pattern can say it.
_VISIBLE = (
    r"[^\s\x00-\x1f\x7f-\xa0\xad\u0300-\u036f\u0483-\u0489\u200b-\u200f\u2028-\u202f"
    r"\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
# What a person wrote: without control characters, and with something to see.
Text = Annotated[
    str,
    AfterValidator(_text),
    Field(json_schema_extra={"pattern": rf"^[^\x00]*{_VISIBLE}[^\x00]*$"}),
]


def choice_of(*values: Any) -> Any:
    """Return the type of one of `values`, all texts or all whole numbers; the description names
    them."""

    def known(value: Any) -> Any:
        if value not in values:
            raise ValueError(f"Choose one of {', '.join(map(str, values))}.")
        return value

    extra: Any = {"enum": list(values)}
    return Annotated[type(values[0]), AfterValidator(known), Field(json_schema_extra=extra)]


class Out(Schema):
    """What is answered."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class In(Schema):
    """What is sent: a name that nobody knows is an error, as it would be left aside silently."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=False, extra="forbid")

    def given(self) -> dict[str, Any]:
        """Return the values that were sent, by Python's names; the others stay as they are."""
        return self.model_dump(exclude_unset=True)


class ProblemFieldOut(Out):
    field: str
    code: str
    detail: str


class ProblemOut(Out):
    """Problem details (RFC 9457). `code` is stable; `detail` is a sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemFieldOut]
