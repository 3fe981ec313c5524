"""What a client would have been billed for: every accepted training and picture call.

One line per call, appended and on the disk before the answer can leave:

    {"kind": "creation", "token": "tw-…", "id": "ft-…"}
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

from trainer import disk
from trainer.images.store import Drawn
from trainer.runs.records import Run

CREATION, GENERATION = "creation", "generation"


class Ledger:
    """Ids by kind and by the client's token, empty where it sent none. Used by threads too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._ids: dict[str, dict[str, list[str]]] = {CREATION: {}, GENERATION: {}}
        self._known: set[str] = set()

    def load(self) -> None:
        """Read what earlier processes have written."""
        self._path.touch(mode=0o600)
        disk.sync_folder(self._path.parent)
        disk.mend_lines(self._path)
        for line in disk.read_lines(self._path):
            self._remember(line)

    def creation(self, run: Run) -> None:
        """Record an accepted training, once."""
        self._record(CREATION, run.wish.suffix or run.wish.correlation, run.id)

    def generation(self, call: Drawn) -> None:
        """Record pictures that were made, once."""
        self._record(GENERATION, call.correlation, call.id)

    def answer(self) -> dict[str, Any]:
        """Give everything as JSON."""
        with self._lock:
            return {
                "creations": {token: list(ids) for token, ids in self._ids[CREATION].items()},
                "generations": {token: list(ids) for token, ids in self._ids[GENERATION].items()},
                "count": len(self._known),
            }

    def _record(self, kind: str, token: str, call_id: str) -> None:
        line = {"kind": kind, "token": token, "id": call_id}
        with self._lock:
            if call_id not in self._known:
                disk.append_lines(self._path, [line], durable=True)
                self._remember(line)

    def _remember(self, line: dict[str, str]) -> None:
        self._ids[line["kind"]].setdefault(line["token"], []).append(line["id"])
        self._known.add(line["id"])
