"""Documents that survive a crash, in one SQLite file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.database import Database, Layout, delete

Json = dict[str, Any]

_LAYOUT = Layout(Path(__file__).with_name("schema.sql"), 1)
_SAVE = """
INSERT INTO records (id, kind, document) VALUES (:id, :kind, :document)
ON CONFLICT (id) DO UPDATE SET document = :document
"""


def database(folder: Path) -> Database:
    """Return the file of a service's folder. Open it on the event loop, close it at the end."""
    return Database(folder / "emulator.db", _LAYOUT)


class Records:
    """All documents of one kind by id, oldest first, in memory and in the database.

    A document is changed in place and then saved. Used on the event loop only.
    """

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._kind = kind
        self._documents: dict[str, Json] = {}

    def load(self) -> None:
        """Read what earlier processes have saved."""
        rows = sorted(self._database.all_rows("records"), key=lambda row: row["number"])
        for row in rows:
            if row["kind"] == self._kind:
                self._documents[row["id"].partition("/")[2]] = json.loads(row["document"])

    def __iter__(self) -> Iterator[Json]:
        return iter(list(self._documents.values()))

    def __len__(self) -> int:
        return len(self._documents)

    def newest_first(self) -> list[Json]:
        """Return all documents, the newest first."""
        return list(reversed(self._documents.values()))

    def get(self, record_id: str) -> Json | None:
        """Return one document, None where there is none."""
        return self._documents.get(record_id)

    async def save(self, record_id: str, document: Json) -> None:
        """Keep a document as it is now: on the disk when this returns."""
        self._documents[record_id] = document
        values = {"id": self._key(record_id), "kind": self._kind, "document": json.dumps(document)}
        await self._database.commit((_SAVE, values))

    async def remove(self, record_id: str) -> None:
        """Forget a document, if it is there: gone from the disk when this returns."""
        if self._documents.pop(record_id, None) is not None:
            await self._database.commit(delete("records", self._key(record_id)))

    def _key(self, record_id: str) -> str:
        return f"{self._kind}/{record_id}"
