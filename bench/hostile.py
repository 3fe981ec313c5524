"""What the whole hostile corpus does to the site: reasons, time, memory, and what is left.

    python -m bench.hostile              every file, then every way of sending
    python -m bench.hostile KIND         the kinds whose name has these letters in it

One process makes the files, another takes them in as the site would (`bench.hostile_site`). Prints
a line per kind: cases, how many were refused and taken (an archive is taken when one of its photos
is), the slowest one's seconds, the most memory of a worker and of the site, and files that were
left. Ways of sending go to a real server. Ends with 1 after a crash, a leftover, or an answer that
is not the right one.
"""

from __future__ import annotations

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import bench.ingest  # noqa: F401 - sets up Django, in a folder of its own
from bench.archives import environment
from bench.memory import SINCE_START, begin_peak
from tests.hostile.case import Case
from tests.hostile.corpus import corpus
from tests.hostile.sending import WAYS
from tests.theway.served import serve
from tests.theway.test_served import page_status


class Site:
    """A process with an installation of its own, which a crash replaces."""

    def __init__(self, folder: Path) -> None:
        self.env = environment(folder)
        self.most = self.most_worker = 0.0
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=self.env, check=True)
        self._start()

    def take_in(self, cases: Path) -> dict | None:
        """Return what came of a folder of cases, None where the process ended over it."""
        with suppress(BrokenPipeError):
            print(cases, file=self.process.stdin, flush=True)
        if line := self.process.stdout.readline():
            told = json.loads(line)
            self.most = max(self.most, told["site"])
            self.most_worker = max(self.most_worker, told["worker"])
            return told
        self.process.wait()
        self._start()
        return None

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def said(self) -> str:
        """Return the most memory of all kinds, as a sentence; "" where none was measured."""
        if not self.most:
            return ""
        return (
            f"At most the site had {self.most:.0f} MiB and a process that opens a photo"
            f" {self.most_worker:.0f} MiB."
        )

    def _start(self) -> None:
        command = [sys.executable, "-m", "bench.hostile_site"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=self.env, text=True, **pipes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", nargs="?", default="")
    picked = parser.parse_args().kind
    kinds: dict[str, list[Case]] = defaultdict(list)
    for one in corpus().values():
        if picked in one.kind:
            kinds[one.kind].append(one)
    faults: list[str] = []
    if not begin_peak():
        print(SINCE_START)
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as name:
        site = Site(Path(name))
        for kind, cases in kinds.items():
            faults += measured(site, kind, cases)
        site.close()
    if picked in "sending":
        faults += sent()
    for fault in faults:
        print(f"  {fault}")
    print(f"{sum(map(len, kinds.values()))} files, {len(faults)} faults. {site.said()}")
    sys.exit(1 if faults else 0)


def measured(site: Site, kind: str, cases: Sequence[Case]) -> list[str]:
    """Print the line of a kind; return what went wrong."""
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as name:
        folder = Path(name)
        for at, one in enumerate(cases):
            (folder / f"{at:04}").write_bytes(one.make())
        (folder / "list").write_bytes(pickle.dumps([replace(one, make=bytes) for one in cases]))
        told = site.take_in(folder)
    if told is None:
        return [f"{kind}: the site's process ended"]
    print(
        f"{kind:16} {len(cases):4} cases {told['refused']:4} refused {told['taken']:4} taken"
        f" {told['seconds']:6.2f} s at worst ({told['slowest']}), worker {told['worker']:.0f} MiB,"
        f" site {told['site']:.0f} MiB ({told['site'] - told['before']:+.0f}),"
        f" {told['left']} files left",
        flush=True,
    )
    return list(told["faults"])


def sent() -> list[str]:
    """Send everything to a real server and print a line; return what went wrong."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as name:
        served = serve(Path(name), MAX_REQUEST_MB="8")
        try:
            before, worst = served.memory, (0.0, "")
            for title, (way, statuses) in WAYS.items():
                started = time.monotonic()
                answered = set(way(served))
                worst = max(worst, (time.monotonic() - started, title))
                if not answered <= statuses or page_status(served) != 200:
                    faults.append(f"{title}: {answered} instead of {statuses}")
            parts = (served.folder / "var/partial").rglob("*")
            left = [*(served.folder / "var/uploads").iterdir(), *served.waiting_files]
            left += [path for path in parts if path.is_file()]
            faults += [f"sending left {path}" for path in left]
            most = served.memory_peak
        finally:
            served.process.kill()
    print(
        f"{'sending':16} {len(WAYS):4} cases {worst[0]:6.2f} s at worst ({worst[1]}),"
        f" server {most:.0f} MiB ({most - before:+.0f}), {len(left)} files left",
        flush=True,
    )
    return faults


if __name__ == "__main__":
    main()
