"""Stored weights under kohya's names, as A1111, Forge and ComfyUI read LoRAs for Stable Diffusion.

Only the header differs, and a number per layer in front of the others: the layer's alpha, which is
its rank, as the stored file has alpha folded in. So the file is made while it is sent, and kept
nowhere. Names: `convert_state_dict_to_kohya` of diffusers (utils/state_dict_utils.py), which the
trainer calls; the format: github.com/huggingface/safetensors, README, “Format”.
"""

from __future__ import annotations

import io
import json
import struct
from functools import cached_property
from pathlib import PurePath
from typing import IO, Any

from django.db.models.fields.files import FieldFile

from training.weights_file import MAX_HEADER_BYTES

_LENGTH, _ALPHA = struct.Struct("<Q"), struct.Struct("<q")
_PARTS = {".lora_A.weight": ".lora_down.weight", ".lora_B.weight": ".lora_up.weight"}
_NETWORK = "unet."
# It names the bytes behind the header, to which the alphas are added.
_DIGEST = "modelspec.hash_sha256"


class OtherNamesError(Exception):
    """The weights have no names that could be translated: they are of another kind of model."""


class KohyaFile:
    """A stored file of weights under other names, to be served like a stored one.

    Its size and its bytes raise OtherNamesError, and FileNotFoundError where the file is gone.
    """

    def __init__(self, file: FieldFile) -> None:
        self._file = file

    def __bool__(self) -> bool:
        return bool(self._file)

    @property
    def name(self) -> str:
        path = PurePath(self._file.name or "")
        return str(path.with_suffix(f".kohya{path.suffix}"))

    @property
    def size(self) -> int:
        stored: int = self._file.size
        return len(self._head) + stored - self._skipped

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Return the bytes, from the first; memory holds one header of them."""
        return io.BufferedReader(_Headed(self._head, self._stored(mode), self._skipped))

    def _stored(self, mode: str) -> IO[bytes]:
        # Not the field's own, which would stay open, and is one for all.
        file: IO[bytes] = self._file.storage.open(str(self._file.name), mode)
        return file

    @cached_property
    def _stored_head(self) -> bytes:
        with self._stored("rb") as file:
            (size,) = _LENGTH.unpack(file.read(_LENGTH.size))
            if size > MAX_HEADER_BYTES:  # stored ones have been checked
                raise OtherNamesError
            return bytes(file.read(size))

    @property
    def _skipped(self) -> int:
        """How many bytes of the stored file are replaced."""
        return _LENGTH.size + len(self._stored_head)

    @cached_property
    def _head(self) -> bytes:
        return renamed_head(json.loads(self._stored_head))


def renamed_head(header: dict[str, Any]) -> bytes:
    """Return what stands before the stored numbers: length, header, and the alphas.

    Raises OtherNamesError.
    """
    said = {key: text for key, text in header.get("__metadata__", {}).items() if key != _DIGEST}
    stored = {name: one for name, one in header.items() if name != "__metadata__"}
    names = {name: _renamed(name) for name in stored}
    ranks = _ranks(stored)
    width, shift = _ALPHA.size, _ALPHA.size * len(ranks)
    found: dict[str, Any] = {"__metadata__": said}
    for at, layer in enumerate(ranks):
        place = [at * width, (at + 1) * width]
        found[f"{layer}.alpha"] = {"dtype": "I64", "shape": [], "data_offsets": place}
    for name, one in stored.items():
        place = [shift + offset for offset in one["data_offsets"]]
        found[names[name]] = {**one, "data_offsets": place}
    text = json.dumps(found, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALPHA.size)
    return _LENGTH.pack(len(text)) + text + b"".join(map(_ALPHA.pack, ranks.values()))


def _ranks(stored: dict[str, Any]) -> dict[str, int]:
    """Return the rank of every layer, by its new name; there must be some."""
    found = {}
    for name, one in stored.items():
        if name.endswith(".lora_A.weight"):
            found[_renamed(name).partition(".")[0]] = next(iter(one["shape"]), 0)
    if not found or not all(found.values()):
        raise OtherNamesError
    return found


def _renamed(name: str) -> str:
    end = next((part for part in _PARTS if name.endswith(part)), "")
    if not end or not name.startswith(_NETWORK):
        raise OtherNamesError
    return f"lora_{name.removesuffix(end).replace('.', '_')}{_PARTS[end]}"


class _Headed(io.RawIOBase):
    """A head, and behind it a file from a place on."""

    def __init__(self, head: bytes, file: IO[bytes], start: int) -> None:
        self._head, self._file, self._start, self._at = head, file, start, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head[self._at : self._at + len(buffer)]
        if not data:
            self._file.seek(self._start + self._at - len(self._head))
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            behind = self._file.seek(0, io.SEEK_END) - self._start
            offset += len(self._head) + behind
        elif whence == io.SEEK_CUR:
            offset += self._at
        self._at = offset
        return offset

    def close(self) -> None:
        self._file.close()
        super().close()
