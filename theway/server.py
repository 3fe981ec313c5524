"""Serves the site: `python -m theway.server --host 127.0.0.1 --port 8000`."""

from __future__ import annotations

import argparse
import sys

import uvicorn

from theway.connections import GuardedProtocol, connection_limit, raise_file_limit

# Streams and uploads have this long to end when the site is stopped.
STOP_SECONDS = 3


def main() -> None:
    """Serve until SIGTERM or Ctrl-C. The exit code is 3 if it could not start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    raise_file_limit()
    GuardedProtocol._limit = connection_limit()
    config = uvicorn.Config(
        "theway.asgi:application",
        host=options.host,
        port=options.port,
        http=GuardedProtocol,
        ws="none",  # the site has no WebSockets
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        sys.exit(3)


if __name__ == "__main__":
    main()
