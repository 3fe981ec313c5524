"""`python -m emulators COMMAND…`: stand-ins for hosted services, and a command that finds them.

Starts Replicate and fal, tells COMMAND where they are, and stops them with it. They
keep what they have in `var/emulators`, so that the next start goes on.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

from emulators.stand_ins import STAND_INS, StandIn

READY_WITHIN = 30.0  # seconds
FOLDER = Path("var") / "emulators"


def main(command: list[str]) -> NoReturn:
    """Become the command, among the stand-ins. They end when it does, however that is."""
    folder = FOLDER.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    env = dict(os.environ)
    for one in STAND_INS:
        port = _port_of(one, folder)
        _start(one.name, port, folder)
        found = {one.key_variable: one.key, one.url_variable: f"http://127.0.0.1:{port}"}
        env |= found
        # As other commands have to be told, too.
        words = " ".join(f"{name}={value}" for name, value in found.items())
        print(f"{one.name}, emulated: {words}", flush=True)  # noqa: T201
    os.execvpe(command[0], command, env)  # noqa: S606 - what the developer has asked for


def _start(name: str, port: int, folder: Path) -> None:
    """Start a stand-in and wait until it answers. It ends when nobody holds its standard input
    any more: that goes to the command."""
    command = [sys.executable, "-m", f"emulators.{name}", "--port", str(port), "--with-parent"]
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--folder", str(folder / name)],
            stdin=reading,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the command
        )
    os.close(reading)
    deadline = time.monotonic() + READY_WITHIN
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise SystemExit(f"The emulator of {name} did not start: see {folder / name}.log")
        time.sleep(0.1)


def _port_of(one: StandIn, folder: Path) -> int:
    """Return the port at which a stand-in has always been: its answers name addresses, and what
    is at another address is another account."""
    kept = folder / f"{one.name}.port"
    if not kept.exists():
        kept.write_text(str(one.port if _is_free(one.port) else _any_free()))
    port = int(kept.read_text())
    if not _is_free(port):
        raise SystemExit(
            f"Port {port} of the emulated {one.name} is in use. Free it, or delete {folder}."
        )
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main(sys.argv[1:])
