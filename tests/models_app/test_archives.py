"""ZIP archives of photos, as programs make them."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest

from models_app.archives.names import leads_out
from models_app.photo_folders import read_folder
from tests.factories import jpeg
from tests.models_app.zips import Raw, archive, by_hand, code_of, content, read

PHOTO = jpeg()
UTF8 = 1 << 11


def shown(*names: bytes, flags: int = 0) -> list[str]:
    members = [Raw(name, PHOTO, flags=flags) for name in names]
    return [file.path for file in read(by_hand(*members)).files]


def test_photos_come_in_the_archives_order_with_their_captions():
    found = read(
        archive(
            ("b/", b""),
            ("b/IMG_2.jpg", jpeg(colour="red")),
            ("b/IMG_2.txt", "ein Café\nin Zürich".encode("cp1252")),
            ("a.JPG", jpeg(colour="blue")),
            ("A.txt", b"a mug"),
            packed=True,
        )
    )
    assert [(one.path, one.caption) for one in found.files] == [
        ("b/IMG_2.jpg", "ein Café in Zürich"),
        ("a.JPG", "a mug"),
    ]
    assert [content(file) for file in found.files] == [jpeg(colour="red"), jpeg(colour="blue")]
    assert (found.refused, found.litter) == ((), ())


def test_litter_is_skipped_by_the_rule_of_folders(tmp_path):
    names = ["__MACOSX/._a.jpg", "Thumbs.db", "x/desktop.ini", ".DS_Store", "x/._b.jpg", "a.jpg"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = read(archive(*((name, b"x") for name in names)))
    assert list(found.litter) == names[:-1]
    in_folder = read_folder(tmp_path)
    assert [file.path for file in in_folder.files] == [file.path for file in found.files]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp437", "Grüße aus Zürich/Übung.jpg"),
        ("cp1252", "été à la plage.jpg"),
        ("cp932", "写真/庭のテスト.jpg"),
        ("gbk", "照片/花园里的杯子.jpg"),
        ("cp866", "фото/кружка.jpg"),
        ("utf-8", "写真/Zürich 🌻.jpg"),
    ],
)
def test_names_are_shown_in_the_encoding_they_were_probably_written_in(encoding, name):
    assert shown(name.encode(encoding)) == [name]


def test_names_are_guessed_together():
    """The second alone could be anything."""
    names = ("庭のテスト写真.jpg", "始.jpg")
    assert shown(*(name.encode("cp932") for name in names)) == list(names)


def test_a_name_that_is_said_to_be_utf8_and_is_not_can_be_shown():
    assert shown(b"a\xff.jpg", flags=UTF8) == ["a\ufffd.jpg"]


def test_a_name_in_unicode_beside_the_old_one_counts_while_both_belong_together():
    old, new = b"__.jpg", "写真.jpg".encode()
    for base, expected in ((old, "写真.jpg"), (b"other.jpg", "__.jpg")):
        content = b"\x01" + zlib.crc32(base).to_bytes(4, "little") + new
        extra = (0x7075).to_bytes(2, "little") + len(content).to_bytes(2, "little") + content
        (file,) = read(by_hand(Raw(old, PHOTO, extra=extra))).files
        assert file.path == expected


def test_names_are_composed_and_hold_no_control_characters():
    assert shown("Zu\u0308rich\x1b[31m.jpg".encode()) == ["Zürich[31m.jpg"]


def test_folders_may_be_written_as_windows_does():
    assert shown(b"holiday\\.\\a.jpg") == ["holiday/a.jpg"]


@pytest.mark.parametrize("path", ["../a.jpg", "/a.jpg", "x/../../a.jpg", "C:/a.jpg", "c:a.jpg"])
def test_a_path_that_leads_out_is_known(path):
    assert leads_out(path)


@pytest.mark.parametrize("path", ["a.jpg", "x/..a.jpg", "x/a..jpg", "photo: me.jpg"])
def test_an_honest_path_is_not_refused(path):
    assert not leads_out(path)


def test_sizes_may_come_after_the_data():
    """As programs write that do not know them before: to a pipe, or from a browser."""

    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        def seek(self, *_: object) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.jpg", PHOTO)
    (file,) = read(pipe.getvalue()).files
    assert content(file) == PHOTO


def test_large_archives_have_longer_records():
    buffer = BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as target,
        target.open(zipfile.ZipInfo("a.jpg"), "w", force_zip64=True) as file,
    ):
        file.write(PHOTO)
    (file,) = read(buffer.getvalue()).files
    assert content(file) == PHOTO


def test_a_comment_may_look_like_the_end():
    decoy = b"PK\x05\x06" + bytes(18)
    data = by_hand(Raw(data=PHOTO), comment=b"x" + decoy + b"y")
    assert [content(file) for file in read(data).files] == [PHOTO]


@pytest.mark.parametrize("filling", [b"\n", b"\r\n", bytes(512)])
def test_filling_behind_an_archive_does_not_damage_it(filling):
    assert [file.path for file in read(archive(("a.jpg", b"x")) + filling).files] == ["a.jpg"]


def test_what_is_unpacked_has_no_name_and_lies_in_the_installations_folder(settings):
    (file,) = read(archive(("a.jpg", PHOTO), packed=True)).files
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    before = set(folder.iterdir())
    with file.open() as source:
        link = Path(f"/proc/self/fd/{source.fileno()}").readlink()
        assert link.is_relative_to(folder)
        assert set(folder.iterdir()) == before


def test_an_empty_archive_is_said_to_be():
    assert code_of(archive()) == "archive_empty"
