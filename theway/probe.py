"""Asks the site beside it whether it runs: `python -m theway.probe`, for health checks.

Speaks as the proxy in front does, since the site answers to its own names only. Exit code 0 if it
runs, 1 if not. Reads PORT, PUBLIC_URL and DJANGO_ALLOWED_HOSTS.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

SECONDS = 5


def main() -> int:
    """Print what was answered; return the exit code."""
    try:
        status = ask(os.environ)
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {error}")  # noqa: T201
        return 1
    print(f"/healthz answers {status}")  # noqa: T201
    return 0 if status == http.HTTPStatus.OK else 1


def ask(env: Mapping[str, str]) -> int:
    """Return the status of /healthz. Raises OSError and HTTPException."""
    public = urlsplit(env.get("PUBLIC_URL", ""))
    allowed = env.get("DJANGO_ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    headers = {
        "Host": public.netloc or allowed or "localhost",
        "X-Forwarded-Proto": public.scheme or "http",
    }
    port = int(env.get("PORT") or 8000)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
