"""The training file: Together's vision format, one line per photo.

    {"messages": [
      {"role": "user", "content": [
        {"type": "text", "text": "Describe this picture."},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,..."}}]},
      {"role": "assistant", "content": [{"type": "text", "text": "photo of ann_k7 smiling"}]}]}

Source: docs.together.ai/docs/fine-tuning-data-preparation; the caption may be a plain string.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A photo is at most 10 MB (Together's limit), a third more as base64, and its captions.
MAX_LINE_BYTES = 15 * 1024 * 1024
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class Example:
    """One photo as its file's bytes, and what it shows."""

    line: int
    photo: bytes
    caption: str


class ExampleError(Exception):
    """A line that is no example. `line` counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"Line {line}: {why}")
        self.line = line


def examples(path: Path) -> Iterator[Example]:
    """Return the examples of a file one by one, so that never more than one is in memory.

    Blank lines are skipped. Raises ExampleError at the first line that is wrong.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise ExampleError(number, "larger than a photo may be")
            if line.strip():
                yield parse_example(number, line)


def parse_example(number: int, line: bytes) -> Example:
    """Return one line as an example; raise ExampleError saying what is wrong with it."""
    try:
        values = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise ExampleError(number, "not a JSON object in UTF-8") from None
    parts = list(_parts(values))
    photos = [part for role, part in parts if part.get("type") == "image_url"]
    captions = [part for role, part in parts if role == "assistant" and part.get("type") == "text"]
    if len(photos) != 1:
        raise ExampleError(number, f"needs one photo, has {len(photos)}")
    caption = " ".join(str(part.get("text", "")) for part in captions).strip()
    return Example(number, _photo(number, photos[0]), caption)


def _parts(values: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every piece of content with its role; skip what has another shape."""
    messages = values.get("messages") if isinstance(values, dict) else None
    for message in messages if isinstance(messages, list) else []:
        if not isinstance(message, dict):
            continue
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        for part in content if isinstance(content, list) else []:
            if isinstance(part, dict):
                yield str(message.get("role")), part


def _photo(number: int, part: dict[str, Any]) -> bytes:
    address = part.get("image_url")
    url = address.get("url") if isinstance(address, dict) else None
    head, comma, data = url.partition(",") if isinstance(url, str) else ("", "", "")
    if not comma or head.lower() not in {f"data:{kind};base64" for kind in IMAGE_TYPES}:
        raise ExampleError(number, "the photo is not a JPEG, PNG or WebP data URL in base64")
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        raise ExampleError(number, "the photo's base64 is broken") from None
