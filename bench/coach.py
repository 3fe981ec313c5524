"""What the coach adds to taking photos in.

    python -m bench.coach                 20 photos of twelve megapixels, rendered for the purpose
    python -m bench.coach FOLDER          the photos in a folder

Takes the same photos in with and without measuring, a round of each in turn, and prints the
seconds of the processor in the workers, the most memory of one, and the coach's share.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

FOLDER = tempfile.TemporaryDirectory(prefix="theway-bench-")  # goes with the process
os.environ |= {"DJANGO_SETTINGS_MODULE": "theway.settings", "THEWAY_DATA_DIR": FOLDER.name}

import django  # noqa: E402

django.setup()

from bench.ingest import MeasuredWorkers, rendered  # noqa: E402
from models_app.decoding import process  # noqa: E402
from models_app.ingest import normalise  # noqa: E402

# The server of workers as it is, but for the measuring and the detector.
WITHOUT = """
import sys
sys.path.insert(0, ".")
from models_app.coach import faces
from models_app.decoding import forkserver, pixels
faces.load = lambda: None
pixels.measure = lambda image: {}
forkserver.main()
"""
ROUNDS = 3


def rendered_photos(count: int = 20) -> list[Path]:
    """Return the paths of `count` different JPEGs of twelve megapixels."""
    paths = []
    data = rendered((4032, 3024), "JPEG", {"quality": 88})
    for at in range(count):
        path = Path(FOLDER.name) / f"{at}.jpg"
        path.write_bytes(data)
        paths.append(path)
    return paths


def taken_in(paths: list[Path], workers: MeasuredWorkers) -> tuple[float, float, float]:
    """Return what the workers took: seconds by the clock and of the processor, most mebibytes."""
    process._WORKERS = workers
    started, processor, memory = time.monotonic(), 0.0, 0.0
    for path in paths:
        with path.open("rb") as source:
            normalise(source)
        processor += workers.ended.processor_seconds
        memory = max(memory, workers.ended.memory / 2**20)
    return time.monotonic() - started, processor, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    paths = sorted(folder.iterdir()) if folder else rendered_photos()
    without = (sys.executable, "-E", "-s", "-c", WITHOUT)
    kinds = {"with": MeasuredWorkers(), "without": MeasuredWorkers(without)}
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, workers in kinds.items():
            clock, processor, memory = taken_in(paths, workers)
            best[name] = min(best.get(name, processor), processor)
            each = 1000 * processor / len(paths)
            print(f"{name:8} {clock:6.2f} s  processor {processor:6.2f} s, {each:4.0f} ms a photo"
                  f"  {memory:4.0f} MiB", flush=True)  # fmt: skip
    added = best["with"] - best["without"]
    print(
        f"\nThe coach adds {1000 * added / len(paths):.0f} ms a photo: "
        f"{100 * added / best['without']:.0f} % of the work without it"
    )


if __name__ == "__main__":
    main()
