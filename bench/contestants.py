"""Takes photos in as the site does, or with Pillow alone: `python -m bench.contestants WHO < JSON`.

Reads a list of files, opens the first to warm up, then all of them, two at a time. Prints a line of
JSON: seconds by the clock and of the processor.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageCms, ImageOps
from PIL.Image import Resampling

SRGB = ImageCms.createProfile("sRGB")


def by_pillow(path: str) -> tuple[bytes, bytes]:
    """Do the same work with Pillow, without limits and in whatever process this is."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened)
        image.thumbnail((2048, 2048), Resampling.LANCZOS, reducing_gap=None)
        if profile := opened.info.get("icc_profile"):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, SRGB) or image
    image.info = {}
    master, thumbnail = io.BytesIO(), io.BytesIO()
    image.save(master, "JPEG", quality=95, subsampling=0)
    image.thumbnail((512, 512), Resampling.LANCZOS)
    image.save(thumbnail, "JPEG", quality=82)
    return master.getvalue(), thumbnail.getvalue()


def by_us() -> tuple[Callable[[str], object], Callable[[], float]]:
    """Return what takes a photo in, and what tells the processor's seconds of all workers."""
    folder = tempfile.mkdtemp(prefix="theway-bench-")
    os.environ |= {"DJANGO_SETTINGS_MODULE": "theway.settings", "THEWAY_DATA_DIR": folder}
    import django

    django.setup()
    from models_app.decoding import process
    from models_app.ingest import normalise

    used = [0.0]
    run = process._WORKERS.run

    def counted(*args: object) -> object:
        answer, ended = run(*args)  # type: ignore[arg-type]
        used[0] += ended.processor_seconds
        return answer, ended

    process._WORKERS.run = counted  # type: ignore[method-assign,assignment]

    def take(path: str) -> object:
        with Path(path).open("rb") as source:
            return normalise(source)

    return take, lambda: used[0]


def children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    photos = json.load(sys.stdin)
    pool: Executor
    if sys.argv[1] == "pillow":
        take, others, pool = by_pillow, children_seconds, ProcessPoolExecutor(2)
        warm = [pool.submit(take, photos[0]) for _ in range(2)]
        [one.result() for one in warm]
        before = time.process_time()
    else:
        take, others = by_us()  # type: ignore[assignment]
        pool = ThreadPoolExecutor(2)
        take(photos[0])
        before = time.process_time() + others()
    started = time.monotonic()
    for _ in pool.map(take, photos):
        pass
    wall = time.monotonic() - started
    pool.shutdown()
    print(json.dumps({"wall": wall, "processor": time.process_time() + others() - before}))


if __name__ == "__main__":
    main()
