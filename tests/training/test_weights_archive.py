"""Weights in archives as trainers pack them, and archives that nobody packs in good faith."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import tarfile
import uuid
import zipfile

import pytest
from django.core.files.storage import default_storage

from jobs.work import InvalidResultError
from providers.types import Download
from training import weights_archive
from training.weights import receive


def safetensors(count: int = 4) -> bytes:
    shape = {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}
    header = json.dumps({"a": shape}).encode()
    return len(header).to_bytes(8, "little") + header + struct.pack(f"<{count}f", *range(count))


WEIGHTS = safetensors()


def tar(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    return tar_of([(tarfile.TarInfo(name), data) for name, data in members], form)


def tar_of(members: list[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def got(data: bytes):
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    download = Download(len(data), iter(pieces))
    return receive(download, model_id=uuid.UUID(int=2), report=lambda _: None)


def assert_refused(data: bytes, words: str) -> None:
    with pytest.raises(InvalidResultError, match=words) as raised:
        got(data)
    assert raised.value.code == "bad_weights"
    assert default_storage.exists(f"weights/{uuid.UUID(int=2)}") is False


OSTRIS = [
    ("output/flux_train_replicate/lora.safetensors", WEIGHTS),
    ("output/flux_train_replicate/config.yaml", b"job: x"),
    ("output/flux_train_replicate/captions/001.txt", b"photo of ann_k7"),
]


@pytest.mark.parametrize(
    "data",
    [
        tar(*OSTRIS),
        tar(*OSTRIS, form=tarfile.GNU_FORMAT),
        tar(*OSTRIS, form=tarfile.USTAR_FORMAT),
        tar((f"{'long/' * 40}lora.safetensors", WEIGHTS)),
        tar((f"{'long/' * 40}lora.safetensors", WEIGHTS), form=tarfile.GNU_FORMAT),
        tar(("flux-lora/lora.safetensors", WEIGHTS), ("flux-lora/._lora.safetensors", b"x")),
        zipped(("lora.safetensors", WEIGHTS), ("settings.txt", b"steps"), ("config.yaml", b"x")),
        zipped(("lora.safetensors", WEIGHTS), how=zipfile.ZIP_DEFLATED),
        WEIGHTS,
    ],
    ids=["pax", "gnu", "ustar", "long-pax", "long-gnu", "mac", "zip", "deflated", "plain"],
)  # fmt: skip
def test_weights_are_stored_as_they_are_in_whatever_they_came(data):
    stored = got(data)
    assert stored.size == len(WEIGHTS)
    assert stored.sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    with default_storage.open(stored.name) as file:
        assert file.read() == WEIGHTS


def test_folder_beside_the_weights_is_fine():
    folder = tarfile.TarInfo("output")
    folder.type = tarfile.DIRTYPE
    assert got(tar_of([(folder, b""), (tarfile.TarInfo("output/a.safetensors"), WEIGHTS)])).size


@pytest.mark.parametrize("pack", [tar, zipped])
def test_archive_without_weights_or_with_several_is_refused(pack):
    assert_refused(pack(("config.yaml", b"x")), "holds 0 weights")
    assert_refused(pack(("a.safetensors", WEIGHTS), ("b.safetensors", WEIGHTS)), "holds 2 weights")


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize(
    "name",
    ["../lora.safetensors", "/etc/lora.safetensors", "a/../../b.txt", "..\\x.txt", "C:\\x.txt"],
)
def test_name_that_leads_out_of_the_archive_spoils_all_of_it(pack, name):
    assert_refused(pack(("lora.safetensors", WEIGHTS), (name, WEIGHTS)), "leads out of it")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE]
)
def test_link_or_device_in_a_tar_is_refused(kind):
    link = tarfile.TarInfo("lora.safetensors")
    link.type, link.linkname = kind, "/etc/passwd"
    assert_refused(tar_of([(link, b"")]), "something else than files")


def test_link_in_a_zip_is_refused():
    link = zipfile.ZipInfo("lora.safetensors")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert_refused(buffer.getvalue(), "something else than files")


def test_encrypted_zip_is_refused():
    data = bytearray(zipped(("lora.safetensors", WEIGHTS)))
    data[6] |= 1  # in the member's own header
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # in the list
    assert_refused(bytes(data), "encrypted")


def test_zip_packed_in_a_way_that_no_trainer_uses_is_refused():
    assert_refused(zipped(("lora.safetensors", WEIGHTS), how=zipfile.ZIP_LZMA), "odd way")


def test_notes_about_notes_without_end_are_refused():
    note = tarfile.TarInfo("x")
    note.type, note.size = tarfile.XHDTYPE, 0
    assert_refused(note.tobuf(tarfile.USTAR_FORMAT) * 5000, "cannot be read")


def test_zip_that_unpacks_to_far_more_than_it_is_is_refused(monkeypatch):
    monkeypatch.setattr(weights_archive, "SMALL", 1000)
    bomb = zipped(("lora.safetensors", b"\0" * 200_000), how=zipfile.ZIP_DEFLATED)
    assert_refused(bomb, "unpack to too much")


def test_zip_whose_member_is_larger_than_it_says_is_refused():
    data = bytearray(zipped(("lora.safetensors", WEIGHTS * 50), how=zipfile.ZIP_DEFLATED))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = len(WEIGHTS).to_bytes(4, "little")
    assert_refused(bytes(data), "archive")


def test_weights_larger_than_allowed_are_refused_before_they_are_unpacked(monkeypatch):
    monkeypatch.setattr(weights_archive, "MAX_BYTES", len(WEIGHTS) - 1)
    for pack in (tar, zipped):
        assert_refused(pack(("lora.safetensors", WEIGHTS)), "have .* bytes")


def test_empty_weights_are_refused():
    for pack in (tar, zipped):
        assert_refused(pack(("lora.safetensors", b"")), "have 0 bytes")


def test_note_of_a_tar_that_would_fill_the_memory_is_refused():
    note = tarfile.TarInfo("x")
    note.type, note.size = tarfile.XHDTYPE, 10**9
    data = note.tobuf(tarfile.USTAR_FORMAT) + b"1" * 5000
    assert_refused(data, "name in the archive is too long")


def test_note_that_gives_a_member_another_size_is_refused():
    info = tarfile.TarInfo("lora.safetensors")
    info.pax_headers = {"size": "0"}
    assert_refused(tar_of([(info, WEIGHTS)]), "something else than files|0 bytes")


def test_archive_of_endless_members_is_refused(monkeypatch):
    monkeypatch.setattr(weights_archive, "MAX_MEMBERS", 5)
    many = [(f"{number}.txt", b"") for number in range(10)]
    for pack in (tar, zipped):
        assert_refused(pack(*many), "members")


def test_zip_with_the_list_of_a_larger_form_is_refused():
    data = zipped(("lora.safetensors", WEIGHTS))
    at = data.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + bytes(16)
    assert_refused(data[:at] + locator + data[at:], "no usable list")


@pytest.mark.parametrize("pack", [tar, zipped])
def test_archive_cut_short_within_its_weights_is_refused(pack):
    weights = safetensors(2000)
    whole = pack(("lora.safetensors", weights), ("config.yaml", b"x" * 600))
    for length in range(0, len(weights), 797):
        assert_refused(whole[:length], ".")


@pytest.mark.parametrize("pack", [tar, zipped])
def test_archive_with_wrong_bytes_never_brings_anything_but_weights_or_a_refusal(pack):
    chance = random.Random(7)
    whole = pack(*OSTRIS)
    for _ in range(150):
        data = bytearray(whole)
        for _number in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            stored = got(bytes(data))
        except InvalidResultError:
            continue
        assert stored.name.endswith(".safetensors")


def test_archive_in_the_place_of_weights_is_refused():
    inner = tar(("lora.safetensors", WEIGHTS))
    assert_refused(tar(("lora.safetensors", inner)), "safetensors file")


@pytest.mark.parametrize("data", [WEIGHTS, b"", b"\0" * 600])
def test_what_is_no_archive_is_not_taken_for_one(data):
    assert not weights_archive.is_archive(io.BytesIO(data))
