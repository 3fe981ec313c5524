"""How fast photos are taken in, what memory that takes, and what hostile files cost.

    python -m bench.ingest               photos rendered for the purpose, then hostile files
    python -m bench.ingest FOLDER        the photos in a folder

Prints a line per file: the clock's and the processor's seconds, how much of the latter the site's
own process spends on reading how the file is built, and the most memory that its worker had. Then
photos per second, and the worst of all.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

FOLDER = tempfile.TemporaryDirectory(prefix="theway-bench-")  # goes with the process
os.environ |= {"DJANGO_SETTINGS_MODULE": "theway.settings", "THEWAY_DATA_DIR": FOLDER.name}

import django  # noqa: E402

django.setup()

from PIL import Image  # noqa: E402

from models_app.decoding import process  # noqa: E402
from models_app.decoding.task import Ended, Task  # noqa: E402
from models_app.decoding.workers import Workers  # noqa: E402
from models_app.errors import PhotoRefusedError  # noqa: E402
from models_app.formats import HEAD_BYTES, sniff  # noqa: E402
from models_app.ingest import normalise  # noqa: E402
from models_app.litter import is_litter_path  # noqa: E402
from tests.models_app import heif_files, hostile, hostile_heif, photographs, scanned  # noqa: E402

Maker = Callable[[], bytes]
Options = dict[str, int | bool | str]
# Name, size, format and options: a phone's usual photo, its large one, and the slow kinds.
RENDERED: list[tuple[str, tuple[int, int], str, Options]] = [
    ("phone-12mp.jpg", (4032, 3024), "JPEG", {"quality": 88}),
    ("progressive-12mp.jpg", (4032, 3024), "JPEG", {"quality": 88, "progressive": True}),
    ("phone-48mp.jpg", (8064, 6048), "JPEG", {"quality": 85}),
    ("phone-200mp.jpg", (16_320, 12_240), "JPEG", {"quality": 60}),
    ("small-2mp.jpg", (1600, 1200), "JPEG", {"quality": 85}),
    ("screenshot-3mp.png", (1290, 2796), "PNG", {"compress_level": 6}),
    ("camera-12mp.png", (4032, 3024), "PNG", {"compress_level": 1}),
    ("phone-12mp.webp", (4032, 3024), "WEBP", {"quality": 85, "method": 0}),
    ("whole-12mp.avif", (4032, 3024), "AVIF", {"quality": 70, "speed": 10}),
    ("scan-35mp-grey-lzw.tif", (4960, 7016), "TIFF", {"compression": "tiff_lzw", "mode": "L"}),
    ("scan-16mp.tif", (4096, 4096), "TIFF", {}),
    ("scan-16mp-cmyk.tif", (3500, 3500), "TIFF", {"mode": "CMYK"}),
    ("print-12mp-cmyk.jpg", (4032, 3024), "JPEG", {"quality": 90, "mode": "CMYK"}),
    ("scan-16mp.bmp", (4096, 4096), "BMP", {}),
]
# In tiles of 512 pixels, as phones write them.
TILED: list[tuple[str, tuple[int, int], Options]] = [
    ("phone-12mp.heic", (4032, 3024), {"quality": 50}),
    ("phone-48mp.heic", (8064, 6048), {"quality": 50}),
    ("phone-200mp.heic", (16_320, 12_240), {"quality": 40}),
    ("phone-48mp.avif", (8064, 6048), {"quality": 60, "name": "AVIF"}),
]


@dataclass(frozen=True)
class Cost:
    """What one file took: seconds by the clock and of the processor, and mebibytes.

    `shape` are the seconds of the processor until a worker is started.
    """

    result: str
    clock: float
    processor: float
    shape: float
    memory: float


class MeasuredWorkers(Workers):
    """Workers of which is known what the last one took."""

    ended = Ended(0)

    def run(self, task: Task, source: IO[bytes]) -> tuple[bytes, Ended]:
        answer, self.ended = super().run(task, source)
        return answer, self.ended


WORKERS = MeasuredWorkers()


def rendered(size: tuple[int, int], kind: str, options: Options) -> bytes:
    """Return a photo with some detail at every scale, so that encoders have real work."""
    width, height = size
    fine = Image.effect_noise((width, height), 25)
    coarse = Image.effect_noise((width // 64, height // 64), 90).resize((width, height))
    image = Image.merge("RGB", [Image.blend(coarse, fine, 0.3), coarse, fine])
    rest = {name: value for name, value in options.items() if name != "mode"}
    return photographs.encoded(image.convert(options.get("mode")), kind, **rest).getvalue()


def write(make: Maker, path: Path) -> None:
    """Make a file in a process of its own: a worker's peak would include what we hold."""
    maker = multiprocessing.get_context("fork").Process(
        target=lambda: path.write_bytes(make()), daemon=True
    )
    maker.start()
    maker.join()


def shape_seconds(path: Path) -> float:
    """Read how a photo is built, and nothing else; return what that took of the processor."""
    with path.open("rb") as source:
        started = time.process_time()
        with suppress(PhotoRefusedError):
            sniff(source.read(HEAD_BYTES)).read_shape(source)
        return time.process_time() - started


def cost(path: Path) -> Cost:
    """Take the photo in once, as the site would."""
    WORKERS.ended = Ended(0)
    started, own = time.monotonic(), time.process_time()
    result = "taken"
    with path.open("rb") as source:
        try:
            normalise(source)
        except PhotoRefusedError as refused:
            result = refused.code
    processor = time.process_time() - own + WORKERS.ended.processor_seconds
    clock = time.monotonic() - started
    return Cost(result, clock, processor, shape_seconds(path), WORKERS.ended.memory / 1024**2)


def measured(files: Iterator[tuple[str, Maker]]) -> list[Cost]:
    """Print a line per file, and return what each took."""
    costs = []
    path = Path(FOLDER.name) / "photo"
    for name, make in files:
        write(make, path)
        costs.append(one := cost(path))
        size = path.stat().st_size / 1e6
        print(
            f"{name:28} {size:6.1f} MB  {one.result:18} {one.clock:6.2f} s"
            f"  processor {one.processor:5.2f} s, site {1000 * one.shape:4.1f} ms"
            f"  {one.memory:5.0f} MiB",
            flush=True,
        )
    return costs


def photos(folder: Path | None) -> Iterator[tuple[str, Maker]]:
    if folder:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not is_litter_path(path.relative_to(folder).parts):
                yield path.name, path.read_bytes
        return
    for name, size, kind, options in RENDERED:
        yield name, lambda size=size, kind=kind, options=options: rendered(size, kind, options)
    for name, size, options in TILED:
        yield name, lambda size=size, options=options: heif_files.large(*size, **options)


def hostile_files() -> Iterator[tuple[str, Maker]]:
    refused = hostile.REFUSED | hostile_heif.REFUSED | scanned.REFUSED
    yield from ((name, make) for name, (_, make) in refused.items())
    yield from hostile.HARMLESS.items()
    yield from (hostile.LARGE | hostile_heif.LARGE | scanned.LARGE).items()
    yield from hostile.LONG.items()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    process._WORKERS = WORKERS
    costs = measured(photos(folder))
    taken = [one for one in costs if one.result == "taken"]
    if taken:
        print(f"{len(taken) / sum(one.processor for one in taken):.2f} photos/s on one core")
    if folder:
        return
    print()
    costs = measured(hostile_files())
    print(
        f"\nThe worst hostile file: processor {max(one.processor for one in costs):.2f} s, "
        f"clock {max(one.clock for one in costs):.2f} s, of the site's own process "
        f"{1000 * max(one.shape for one in costs):.0f} ms, "
        f"{max(one.memory for one in costs):.0f} MiB"
    )


if __name__ == "__main__":
    main()
