"""What writing a dataset costs: time, memory, and whether its bytes are always the same.

    python -m bench.dataset             PHOTOS photos of the largest size, read from the disk

Every photo is as large as one can be as it is stored: a PNG of 2048 × 2048 pixels that nothing
packs, three bytes a pixel. Each dataset is written twice, by processes of their own, as the worker
does before it is sent: for hosted trainers a ZIP, for the trainer on this machine a file of JSON.
Prints its size, the clock's seconds, the process's memory before and at most, and its digest.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.memory import SINCE_START, begin_peak
from models_app.limits import LIMITS

# Writes the dataset of what lies in the folder that is named, and prints what that took. The digest
# is of the finished file, and no part of the time.
_WRITE = """
import hashlib, json, pathlib, sys, tempfile, time
from bench.memory import begin_peak, memory_now, memory_peak
from providers.hosted.zip_dataset import write_zip
from providers.together.dataset import write_jsonl
from providers.types import Photo
folder = pathlib.Path(sys.argv[1])
paths = sorted(folder.glob("*.png"))
captions = [f"ann_k7 person, photo {at}" for at in range(len(paths))]
photos = [
    Photo(path.name, "image/png", caption, lambda path=path: path.open("rb"), True)
    for path, caption in zip(paths, captions)
]
tempfile.tempdir = str(folder)
with tempfile.TemporaryFile() as file:
    begin_peak()
    before, started = memory_now(), time.monotonic()
    {"zip": write_zip, "jsonl": write_jsonl}[sys.argv[2]](photos, file)
    seconds, peak, size = time.monotonic() - started, memory_peak(), file.tell()
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
print(json.dumps([size, seconds, before, peak, digest]))
"""
_LARGEST_BYTES = 3 * LIMITS.stored_side**2
TITLES = {"zip": "ZIP for hosted trainers", "jsonl": "JSON for this machine's trainer"}


def written(folder: Path, kind: str) -> tuple[float, str]:
    """Write a dataset, print a line about it; return by how much memory rose, and the digest."""
    command = [sys.executable, "-c", _WRITE, str(folder), kind]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    size, seconds, before, peak, digest = json.loads(done.stdout)
    print(
        f"{TITLES[kind]:32} {size / 1e6:7.1f} MB {seconds:6.1f} s"
        f"  {before:4.0f} MiB before, {peak:4.0f} at most ({peak - before:+.1f})  {digest}",
        flush=True,
    )
    return peak - before, digest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=LIMITS.max_photos)
    count = parser.parse_args().photos
    if not begin_peak():
        print(SINCE_START)
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as name:
        folder = Path(name)
        for at in range(1, count + 1):
            (folder / f"{at:03}.png").write_bytes(os.urandom(_LARGEST_BYTES))
        for kind in TITLES:
            (rise, digest), (again, other) = written(folder, kind), written(folder, kind)
            same = "the same bytes twice" if digest == other else "DIFFERENT BYTES"
            print(f"{'':32} {same}, at most {max(rise, again):.1f} MiB more memory")
        left = [path for path in folder.iterdir() if path.suffix != ".png"]
        print(f"Files left: {len(left)}")


if __name__ == "__main__":
    main()
