"""What a storm of uploads does to the web process: its memory before, during and after it.

    python -m bench.uploads              ROUNDS times every file, six at a time

Photos, hostile files and files that are cut off in the middle are sent by one person to a real
server, while a page is fetched again and again. Prints the memory of the web process and of all its
workers, how long pages took, and what is left on the disk.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from bench.ingest import RENDERED, rendered
from tests.models_app import hostile
from tests.theway.served import Served, serve
from tests.theway.test_served import connected, form, head_for, page_status, upload

AT_ONCE = 6
SETTLED_SECONDS = 5.0


class Watch:
    """Samples memory and pages in threads of its own, until it is closed."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.peak = self.web_peak = 0.0
        self.pages: list[float] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=one) for one in (self._memory, self._fetch)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _memory(self) -> None:
        while not self._over.wait(0.02):
            web = self.served.memory
            workers = sum(proportional_memory(pid) for pid in children(self.served.process.pid))
            self.web_peak, self.peak = max(self.web_peak, web), max(self.peak, web + workers)

    def _fetch(self) -> None:
        while not self._over.wait(0.1):
            started = time.monotonic()
            if page_status(self.served) == 200:
                self.pages.append(time.monotonic() - started)


def children(pid: int | None) -> list[int]:
    """Return the processes that come from `pid` (proc(5))."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


def proportional_memory(pid: int) -> float:
    """Return a process's memory in mebibytes, what it shares counted in parts."""
    with suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(text.split("Pss:")[1].split()[0]) / 1024
    return 0.0


def cut_off(served: Served, data: bytes) -> str:
    """Send half of an upload, then nothing any more."""
    with closing(connected(served)) as connection:
        head = head_for(served, served.owner_session, f"Content-Length: {len(form(data))}")
        with suppress(OSError):
            connection.sendall(head + form(data)[: len(data) // 2])
            connection.shutdown(socket.SHUT_RDWR)
    return "cut off"


def send(served: Served, data: bytes, is_cut: bool) -> str:
    if is_cut:
        return cut_off(served, data)
    status, reply = upload(served, served.owner_session, data)
    return f"{status} {reply.get('code', '')}".strip()


def storm(served: Served, files: list[bytes], rounds: int) -> Counter[str]:
    """Send everything, each file in each round with bytes of its own; return the answers."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = [
            pool.submit(send, served, data + bytes([number, at % 256]), at % 7 == 6)
            for number in range(rounds)
            for at, data in enumerate(files)
        ]
        return Counter(one.result() for one in sent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2)
    rounds = parser.parse_args().rounds
    files = [rendered(size, kind, options) for _, size, kind, options in RENDERED]
    files += [make() for _, make in hostile.REFUSED.values()]
    files += [make() for make in hostile.LARGE.values()]
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as folder:
        served = serve(Path(folder))
        try:
            storm(served, files[:1], 1)  # what every process loads once
            report(served, files, rounds)
        finally:
            served.process.kill()


def report(served: Served, files: list[bytes], rounds: int) -> None:
    before = served.memory
    watch, started = Watch(served), time.monotonic()
    answers = storm(served, files, rounds)
    seconds = time.monotonic() - started
    watch.close()
    time.sleep(SETTLED_SECONDS)
    after = served.memory
    for answer, count in answers.most_common():
        print(f"{count:5} × {answer}")
    slowest = sorted(watch.pages)[-max(1, len(watch.pages) // 20)]
    left = list((served.folder / "var/uploads").iterdir())
    print(
        f"{sum(answers.values())} uploads of {sum(map(len, files)) * rounds / 1e6:.0f} MB in "
        f"{seconds:.0f} s\n"
        f"The web process: {before:.0f} MiB before, {watch.web_peak:.0f} at most, "
        f"{after:.0f} afterwards ({after - before:+.0f})\n"
        f"With its workers: {watch.peak:.0f} MiB at most ({watch.peak - before:+.0f})\n"
        f"Pages meanwhile: {statistics.median(watch.pages):.3f} s, one in twenty "
        f"{slowest:.3f} s or longer; files left: {len(left)}"
    )


if __name__ == "__main__":
    main()
