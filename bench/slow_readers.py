"""What clients cost that ask for large files and take almost nothing of them.

    python -m bench.slow_readers         300 clients, one byte a second each

Weights, a person's archive and a picture are asked for by all of them together, while pages are
fetched again and again and one slow phone downloads at 20 KB a second. Prints what the web process
holds (threads, open files, memory, what the kernel keeps for sockets), how long pages took, and
after which time the clients were cut.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import statistics
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.theway.served import Served, manage, serve
from theway.connections import SEND_SECONDS
from theway.processes.installation import installation_environment

FILE_MEGABYTES = 100
PHONE_BYTES = 20_000  # a second
_READY = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from models_app.models import UserModel
model = UserModel.objects.get()
name = default_storage.save("weights/w.safetensors", ContentFile(bytes(MEGABYTES * 10**6)))
UserModel.objects.filter(pk=model.pk).update(weights=name)
print(f"/dashboard/models/{model.pk}/weights")
"""


@dataclass(frozen=True)
class Held:
    """What the process holds: counts, and mebibytes of its own and of the kernel's."""

    threads: int
    files: int
    memory: float
    sockets: float

    @classmethod
    def by(cls, served: Served) -> Held:
        folder = Path(f"/proc/{served.process.pid}")
        status = (folder / "status").read_text()
        # Pages of 4096 bytes that all TCP sockets of this network namespace hold (proc(5)).
        pages = int(Path("/proc/net/sockstat").read_text().split(" mem ")[1].split()[0])
        return cls(
            int(status.split("Threads:")[1].split()[0]),
            len(list((folder / "fd").iterdir())),
            served.memory,
            pages * 4096 / 1024**2,
        )

    def __str__(self) -> str:
        return (
            f"{self.threads} threads, {self.files} open files, {self.memory:.0f} MiB, "
            f"{self.sockets:.0f} MiB in sockets"
        )


def asked(served: Served, path: str) -> socket.socket:
    """Return a connection that has asked for `path` and takes in little by itself."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    connection.connect(("127.0.0.1", served.port))
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {served.owner_session}\r\n\r\n"
    connection.sendall(head.encode())
    connection.settimeout(0)
    return connection


def sip(clients: list[socket.socket]) -> list[socket.socket]:
    """Take one byte for each; return those that are still served."""
    left = []
    for client in clients:
        try:
            if client.recv(1):
                left.append(client)
        except BlockingIOError:
            left.append(client)
        except OSError:
            client.close()
    return left


class Phone(threading.Thread):
    """Downloads at its pace until it is told to stop; counts what it got."""

    def __init__(self, served: Served, path: str) -> None:
        super().__init__(daemon=True)
        self.connection, self.received, self.is_cut = asked(served, path), 0, False
        self.connection.settimeout(300)
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.5):
            part = b""
            with suppress(OSError):
                part = self.connection.recv(PHONE_BYTES // 2)
            self.received += len(part)
            if not part:
                self.is_cut = True
                return


def page_status(served: Served) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)) as client:
        client.request("GET", "/accounts/login/")
        return client.getresponse().status


def page_times(served: Served, seconds: float) -> list[float]:
    """Fetch a page again and again for a while; return how long each took, in milliseconds."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.monotonic()
        if page_status(served) == 200:
            times.append(1000 * (time.monotonic() - started))
        time.sleep(0.05)
    return times


def report(served: Served, path: str, count: int) -> None:
    page_times(served, 1)
    before = Held.by(served)
    print(f"Before: {before}; pages {spread(page_times(served, 5))}")
    phone = Phone(served, path)
    phone.start()
    started = time.monotonic()
    paths = [path, "/dashboard/data/export"]
    clients = [asked(served, paths[number % 2]) for number in range(count)]
    times = page_times(served, 10)
    print(f"{count} clients after 10 s: {Held.by(served)}", flush=True)
    # A client that was cut still has bytes in its own system: the server's files tell.
    while (open_ := Held.by(served).files - before.files) > count // 10:
        if time.monotonic() - started > 4 * SEND_SECONDS:
            break
        clients = sip(clients)
        times += page_times(served, 1)
    seconds = time.monotonic() - started
    print(f"Pages meanwhile {spread(times)}; {open_} more open files after {seconds:.0f} s")
    print(f"Afterwards: {Held.by(served)}")
    state = "cut" if phone.is_cut else "still served"
    print(f"A phone at 20 KB/s: {phone.received / 1e6:.1f} MB so far, {state}")
    phone.is_over.set()


def spread(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} ms, at most {max(times):.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=300)
    clients = parser.parse_args().clients
    with tempfile.TemporaryDirectory(prefix="theway-bench-") as folder:
        served = serve(Path(folder))
        try:
            report(served, weights_of(served), clients)
        finally:
            served.process.kill()


def weights_of(served: Served) -> str:
    """Give the owner's model weights; return their address."""
    env = installation_environment(served.folder, port=served.port, trainer_port=8100)
    code = _READY.replace("MEGABYTES", str(FILE_MEGABYTES))
    return manage(env, "shell", "-v0", "-c", code)


if __name__ == "__main__":
    main()
