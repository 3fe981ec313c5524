"""`python -m trainer`: serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import logging
import os
import sys
import tempfile

import uvicorn

from trainer.app import create_app
from trainer.config import BadConfiguration, Config
from trainer.faults import connection

log = logging.getLogger("trainer")


def main() -> int:
    """Read the environment and serve; give the process's exit code."""
    logging.basicConfig(
        level=logging.getLevelNamesMapping().get(os.environ.get("TRAINER_LOG_LEVEL", ""), "INFO"),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    os.umask(0o077)  # photos of people: for this account only
    try:
        config = Config.from_environment(os.environ)
        app = create_app(config)
    except BadConfiguration as error:
        log.error("%s", error)
        return 2
    _spool_beside_the_files(config)
    server_config = uvicorn.Config(
        app,
        host=config.host,
        port=config.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=connection.protocol() if config.faults else "auto",
        timeout_graceful_shutdown=5,
    )
    socket = server_config.bind_socket()
    socket.listen(2048)  # from here on a client waits for the start instead of being refused
    host, port = socket.getsockname()[:2]
    log.info("Trainer with the %s engine listens on http://%s:%s", config.engine, host, port)
    if config.faults:
        log.warning("FAULT INJECTION IS ON (TRAINER_FAULTS=1): this trainer fails when it is told")
    uvicorn.Server(server_config).run(sockets=[socket])
    return 0


def _spool_beside_the_files(config: Config) -> None:
    # Multipart uploads pass through a temporary file; /tmp is often memory, or shared.
    spool = config.folder / "spool"
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    tempfile.tempdir = str(spool)


if __name__ == "__main__":
    sys.exit(main())
