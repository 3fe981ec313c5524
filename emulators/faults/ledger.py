"""What a client would have been billed for: every accepted call that starts something.

One line per call, appended and on the disk before the answer can leave:

    {"kind": "creations", "token": "tw-…", "id": "ft-…"}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One accepted call. `token` is the client's own, empty where it sent none.

    `correlation` is what the client called it in a header: real services would ignore that.
    """

    kind: str
    token: str
    id: str
    correlation: str = ""


class Ledger:
    """All accepted calls by kind and token. Safe to use from threads."""

    def __init__(self, path: Path, kinds: Iterable[str]) -> None:
        self._path = path
        self._lock = Lock()
        self._ids: dict[str, dict[str, list[str]]] = {kind: {} for kind in kinds}
        self._known: set[str] = set()
        self._correlations: dict[str, str] = {}  # by id

    def load(self) -> None:
        """Read what earlier processes have written, without a last line half written."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        data = self._path.read_bytes()
        complete = data[: data.rfind(b"\n") + 1]
        os.truncate(self._path, len(complete))
        for line in complete.splitlines():
            self._add(Entry(**json.loads(line)))

    def record(self, entry: Entry) -> None:
        """Write an accepted call, once: on the disk when this returns."""
        with self._lock:
            if entry.id in self._known:
                return
            with self._path.open("a") as file:
                file.write(json.dumps(entry._asdict()) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._add(entry)

    def by_correlation(self) -> dict[str, dict[str, list[str]]]:
        """Return everything as JSON, by what the client called it; by its token where a kill left
        that out."""
        with self._lock:
            found: dict[str, dict[str, list[str]]] = {}
            for kind, tokens in self._ids.items():
                named = found[kind] = {}
                for token, ids in tokens.items():
                    for one in ids:
                        named.setdefault(self._correlations.get(one) or token, []).append(one)
            return found

    def answer(self) -> dict[str, Any]:
        """Return everything as JSON."""
        with self._lock:
            kinds = {
                kind: {token: list(ids) for token, ids in tokens.items()}
                for kind, tokens in self._ids.items()
            }
            return kinds | {"count": len(self._known)}

    def _add(self, entry: Entry) -> None:
        self._ids[entry.kind].setdefault(entry.token, []).append(entry.id)
        self._known.add(entry.id)
        self._correlations[entry.id] = entry.correlation
