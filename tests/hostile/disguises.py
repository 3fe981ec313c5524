"""Files that are not what they are called, and files that are two things at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.hostile.case import PAYLOAD, STORED, Case, Maker, case
from tests.models_app import hostile, photographs as photo
from tests.models_app.zips import archive

_SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload=\"" + PAYLOAD + b'"/>'
_PAGE = b"<!doctype html><script>" + PAYLOAD + b"</script>"

# Named .jpg, as all cases are: what they are → what they are refused for.
_NAMED_JPG: Mapping[str, tuple[str, bytes]] = {
    "nothing": ("empty", b""),
    "zeros": ("zeros", bytes(5000)),
    "svg": ("svg", _SVG),
    "svg-after-a-mark": ("svg", b"\xef\xbb\xbf\r\n  " + _SVG),
    "svg-in-utf-16": ("svg", _SVG.decode().encode("utf-16")),
    "svg-after-a-comment": ("svg", b"<!-- drawn -->\n" + _SVG),
    "svg-capital": ("svg", _SVG.replace(b"<svg", b"<SVG")),
    "xml": ("svg", b"<?xml version='1.0'?>\n" + _SVG),
    "page": ("html", _PAGE),
    "page-capital": ("html", _PAGE.replace(b"<!doctype html", b"<!DOCTYPE HTML")),
    "page-after-space": ("html", b"\n\t " + _PAGE),
    "page-without-a-head": ("html", b"<script>" + PAYLOAD + b"</script>"),
    "xhtml": ("html", b"<?xml version='1.0'?><html>" + PAYLOAD + b"</html>"),
    "pdf": ("pdf", b"%PDF-1.7\n" + PAYLOAD),
    "gzip": ("archive", b"\x1f\x8b\x08" + bytes(60)),
    "rar": ("archive", b"Rar!\x1a\x07\x01" + bytes(60)),
    "film": ("video", b"\0\0\0\x18ftypisom\0\0\0\1mp42isom" + bytes(60)),
    "canon-raw": ("raw", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(60)),
    "fujifilm-raw": ("raw", b"FUJIFILMCCD-RAW 0201" + bytes(60)),
    "olympus-raw": ("raw", b"IIRO\x08\0\0\0" + bytes(60)),
    "panasonic-raw": ("raw", b"IIU\0\x18\0\0\0" + bytes(60)),
    "big-tiff": ("big_tiff", b"II+\0\x08\0\0\0" + bytes(60)),
    "program": ("not_a_photo", b"MZ" + bytes(60)),
    "script": ("not_a_photo", b"#!/bin/sh\n" + PAYLOAD),
    "words": ("not_a_photo", b"Dear diary"),
}


def disguises() -> Iterator[Case]:
    for name, (code, data) in _NAMED_JPG.items():
        yield case("no photo", name, lambda data=data: data, code)
    for name, (codes, make) in _polyglots().items():
        yield case("polyglot", name, make, *codes)


def _polyglots() -> dict[str, tuple[tuple[str, ...], Maker]]:
    """Return files of two kinds: taken as the picture, or refused."""
    behind = {
        "zip": lambda: archive(("a.html", PAYLOAD)),
        "page": lambda: _PAGE,
        "php": lambda: b"<?php system('" + PAYLOAD + b"');",
    }
    found: dict[str, tuple[tuple[str, ...], Maker]] = {}
    for format_name in ("JPEG", "PNG", "WEBP", "BMP", "HEIF"):
        for kind, make in behind.items():
            found[f"{format_name}-then-{kind}"] = (
                (STORED,),
                lambda name=format_name, make=make: _encoded(name) + make(),
            )
    return found | {
        "JPEG-with-a-page-inside": ((STORED,), lambda: hostile.jpeg_of(1, 0xFE, _PAGE)),
        "JPEG-with-a-pdf-inside": (
            (STORED,),
            lambda: hostile.jpeg_of(1, 0xFE, b"%PDF-1.4\n" + PAYLOAD) + b"%%EOF",
        ),
        "JPEG-with-script-in-its-notes": ((STORED,), lambda: hostile.jpeg_of(1, 0xE1, PAYLOAD)),
        "PNG-with-a-page-inside": (
            (STORED,),
            lambda: photo.with_chunk(_encoded("PNG"), b"tEXt", b"a\0" + _PAGE),
        ),
        "PNG-with-a-profile-of-script": (
            (STORED,),
            lambda: photo.with_chunk(_encoded("PNG"), b"iCCP", b"a\0\0" + PAYLOAD),
        ),
        "GIF-and-script": (("gif",), lambda: b"GIF89a/*" + bytes(60) + b"*/=1;" + PAYLOAD),
        "BMP-and-script": (("damaged",), lambda: b"BM/*" + bytes(60) + b"*/=1;" + PAYLOAD),
        "PDF-then-JPEG": (("pdf",), lambda: b"%PDF-1.4\n" + PAYLOAD + _encoded("JPEG")),
        "page-then-JPEG": (("html",), lambda: _PAGE + _encoded("JPEG")),
    }


def _encoded(name: str) -> bytes:
    return photo.encoded(photo.quarters(300, 300), name).getvalue()
