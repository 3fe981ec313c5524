"""What taking in an archive of photos costs: time, and the memory of the process that does it.

    python -m bench.archives             PHOTOS photos of a phone, then archives that mean harm

Each archive is taken in by a process of its own, as the site would. Prints its size, the results,
the clock's seconds, and the process's memory before and at most (its decoders, which are processes
of their own, are measured by `bench.ingest`), and what is left in the temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.memory import SINCE_START, begin_peak

# Takes in the archive that is named, and prints what that took.
_TAKE_IN = """
import collections, json, pathlib, sys, time
import django
django.setup()
from bench.memory import begin_peak, memory_now, memory_peak
from accounts.models import User
from models_app.intake import take_in
from models_app.photo_paths import open_photos
from models_app.photo_sets import PhotosError
from models_app.services import create_draft
user, _ = User.objects.get_or_create(email="bench@example.org")
model = create_draft(user)
begin_peak()
before, started = memory_now(), time.monotonic()
try:
    with open_photos(pathlib.Path(sys.argv[1])) as photos:
        results = collections.Counter(
            result.code or result.state.value for result in take_in(model, photos)
        )
except PhotosError as error:
    results = {str(error).rpartition(": ")[2]: 1}
seconds = time.monotonic() - started
print(json.dumps([results, seconds, before, memory_peak()]))
"""
MEBIBYTE = 1024 * 1024
JPEG = b"\xff\xd8\xff"  # how one begins
Maker = Callable[[Path], None]


def phone_photos(count: int) -> Maker:
    """Return what writes an archive of different 12-megapixel photos."""

    def make(path: Path) -> None:
        from bench.ingest import rendered

        photo = rendered((4032, 3024), "JPEG", {"quality": 88})
        with zipfile.ZipFile(path, "w") as target:
            for at in range(count):
                target.writestr(f"DCIM/IMG_{at}.jpg", photo + bytes([at]))
                target.writestr(f"DCIM/IMG_{at}.txt", f"photo {at}")

    return make


def members(count: int, data: bytes) -> Maker:
    """Return what writes an archive of `count` members that hold `data`, packed once."""

    def make(path: Path) -> None:
        from tests.models_app.zips import Raw, by_hand, deflated

        packed = deflated(data)
        raws = [Raw(b"%d.jpg" % at, data, packed=packed, method=8) for at in range(count)]
        path.write_bytes(by_hand(*raws))

    return make


def tiny(count: int) -> Maker:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as target:
            for at in range(count):
                target.writestr(f"{at}.jpg", b"tiny")

    return make


def overlapping(path: Path) -> None:
    """Two thousand names for one member of 50 MB."""
    from tests.models_app.zips import Raw, by_hand, deflated

    data = JPEG + bytes(50 * MEBIBYTE - 3)
    first = Raw(b"a.jpg", data, packed=deflated(data), method=8)
    again = replace(first, data=b"", packed=b"", offset=0, size=len(data), crc=0)
    again.packed_size = len(first.packed or b"")
    path.write_bytes(by_hand(first, *[again] * 1999))


def nested(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as target:
        for at in range(100):
            target.writestr(f"{at}.zip", b"PK\x03\x04" + os.urandom(100_000))


def half_empty() -> bytes:
    """Return 49 MB that pack fifty times smaller: as far as anything may."""
    blocks = (os.urandom(1300) + bytes(64 * 1024 - 1300) for _ in range(49 * 16))
    return JPEG + b"".join(blocks)


def archives(count: int) -> dict[str, Maker]:
    """Return what is measured."""
    return {
        f"{count} photos of a phone": phone_photos(count),
        "2000 tiny files": tiny(2000),
        "100,000 tiny files": tiny(100_000),
        "60 bombs of 200 MB": members(60, JPEG + bytes(200 * MEBIBYTE)),
        "60 members of 49 MB": members(60, half_empty()),
        "500 that are damaged": members(500, JPEG + bytes(range(256)) * 2000),
        "overlapping members": overlapping,
        "ZIPs in a ZIP": nested,
    }


def environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "theway.settings",
        "THEWAY_DATA_DIR": str(folder),
        "PYTHONPATH": str(Path.cwd()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=50)
    count = parser.parse_args().photos
    if not begin_peak():
        print(SINCE_START)
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as name:
        folder = Path(name)
        env = environment(folder)
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, env=env, check=True)
        for title, make in archives(count).items():
            path = folder / "archive.zip"
            make(path)
            report(title, path, env)
        left = list((folder / "var" / "uploads").iterdir())
        print(f"Files left in the temporary folder: {len(left)}")


def report(title: str, path: Path, env: dict[str, str]) -> None:
    command = [sys.executable, "-c", _TAKE_IN, str(path)]
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    results, seconds, before, peak = json.loads(done.stdout)
    said = ", ".join(f"{number} × {result}" for result, number in results.items())
    print(
        f"{title:24} {path.stat().st_size / 1e6:7.1f} MB {seconds:7.1f} s"
        f"  {before:4.0f} MiB before, {peak:4.0f} at most ({peak - before:+.0f})  {said}",
        flush=True,
    )


if __name__ == "__main__":
    main()
