"""Files that survive a crash: whole or not there at all."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """Replace `path` in one move. `durable` waits until the disk has it (milliseconds)."""
    write_bytes(path, json.dumps(value, ensure_ascii=False).encode(), durable=durable)


def read_json(path: Path) -> Any:
    """Give what `write_json` wrote; raise ValueError where somebody else wrote nonsense."""
    return json.loads(path.read_bytes())


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace `path` in one move: a reader sees the old file or the new one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with draft.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
    if durable:
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Wait until the names in this folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_lines(path: Path, values: Iterable[Any], *, durable: bool = False) -> None:
    """Add one JSON line per value, in a single write. `durable` waits until the disk has it."""
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    if text:
        with path.open("ab") as file:
            file.write(text.encode())
            if durable:
                file.flush()
                os.fsync(file.fileno())


def read_lines(path: Path) -> Iterator[Any]:
    """Give each JSON line of a file; nothing where the file is not there yet."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            yield json.loads(line)


def mend_lines(path: Path) -> None:
    """Cut a last line that a power loss left half written."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole != len(data):
        os.truncate(path, whole)
