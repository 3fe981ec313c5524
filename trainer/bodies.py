"""Request bodies: JSON that is read into pydantic models, and refused field by field."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from starlette.requests import ClientDisconnect, Request

from trainer.errors import ApiError, invalid

MAX_BODY_BYTES = 1024 * 1024


class Body(BaseModel):
    """The fields of one JSON object.

    A field that is null counts as absent, and unknown fields are ignored: Together's clients send
    more than this service needs. Nothing is converted: true is no number and "1" neither.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {name: value for name, value in values.items() if value is not None}


AnyBody = TypeVar("AnyBody", bound=Body)


def is_text(value: str) -> bool:
    """Return whether a string holds only characters that can be stored and shown."""
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def refuse(reason: str) -> PydanticCustomError:
    """Return the error a validator raises: `reason` completes "<field> …"."""
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


def _text(value: str) -> str:
    if not is_text(value):
        raise refuse("holds characters that are not text")
    return value


def _not_empty(value: str) -> str:
    if not value.strip():
        raise refuse("must not be empty")
    return value


def _absent(value: Any) -> None:
    if value:
        raise refuse("is not supported by this trainer")


Text = Annotated[str, AfterValidator(_text)]
RequiredText = Annotated[Text, AfterValidator(_not_empty)]
# Whether there is such a model is the engine's to say, and asked once the body is read.
ModelName = Annotated[RequiredText, Field(max_length=200)]
Unsupported = Annotated[Any, AfterValidator(_absent)]


async def read_body(request: Request, model: type[AnyBody]) -> AnyBody:
    """Return the body of a request, at most a mebibyte; raise a 400 that names the field."""
    try:
        values = json.loads(await _bytes(request))
    except (ValueError, RecursionError):
        raise invalid("The body is not JSON.") from None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_input=False)[0]) from None


async def _bytes(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise invalid("The body is larger than a mebibyte.")
    except ClientDisconnect:
        raise invalid("The request ended before its body did.") from None
    return bytes(body)


def _refusal(error: ErrorDetails) -> ApiError:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    param = "".join(parts).removeprefix(".")
    reasons = {"missing": "is required", "model_type": "must be a JSON object"}
    reason = reasons.get(error["type"], error["msg"].replace("Input should be", "must be"))
    return invalid(f"{param or 'The body'} {reason}.", param or None)
