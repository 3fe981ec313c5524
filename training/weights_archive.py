"""Weights that come in an archive: the one `.safetensors` in a tar or ZIP, taken out safely.

An archive is what somebody else packed. It is judged by its first bytes, not by its name; nothing
is ever written under a name that it holds; and it is refused as a whole for any path, link or
size that no trainer has reason to pack.
"""

from __future__ import annotations

import errno
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, TypeVar

from jobs.work import InvalidResultError

Member = TypeVar("Member")
SUFFIX = ".safetensors"
MAX_BYTES = 2 * 1024**3  # of the weights, unpacked
MAX_MEMBERS = 10_000
MAX_DIRECTORY = 4 * 1024**2  # bytes: what lists a ZIP's members
MAX_LONG_NAME = 64 * 1024  # bytes: what a tar may say about one member
# Numbers hardly shrink. A small file may all the same: those of an untrained LoRA are zeros.
MAX_RATIO, SMALL = 10, 64 * 1024**2
# What the libraries raise for an archive that is damaged, or too deep.
_UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    ValueError,
)
_PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_PIECE = 1024 * 1024
_BLOCK = tarfile.BLOCKSIZE
_NOTES = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_END_OF_ZIP, _END_OF_ZIP64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES = 22


def is_archive(file: IO[bytes]) -> bool:
    """Whether a file begins like a tar or a ZIP; its position is where it was."""
    start = file.tell()
    file.seek(0)
    head = file.read(_BLOCK)
    file.seek(start)
    return _is_zip(head) or _is_tar(head)


def extract(archive: IO[bytes], target: IO[bytes]) -> None:
    """Write the only `.safetensors` of `archive` to `target`.

    Raises InvalidResultError for none, several, or an archive that is damaged or hostile.
    """
    archive.seek(0)
    head = archive.read(_BLOCK)
    try:
        (_from_zip if _is_zip(head) else _from_tar)(archive, target)
    except _UNREADABLE as error:
        raise _bad(f"the archive cannot be read: {error}") from error
    except OSError as error:
        # A place before the file's beginning is the archive's fault; a full disk is not.
        if error.errno != errno.EINVAL:
            raise
        raise _bad("the archive leads out of itself") from error


def _is_zip(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


def _is_tar(head: bytes) -> bool:
    return len(head) == _BLOCK and head[257:262] == b"ustar"


# --- tar -----------------------------------------------------------------------------------


def _from_tar(archive: IO[bytes], target: IO[bytes]) -> None:
    _check_headers(archive)
    archive.seek(0)
    with tarfile.open(fileobj=archive, mode="r:") as tar:
        weights = [member for member in tar if _is_weights_in_tar(member)]
        [member] = _only_one(weights)
        source = tar.extractfile(member)
        if source is None:
            raise _bad("the archive's weights are no file")
        _copy(source, target, member.size)


def _check_headers(archive: IO[bytes]) -> None:
    """Refuse what the library would read into memory: notes of any length about a member."""
    archive.seek(0)
    for _number in range(MAX_MEMBERS):
        block = archive.read(_BLOCK)
        if len(block) < _BLOCK or not block.strip(b"\0"):
            return
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if header.size < 0 or (header.type in _NOTES and header.size > MAX_LONG_NAME):
            raise _bad("a name in the archive is too long")
        archive.seek(-(-header.size // _BLOCK) * _BLOCK, 1)
    raise _bad(f"the archive has more than {MAX_MEMBERS} members")


def _is_weights_in_tar(member: tarfile.TarInfo) -> bool:
    is_plain = (member.isreg() or member.isdir()) and not member.issparse()
    # A second size, in a note, would lead behind headers that were not looked at.
    if not is_plain or "size" in member.pax_headers:
        raise _bad("the archive holds something else than files")
    return _is_weights(member.name) and member.isreg()


# --- ZIP -----------------------------------------------------------------------------------


def _from_zip(archive: IO[bytes], target: IO[bytes]) -> None:
    _check_directory(archive)
    with zipfile.ZipFile(archive) as found:
        weights = [entry for entry in found.infolist() if _is_weights_in_zip(entry)]
        [entry] = _only_one(weights)
        limit = max(SMALL, MAX_RATIO * entry.compress_size)
        if entry.file_size > limit:
            raise _bad("the archive's weights unpack to too much")
        with found.open(entry) as source:
            _copy(source, target, entry.file_size)


def _check_directory(archive: IO[bytes]) -> None:
    """Refuse a list of members that is too long before the library reads it."""
    size = archive.seek(0, 2)
    archive.seek(max(0, size - _END_BYTES - 0xFFFF - _END_BYTES))
    tail = archive.read()
    at = tail.rfind(_END_OF_ZIP)
    # What the larger form may say as well, two gigabytes never need.
    if at < 0 or _END_OF_ZIP64 in tail[max(0, at - _END_BYTES) : at]:
        raise _bad("the ZIP has no usable list of members")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    members = int.from_bytes(tail[at + 10 : at + 12], "little")
    if directory > MAX_DIRECTORY or members > MAX_MEMBERS:
        raise _bad("the ZIP has too many members")


def _is_weights_in_zip(entry: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise _bad("the archive holds something else than files")
    if entry.flag_bits & 0x1 or entry.compress_type not in _PACKED:
        raise _bad("the archive is encrypted, or packed in an odd way")
    return _is_weights(entry.filename) and not entry.is_dir()


# --- both ----------------------------------------------------------------------------------


def _is_weights(name: str) -> bool:
    """Whether a member's name is that of weights. Raises InvalidResultError for a name that
    leads out of the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or not name.isprintable():
        raise _bad("a name in the archive leads out of it")
    # What macOS adds beside every file has the file's name with "._" before it.
    return path.name.endswith(SUFFIX) and not path.name.startswith("._")


def _only_one(weights: list[Member]) -> list[Member]:
    if len(weights) != 1:
        raise _bad(f"the archive holds {len(weights)} weights, not one")
    return weights


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    if not 0 < size <= MAX_BYTES:
        raise _bad(f"the archive's weights have {size} bytes")
    written = 0
    for piece in _pieces(source):
        written += len(piece)
        if written > size:
            raise _bad("the archive holds more than it says")
        target.write(piece)
    if written != size:
        raise _bad("the archive holds less than it says")


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece


def _bad(detail: str) -> InvalidResultError:
    return InvalidResultError("bad_weights", detail)
