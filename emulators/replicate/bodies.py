"""What requests bring: JSON bodies, and files as both official clients send them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from emulators.replicate.errors import Refusal

Json = dict[str, Any]

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_NAME_BYTES = 255
_BRACKETED = re.compile(r"metadata\[(.+)\]")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that comes with a request."""

    content: UploadFile
    name: str
    content_type: str
    metadata: Json


async def read_json(request: Request) -> Json:
    """Return the JSON object of a request; raise a 400 where there is none."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise Refusal(413)
        values = json.loads(bytes(body))
    except (ValueError, RecursionError, ClientDisconnect):
        raise Refusal(400, "The body is not JSON.") from None
    if not isinstance(values, dict):
        raise Refusal(400, "The body must be a JSON object.")
    return values


@asynccontextmanager
async def read_upload(request: Request) -> AsyncIterator[Upload]:
    """Read a multipart upload: `content`, and `type`, `filename` and `metadata` where given.

    Client 1.0.7 sends `metadata` as one JSON text before the content and nothing else; 2.x sends
    `metadata[key]` parts, `filename` and `type`.
    """
    try:
        form = await request.form()
    except (HTTPException, ClientDisconnect):
        raise Refusal(400, "The body is not a multipart form.") from None
    async with _closing(form):
        content = form.get("content")
        if not isinstance(content, UploadFile):
            raise Refusal(422, "content is required", "Input validation failed")
        name = _text(form, "filename") or content.filename or ""
        if len(name.encode()) > MAX_NAME_BYTES:
            raise Refusal(422, f"filename must be at most {MAX_NAME_BYTES} bytes")
        kind = _text(form, "type") or content.content_type or "application/octet-stream"
        yield Upload(content, name, kind, _metadata(form))


@asynccontextmanager
async def _closing(form: FormData) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await form.close()


def _metadata(form: FormData) -> Json:
    found: Any = {}
    if (one := form.get("metadata")) is not None:
        text = part_text(one)
        try:
            found = json.loads(text)
        except ValueError:
            found = None
    if not isinstance(found, dict):
        raise Refusal(422, "metadata must be a JSON object")
    parts = ((_BRACKETED.fullmatch(name), value) for name, value in form.multi_items())
    return found | {match[1]: part_text(value) for match, value in parts if match}


def _text(form: FormData, name: str) -> str:
    return part_text(form.get(name) or "")


def part_text(value: UploadFile | str) -> str:
    """Return a part that is text, also where a client sent it as a file."""
    return value if isinstance(value, str) else value.file.read().decode(errors="replace")
