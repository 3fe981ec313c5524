"""What sending a photo in parts costs beside a single request, and what a broken connection does.

    python -m bench.parts                ROUNDS times each size, one way after the other

Photos (uncompressed, so that opening them costs little) go to a real server on this machine.
Prints the requests and the seconds of each way, then the bytes that travel twice when the
connection breaks in the middle of 40 MB.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import tempfile
import time
from pathlib import Path

from PIL import Image

import bench.ingest  # noqa: F401  (a data folder of its own, and Django)
from tests.theway.served import Served, serve
from tests.theway.test_served import upload
from tests.theway.test_served_parts import Sender
from theway.processes.waiting import wait_until

MEBIBYTE = 1024 * 1024
PARTS = [
    4 * MEBIBYTE,
    8 * MEBIBYTE,
]  # the first, and all others on a fast line (static/js/transfer.js)
SIZES = (5, 12, 40)


def photo(megabytes: int) -> bytes:
    """Return another photo of this size each time."""
    target = io.BytesIO()
    size = (2000, megabytes * 1000 // 6)
    Image.new("RGB", size, tuple(os.urandom(3))).save(target, "BMP")
    return target.getvalue()


def whole(served: Served, data: bytes) -> int:
    """Send it in one request; return how many requests that were."""
    status, _ = upload(served, served.owner_session, data)
    assert status == 201, status
    return 1


def in_parts(served: Served, data: bytes) -> int:
    """Send it as the page does; return how many requests that were."""
    sender, at, requests = Sender(served, data), 0, 1
    while at < len(data):
        size = PARTS[min(requests - 1, 1)]
        assert sender.send(at, size) in {201, 204}
        at, requests = at + size, requests + 1
    return requests


def compare(served: Served, rounds: int) -> None:
    for size in SIZES:
        for name, way in (("one request", whole), ("in parts", in_parts)):
            seconds, requests = [], 0
            for _ in range(rounds):
                data = photo(size)
                began = time.monotonic()
                requests = way(served, data)
                seconds.append(time.monotonic() - began)
            median = statistics.median(seconds)
            print(f"{size:3} MB  {name:12} {requests} requests  {median:6.2f} s")


def broken(served: Served) -> None:
    """Break the connection in the middle of the only request there is."""
    data = photo(40)
    sender = Sender(served, data)
    sent = len(data) // 2
    sender.send_cut(sent)
    wait_until(lambda: sender.offset > sent - MEBIBYTE, 30)
    kept = sender.offset
    assert sender.send(kept) == 201 and sender.is_stored
    print(f"40 MB cut after {sent / MEBIBYTE:.1f} MiB: {(sent - kept) / 1024:.0f} KiB travel twice")


def main() -> None:
    """Run it all against a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        served = serve(Path(folder), LIMIT_PHOTOS_PER_DAY="1000")
        try:
            compare(served, rounds)
            broken(served)
        finally:
            served.process.kill()


if __name__ == "__main__":
    main()
