"""What it takes to compare stored files with rows, however many there are.

    python -m bench.orphans [--files 50000]

Half as many photos, each with a thumbnail, on SQLite. The storage is a list that is made up as it
is read, so that what is measured is the comparison and not a disk: first everything fits together,
then as many files more have no row, then the storage is empty.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BATCH = 5000


@dataclass
class MadeUp:
    """A storage with the first `count` of all files, and `more` that no row names."""

    count: int
    more: int = 0

    def stored(self) -> Iterator[Any]:
        from models_app.stored_files import Stored

        for number in range(self.count):
            yield Stored(name_of(number), 1000, 0.0)
        for number in range(self.more):
            yield Stored(f"left/{uuid.UUID(int=number)}.jpg", 1000, 0.0)

    def exists(self, name: str) -> bool:
        return False


def name_of(number: int) -> str:
    kind = "thumb.jpg" if number % 2 else "jpg"
    return f"photos/{uuid.UUID(int=number // 40)}/{uuid.UUID(int=number // 2)}.{kind}"


def fill(files: int) -> None:
    """Write rows that name so many files."""
    from accounts.models import User
    from models_app.models import TrainingImage, UserModel

    model = UserModel.objects.create(owner=User.objects.create(email="p@example.org"))

    def row(number: int) -> TrainingImage:
        return TrainingImage(
            model=model,
            file=name_of(2 * number),
            thumbnail=name_of(2 * number + 1),
            width=1,
            height=1,
            size=1,
            sha256=f"{number:064x}",
            position=number,
        )

    for start in range(0, files // 2, BATCH):
        rows = map(row, range(start, min(start + BATCH, files // 2)))
        TrainingImage.objects.bulk_create(rows)


def measure(what: str, storage: MadeUp) -> None:
    """Print the time of a comparison, then its memory: measuring that takes time itself."""
    from theway.files import nightly

    began = time.perf_counter()
    nightly.look(storage)
    took = time.perf_counter() - began
    tracemalloc.start()
    found = nightly.look(storage)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(
        f"  {what:<28} {took:6.1f} s, peak {peak / 1e6:6.1f} MB; "
        f"{found.leftover.count:,} without a row, {found.lost.count:,} without a file",
        flush=True,
    )


def one(files: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill(files)
    print(f"{files:,} files that rows name:")
    measure("everything fits together", MadeUp(files))
    measure("as many more without a row", MadeUp(files, more=files))
    measure("the storage is empty", MadeUp(0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.files)
        return
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DJANGO_SETTINGS_MODULE": "theway.settings", "THEWAY_DATA_DIR": folder}
        command = [sys.executable, "-m", "bench.orphans", "--one", "--files", str(options.files)]
        subprocess.run(command, env=os.environ | settings, check=True)


if __name__ == "__main__":
    main()
