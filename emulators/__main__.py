"""`python -m emulators COMMAND…`: stand-ins for hosted services, and a command that finds them.

Starts Replicate and fal, tells COMMAND where they are, and stops them with it. They
keep what they have in `var/emulators`, so that the next start goes on.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN = 30.0  # seconds
FOLDER = Path("var") / "emulators"


@dataclass(frozen=True, slots=True)
class StandIn:
    """A service: its module, and the variables by which TheWay finds it."""

    name: str
    key_variable: str
    key: str
    url_variable: str
    port: int  # where it is free: what is at the same address is the same account


STAND_INS = (
    StandIn("replicate", "REPLICATE_API_TOKEN", "r8_emulated", "REPLICATE_BASE_URL", 8110),
    StandIn("fal", "FAL_KEY", "emulated:emulated", "FAL_BASE_URL", 8202),
)


def main(command: list[str]) -> int:
    """Run a command among the stand-ins; return its exit code."""
    folder = FOLDER.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    env, running = dict(os.environ), []
    try:
        for one in STAND_INS:
            port = _free_port(one.port)
            running.append(_start(one.name, port, folder))
            found = {one.key_variable: one.key, one.url_variable: f"http://127.0.0.1:{port}"}
            env |= found
            # As other commands have to be told, too.
            words = " ".join(f"{name}={value}" for name, value in found.items())
            print(f"{one.name}, emulated: {words}", flush=True)  # noqa: T201
        return _run(command, env)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _start(name: str, port: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start a stand-in and wait until it answers. It ends with us, however we end."""
    command = [sys.executable, "-m", f"emulators.{name}", "--port", str(port), "--with-parent"]
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--folder", str(folder / name)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the command; we end this one after it
        )
    deadline = time.monotonic() + READY_WITHIN
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise SystemExit(f"The emulator of {name} did not start: see {folder / name}.log")
        time.sleep(0.1)
    return process


def _run(command: list[str], env: dict[str, str]) -> int:
    process = subprocess.Popen(command, env=env)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal sends its signals to both; the command decides when it is over.
        signal.signal(number, lambda number, frame: _pass_on(process, number))
    return process.wait()


def _pass_on(process: subprocess.Popen[bytes], number: int) -> None:
    if number != signal.SIGINT and process.poll() is None:
        process.send_signal(number)


def _free_port(wanted: int) -> int:
    """Return a port that nobody uses: the wanted one if that is so."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", wanted))
        except OSError:
            sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
