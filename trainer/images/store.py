"""The pictures that were drawn: a folder per call, whole from the moment it exists.

images/img-…/job.json
images/img-…/0.jpg 1.jpg …
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from trainer import disk
from trainer.errors import not_found
from trainer.threads import in_thread

KEPT_SECONDS = 24 * 3600.0
EXTENSIONS = {"jpeg": "jpg", "png": "png"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One call. `names` are the files' names, in order; none while it is being drawn."""

    id: str
    model: str
    correlation: str
    created_at: float
    names: tuple[str, ...]


class PictureStore:
    """All calls of the last day, in memory and on disk. Used on the event loop only."""

    def __init__(self, folder: Path, kept: Callable[[Drawn], None] | None = None) -> None:
        """`kept` hears of every new call, in a thread, before anybody else does."""
        self._folder = folder
        self._kept = kept
        self._calls: dict[str, Drawn] = {}
        self._begun: dict[str, Drawn] = {}  # in memory only: a crash loses them, and rightly so

    def load(self) -> None:
        """Read what an earlier process left and remove what is too old or half made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for folder in sorted(self._folder.iterdir()):
            try:
                values = disk.read_json(folder / "job.json")
                call = Drawn(**{**values, "names": tuple(values["names"])})
                self._calls[call.id] = call
            except (OSError, ValueError, TypeError, KeyError):
                shutil.rmtree(folder, ignore_errors=True)
        self._forget_old()

    def all(self) -> list[Drawn]:
        """Give every call that is still kept or just being drawn, oldest first."""
        self._forget_old()
        calls = self._begun | self._calls
        return sorted(calls.values(), key=lambda call: call.created_at)

    def path(self, call_id: str, name: str) -> tuple[Path, str]:
        """Give where one picture lies and its media type; raise a 404 for any other name."""
        call = self._calls.get(call_id)
        if call is None or name not in call.names:
            raise not_found("This picture")
        kind = "image/png" if name.endswith(".png") else "image/jpeg"
        return self._folder / call.id / name, kind

    @contextmanager
    def drawing(self, model: str, correlation: str) -> Iterator[Drawn]:
        """Show a call in the list from its first moment.

        Somebody who lost the answer must not conclude that nothing came of the call while its
        pictures are still being drawn.
        """
        call = Drawn(f"img-{secrets.token_hex(16)}", model, correlation, time.time(), ())
        self._begun[call.id] = call
        try:
            yield call
        finally:
            del self._begun[call.id]

    async def keep(self, begun: Drawn, file_format: str, pictures: Sequence[bytes]) -> Drawn:
        """Store the pictures of a call; when this returns they can be found again."""
        extension = EXTENSIONS[file_format]
        call = replace(begun, names=tuple(f"{at}.{extension}" for at in range(len(pictures))))
        await in_thread(self._write, call, pictures)
        self._calls[call.id] = call
        self._forget_old()
        return call

    def _write(self, call: Drawn, pictures: Sequence[bytes]) -> None:
        draft = self._folder / f".new-{call.id}"
        draft.mkdir()
        for name, picture in zip(call.names, pictures, strict=True):
            disk.write_bytes(draft / name, picture, durable=True)
        disk.write_json(draft / "job.json", asdict(call), durable=True)
        draft.rename(self._folder / call.id)
        disk.sync_folder(self._folder)
        if self._kept:
            self._kept(call)

    def _forget_old(self) -> None:
        limit = time.time() - KEPT_SECONDS
        for call in [call for call in self._calls.values() if call.created_at < limit]:
            shutil.rmtree(self._folder / call.id, ignore_errors=True)
            del self._calls[call.id]
