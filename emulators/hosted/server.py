"""Serves an emulator on this machine until SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from collections.abc import Callable
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from emulators.faults.connection import protocol
from emulators.hosted.options import Options
from trainer.disk import remove_unknown

log = logging.getLogger("emulators.hosted")

STDIN = 0
HOST = "127.0.0.1"  # an emulator takes any key: nobody else may reach it


def serve(build: Callable[[Options], ASGIApp], options: Options) -> int:
    """Serve what `build` makes of the options; return the exit code."""
    logging.basicConfig(
        level="INFO",
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S%z",
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    os.umask(0o077)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        _spool_beside_the_files(options)
        app = build(options)
        if options.ends_with_parent:
            Thread(target=_end_with_parent, daemon=True).start()
        _listen(app, options)
    except OSError as error:
        log.error("The emulator of %s cannot run: %s", options.name, error)
        return 2
    return 0


def _listen(app: ASGIApp, options: Options) -> None:
    config = uvicorn.Config(
        app,
        host=HOST,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=protocol(),
        timeout_graceful_shutdown=5,
    )
    socket = config.bind_socket()
    socket.listen(2048)  # from here on a client waits for the start instead of being refused
    port = socket.getsockname()[1]
    log.warning("THIS IS AN EMULATOR of %s: nothing is trained or generated", options.name)
    log.info("Emulator of %s listens on http://%s:%s", options.name, HOST, port)
    uvicorn.Server(config).run(sockets=[socket])


def _end_with_parent() -> None:
    """Wait until whoever holds the other end of our standard input is gone, killed or not."""
    while os.read(STDIN, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _spool_beside_the_files(options: Options) -> None:
    # Multipart uploads pass through a temporary file: photos do not belong into /tmp.
    spool = options.folder / "spool"
    remove_unknown(spool, ())  # what a killed process left
    tempfile.tempdir = os.environ["TMPDIR"] = str(spool)
