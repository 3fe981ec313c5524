"""Asks the site beside it whether it runs: `python -m theway.probe`, for health checks.

Speaks as the proxy in front does, since the site answers to its own names only. Exit code 0 if it
runs, 1 if not. Reads PORT, PUBLIC_URL and DJANGO_ALLOWED_HOSTS.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

from environment import variables as set_by
from environment.reading import Environment

SECONDS = 5


def main() -> int:
    """Print what was answered; return the exit code."""
    try:
        status = ask(Environment.load())
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {error}")  # noqa: T201
        return 1
    print(f"/healthz answers {status}")  # noqa: T201
    return 0 if status == http.HTTPStatus.OK else 1


def ask(env: Environment) -> int:
    """Return the status of /healthz. Raises OSError and HTTPException."""
    public = urlsplit(env.get(set_by.PUBLIC_URL))
    allowed = env.get(set_by.DJANGO_ALLOWED_HOSTS)[0].lstrip(".")
    headers = {
        "Host": public.netloc or allowed.replace("*", "localhost"),
        "X-Forwarded-Proto": public.scheme or "http",
    }
    connection = http.client.HTTPConnection("127.0.0.1", env.get(set_by.PORT), timeout=SECONDS)
    try:
        connection.request("GET", "/healthz", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
