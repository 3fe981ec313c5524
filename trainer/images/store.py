"""The generated images: a row per call and a folder with its files, `images/img-…/0.jpg`."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from trainer.database import Database, Row, delete, insert
from trainer.disk import remove_unknown, sync_folder, write_bytes
from trainer.errors import ApiError, not_found
from trainer.threads import in_thread

KEPT_SECONDS = 24 * 3600.0
EXTENSIONS = {"jpeg": "jpg", "png": "png"}


@dataclass(frozen=True, slots=True)
class Generation:
    """One call. `names` are the image files in order; none while they are being generated."""

    id: str
    model: str
    correlation: str
    created_at: float
    names: tuple[str, ...]

    def row(self) -> Row:
        return {**asdict(self), "names": json.dumps(self.names)}

    @classmethod
    def from_row(cls, row: Row) -> Generation:
        return cls(**{**row, "names": tuple(json.loads(row["names"]))})


class ImageStore:
    """All calls of the last day, in memory and in the database. Used on the event loop only."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._generations: dict[str, Generation] = {}
        self._running: dict[str, Generation] = {}  # in memory only: a crash ends them

    def load(self) -> None:
        """Read what an earlier process left; remove what is too old or half made."""
        found = map(Generation.from_row, self._database.all_rows("generations"))
        self._generations = {generation.id: generation for generation in found}
        self.remove_expired()
        remove_unknown(self._folder, self._generations)

    def all(self) -> list[Generation]:
        """Return every call that is kept or running, oldest first."""
        self.remove_expired()
        generations = self._running | self._generations
        return sorted(generations.values(), key=lambda generation: generation.created_at)

    def path(self, generation_id: str, name: str) -> tuple[Path, str]:
        """Return the path of one image and its media type; raise a 404 for any other name."""
        generation = self._generations.get(generation_id)
        if generation is None or name not in generation.names:
            raise not_found("This image")
        kind = "image/png" if name.endswith(".png") else "image/jpeg"
        return self._folder / generation.id / name, kind

    @contextmanager
    def running(self, model: str, correlation: str) -> Iterator[Generation]:
        """List a call from its first moment.

        A client that lost the answer must not conclude that nothing came of the call while its
        images are still being generated.
        """
        generation = Generation(f"img-{secrets.token_hex(16)}", model, correlation, time.time(), ())
        self._running[generation.id] = generation
        try:
            yield generation
        finally:
            del self._running[generation.id]

    async def save(
        self, running: Generation, file_format: str, images: Sequence[bytes]
    ) -> Generation:
        """Store the images of a call: on the disk when this returns."""
        extension = EXTENSIONS[file_format]
        names = tuple(f"{index}.{extension}" for index in range(len(images)))
        generation = replace(running, names=names)
        await in_thread(self._write, generation, images)
        await self._database.commit(insert("generations", generation.row()))
        self._generations[generation.id] = generation
        self.remove_expired()
        return generation

    def _write(self, generation: Generation, images: Sequence[bytes]) -> None:
        folder = self._folder / generation.id
        folder.mkdir()
        for name, image in zip(generation.names, images, strict=True):
            write_bytes(folder / name, image)
        sync_folder(self._folder)

    async def delete(self, generation_id: str) -> None:
        """Remove the images of a call; raise a 404 where there are none, and a 409 while they are
        being generated."""
        if generation_id in self._running:
            raise ApiError(409, f"{generation_id} is still being generated.", code="still_running")
        if self._generations.pop(generation_id, None) is None:
            raise not_found(f"Generation {generation_id[:80]}")
        await self._database.commit(delete("generations", generation_id))
        await in_thread(shutil.rmtree, self._folder / generation_id)
        await self._database.purge()

    def remove_expired(self) -> None:
        """Remove what is older than `KEPT_SECONDS`."""
        limit = time.time() - KEPT_SECONDS
        for generation in [one for one in self._generations.values() if one.created_at < limit]:
            del self._generations[generation.id]
            self._database.write(delete("generations", generation.id))
            shutil.rmtree(self._folder / generation.id, ignore_errors=True)
