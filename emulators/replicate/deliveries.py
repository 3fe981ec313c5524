"""Results at addresses that are secrets themselves, and the colours that pictures are made of."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from emulators.hosted.pictures import KINDS
from emulators.replicate.errors import not_found
from emulators.replicate.runs import Run
from trainer.disk import sync_folder, write_bytes

_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[a-z]+)?", re.ASCII)


class Deliveries:
    """Files of finished runs: `deliveries/<secret>/<name>`. Calls that write take time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._colours = folder.with_name("colours")

    def open(self) -> None:
        """Make the folders."""
        for folder in (self._folder, self._colours):
            folder.mkdir(parents=True, exist_ok=True)

    def keep(self, run: Run, name: str, data: bytes) -> str:
        """Store one result, on the disk when this returns; return its address."""
        folder = self._folder / run.delivery
        if not folder.exists():
            folder.mkdir()
            sync_folder(self._folder)
        write_bytes(folder / name, data)
        return f"{run.base}/delivery/{run.delivery}/{name}"

    def path(self, delivery: str, name: str) -> tuple[Path, str]:
        """Return where a result is, and its media type; raise a 404 for any other address."""
        path = self._folder / delivery / name
        if not (_NAME.fullmatch(delivery) and _NAME.fullmatch(name) and path.is_file()):
            raise not_found()
        return path, KINDS.get(path.suffix[1:], "application/octet-stream")

    def remove(self, delivery: str) -> None:
        """Remove the results of a run, if they are there."""
        shutil.rmtree(self._folder / delivery, ignore_errors=True)

    def colours(self, run_id: str) -> Path:
        """Return the folder with the colours of the photos of a training."""
        return self._colours / run_id

    def remove_colours(self, run_id: str) -> None:
        """Remove what is left of the photos of a training."""
        shutil.rmtree(self._colours / run_id, ignore_errors=True)
