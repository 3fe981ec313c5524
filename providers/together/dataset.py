"""The dataset file: one line of JSON per photo, in Together's format for vision models.

A line is a conversation: the user sends an instruction and the photo as a data URL, the
assistant answers with the caption (Together documentation, "Data preparation", vision).
Photos are streamed: neither the dataset nor a whole photo is ever held in memory.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import IO

from providers.types import Photo

CAPTION_PROMPT = "Describe this picture."
# Base64 turns 3 bytes into 4 characters: pieces of a multiple of 3 can be joined.
PIECE_BYTES = 3 * 16 * 1024


def write_jsonl(photos: Iterable[Photo], file: IO[bytes]) -> int:
    """Write one line per photo to `file`; return how many bytes were written.

    Captions go as they are: the trigger word in them is the caller's business.
    """
    return sum(_write_line(photo, file) for photo in photos)


def _write_line(photo: Photo, file: IO[bytes]) -> int:
    head = (
        '{"messages":[{"role":"user","content":[{"type":"text","text":'
        f"{json.dumps(CAPTION_PROMPT)}"
        '},{"type":"image_url","image_url":{"url":"'
        f"data:{photo.content_type};base64,"
    )
    tail = (
        '"}}]},{"role":"assistant","content":[{"type":"text","text":'
        f"{json.dumps(photo.caption)}"
        "}]}]}\n"
    )
    return file.write(head.encode()) + _write_base64(photo, file) + file.write(tail.encode())


def _write_base64(photo: Photo, file: IO[bytes]) -> int:
    written = 0
    with photo.open() as source:
        while piece := _read_exactly(source, PIECE_BYTES):
            written += file.write(base64.b64encode(piece))
    return written


def _read_exactly(source: IO[bytes], size: int) -> bytes:
    """Read `size` bytes unless the source ends: a short read in the middle would add padding."""
    piece = bytearray()
    while len(piece) < size and (part := source.read(size - len(piece))):
        piece += part
    return bytes(piece)
