"""How fast photos are taken in, and what memory that takes.

    python bench/ingest.py               photos rendered for the purpose
    python bench/ingest.py FOLDER        the photos in a folder

Prints one line per photo (best of three), then photos per second and the peak of memory.
"""

from __future__ import annotations

import argparse
import io
import resource
import sys
import timeit
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image

from models_app.errors import PhotoRefusedError
from models_app.ingest import normalise

ROUNDS = 3
# Name, size, format and options: a phone's usual photo, its large one, and the slow kinds.
RENDERED: list[tuple[str, tuple[int, int], str, dict[str, int | bool]]] = [
    ("phone-12mp.jpg", (4032, 3024), "JPEG", {"quality": 88}),
    ("progressive-12mp.jpg", (4032, 3024), "JPEG", {"quality": 88, "progressive": True}),
    ("phone-48mp.jpg", (8064, 6048), "JPEG", {"quality": 85}),
    ("small-2mp.jpg", (1600, 1200), "JPEG", {"quality": 85}),
    ("screenshot-3mp.png", (1290, 2796), "PNG", {"compress_level": 6}),
    ("camera-12mp.png", (4032, 3024), "PNG", {"compress_level": 1}),
    ("phone-12mp.webp", (4032, 3024), "WEBP", {"quality": 85, "method": 0}),
]


def rendered() -> Iterator[tuple[str, bytes]]:
    """Yield photos with some detail at every scale, so that encoders have real work."""
    for name, (width, height), image_format, options in RENDERED:
        fine = Image.effect_noise((width, height), 25)
        coarse = Image.effect_noise((width // 64, height // 64), 90).resize((width, height))
        image = Image.merge("RGB", [Image.blend(coarse, fine, 0.3), coarse, fine])
        buffer = io.BytesIO()
        image.save(buffer, image_format, **options)
        yield name, buffer.getvalue()


def found(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()


def best_time(data: bytes) -> float:
    """Return the seconds of the fastest of a few runs."""
    return min(timeit.repeat(lambda: normalise(io.BytesIO(data)), number=1, repeat=ROUNDS))


def peak_mebibytes() -> float:
    # Linux gives kibibytes (getrusage(2)).
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    taken: list[float] = []
    for name, data in found(folder) if folder else rendered():
        try:
            seconds = best_time(data)
        except PhotoRefusedError as refused:
            print(f"{name:28} refused: {refused.code}")
            continue
        taken.append(seconds)
        print(f"{name:28} {len(data) / 1e6:6.1f} MB {seconds * 1000:8.0f} ms")
    if taken:
        print(f"{len(taken) / sum(taken):.2f} photos/s on one core, ", end="")
    print(f"peak memory {peak_mebibytes():.0f} MiB")


if __name__ == "__main__":
    main()
