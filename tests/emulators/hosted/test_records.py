"""Documents in the file of an emulated service."""

from __future__ import annotations

from pathlib import Path

from emulators.hosted.records import Records, database


async def test_documents_survive_in_their_order_and_kinds_apart(tmp_path: Path):
    first = database(tmp_path)
    first.open()
    runs, files = Records(first, "runs"), Records(first, "files")
    for name in ("b", "a", "c"):
        await runs.save(name, {"name": name})
    await files.save("a", {"name": "file"})
    await runs.save("b", {"name": "b", "changed": True})
    await runs.remove("a")
    await runs.remove("none")
    first.close()

    second = database(tmp_path)
    second.open()
    again = Records(second, "runs")
    again.load()

    assert list(again) == [{"name": "b", "changed": True}, {"name": "c"}]
    assert again.newest_first() == list(again)[::-1]
    assert (len(again), again.get("a")) == (2, None)
    second.close()
