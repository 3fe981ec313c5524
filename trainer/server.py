"""Serves the application until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from environment.errors import SettingError
from environment.reading import Environment
from environment.variables import TRAINER_LOG_LEVEL, TRAINERS
from trainer.config import Config
from trainer.disk import remove_unknown
from trainer.errors import ConfigurationError

log = logging.getLogger("trainer")


def serve(
    build: Callable[[Config], ASGIApp], protocol: type[asyncio.Protocol] | None = None
) -> int:
    """Read the environment and serve what `build` makes of it; return the exit code.

    `protocol` replaces uvicorn's own HTTP protocol.
    """
    logging.basicConfig(
        level="INFO",
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S%z",
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    os.umask(0o077)  # photos of people: for this account only
    try:
        env = Environment.load()
        env.check(TRAINERS)
        logging.getLogger().setLevel(env.get(TRAINER_LOG_LEVEL))
        config = Config.from_environment(env)
        app = build(config)
        _spool_beside_the_files(config)
    except OSError as error:
        log.error("The folder of TRAINER_DIR is of no use: %s.", error.strerror)
        return 2
    except (ConfigurationError, SettingError) as error:
        log.error("%s", error)
        return 2
    _listen(app, config, protocol)
    return 0


def _listen(app: ASGIApp, config: Config, protocol: type[asyncio.Protocol] | None) -> None:
    server_config = uvicorn.Config(
        app,
        host=config.host,
        port=config.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=protocol or "auto",
        timeout_graceful_shutdown=5,
    )
    socket = server_config.bind_socket()
    socket.listen(2048)  # from here on a client waits for the start instead of being refused
    host, port = socket.getsockname()[:2]
    log.info("Trainer listens on http://%s:%s", host, port)
    uvicorn.Server(server_config).run(sockets=[socket])


def _spool_beside_the_files(config: Config) -> None:
    # Multipart uploads pass through a temporary file; /tmp is often memory, or shared.
    spool = config.folder / "spool"
    remove_unknown(spool, ())  # what a killed process left
    tempfile.tempdir = os.environ["TMPDIR"] = str(spool)
