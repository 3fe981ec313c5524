"""What deleted rows leave in SQLite's file, and what making an archive takes.

    python -m bench.deletion [--mb 500]

For each mode of `secure_delete`: the time to write 3,000 models' rows and to delete every tenth
person's, how many of the deleted words are still in the file, and the same after a VACUUM, with
its time. Then an archive of so many megabytes: its speed, and how much memory that takes.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sqlite3
import tempfile
import time
from pathlib import Path

PEOPLE, MODELS, JOBS, LINES = 10, 3000, 3, 10
SCHEMA = """
CREATE TABLE models (id TEXT PRIMARY KEY, owner INTEGER, name TEXT, word TEXT, answers TEXT);
CREATE UNIQUE INDEX word_once ON models (owner, word);
CREATE TABLE jobs (id TEXT PRIMARY KEY, model TEXT, payload TEXT, detail TEXT);
CREATE INDEX job_of_model ON jobs (model);
CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT, kind TEXT, text TEXT);
CREATE INDEX event_of_job ON events (job, kind, id);
"""


class File:
    """One SQLite file with many people's words in it."""

    def __init__(self, path: Path, secure_delete: str) -> None:
        self.path = path
        self.random = random.Random(1)
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript(SCHEMA)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"secure_delete={secure_delete}"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.deleted: list[tuple[str, str]] = []

    def key(self) -> str:
        return f"{self.random.getrandbits(128):032x}"

    def fill(self) -> None:
        for number in range(MODELS):
            self.connection.execute("BEGIN IMMEDIATE")
            self._add(number, f"secretword{number:05d}x")
            self.connection.execute("COMMIT")

    def _add(self, number: int, word: str) -> None:
        model, run = self.key(), self.connection.execute
        if number % PEOPLE == 0:
            self.deleted.append((model, word))
        run("INSERT INTO models VALUES (?,?,?,?,'')", [model, number % PEOPLE, word, word])
        for _ in range(JOBS):
            job, prompt = self.key(), word + " at the sea" * self.random.randint(1, 40)
            run("INSERT INTO jobs VALUES (?,?,?,'')", [job, model, prompt])
            for line in range(LINES):
                text = f"{word} line {line}"
                run("INSERT INTO events (job, kind, text) VALUES (?, 'log', ?)", [job, text])
        if self.random.random() < 0.5:
            answers = word * self.random.randint(1, 30)
            run("UPDATE models SET answers = ? WHERE id = ?", [answers, model])
            run("UPDATE jobs SET detail = ? WHERE model = ?", [answers[:300], model])

    def delete(self) -> None:
        run = self.connection.execute
        for model, _ in self.deleted:
            run("BEGIN IMMEDIATE")
            run("DELETE FROM events WHERE job IN (SELECT id FROM jobs WHERE model = ?)", [model])
            run("UPDATE jobs SET payload = '', detail = '', model = NULL WHERE model = ?", [model])
            run("DELETE FROM models WHERE id = ?", [model])
            run("COMMIT")

    def purge(self) -> None:
        self.connection.execute("VACUUM")

    def words_left(self) -> int:
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        data = self.path.read_bytes()
        return sum(word.encode() in data for _, word in self.deleted)


def seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def leftovers(folder: Path) -> None:
    for mode in ("OFF", "FAST", "ON"):
        file = File(folder / f"{mode}.sqlite3", mode)
        filled, deleted = seconds(file.fill), seconds(file.delete)
        left, size = file.words_left(), file.path.stat().st_size / 1e6
        purged = seconds(file.purge)
        print(
            f"secure_delete={mode:4}  fill {filled:5.1f} s  delete {deleted:4.2f} s  "
            f"words left {left:3} of {len(file.deleted)}  VACUUM of {size:.0f} MB {purged:.2f} s  "
            f"left {file.words_left()}"
        )


def archive(folder: Path, megabytes: int) -> None:
    """Make the archive of one person with files of 10 MB, as a real installation would."""
    os.environ |= {"THEWAY_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "theway.settings"}
    import django

    django.setup()
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.core.management import call_command

    from accounts.models import User
    from dashboard.pages.archive import archive_of
    from models_app.models import TrainingImage, UserModel

    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("bench@example.org", "x")
    model = UserModel.objects.create(owner=owner, name="Bench")
    for number in range(megabytes // 10):
        name = f"photos/{model.pk}/{number}.jpg"
        default_storage.save(name, ContentFile(os.urandom(10_000_000)))
        photo = TrainingImage(model=model, thumbnail=name, size=1, sha256=f"{number:064}")
        photo.width = photo.height = 1
        photo.file.name = name
        TrainingImage.objects.bulk_create([photo])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, sent, largest = time.perf_counter(), 0, 0
    for block in archive_of(owner):
        sent, largest = sent + len(block), max(largest, len(block))
    took = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"archive of {sent / 1e6:.0f} MB: {sent / 1e6 / took:.0f} MB/s, "
        f"largest block {largest / 1e3:.0f} kB, peak memory grew by {grown:.1f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        leftovers(Path(folder))
        archive(Path(folder) / "installation", options.mb)


if __name__ == "__main__":
    main()
