"""Ask whether anything that is locked has a known advisory, for every platform, without installing.

Exit code 1 if it has one that pyproject.toml does not name under `tool.audit.accepted`. Where the
advisories cannot be had, it says so in one line and fails nobody. `ADVISORIES_URL` is an address
with OSV's query API (https://google.github.io/osv.dev/post-v1-query/).
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import requests
from packaging.version import Version
from pip_audit._service import (
    OsvService,
    ResolvedDependency,
    ServiceError,
    VulnerabilityResult,
)

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-training.lock")
PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
SOCKET_SECONDS = 10
ALL_SECONDS = 120


class UnavailableError(Exception):
    """The advisories cannot be had. The message says why."""


def main() -> int:
    """Print what was found, or why nothing was looked up; return the exit code."""
    url = os.environ.get("ADVISORIES_URL") or OsvService.DEFAULT_OSV_URL
    pinned = locked()
    try:
        found = list(advisories(pinned, url))
    except UnavailableError as error:
        print(f"Not audited: advisories of {len(pinned)} locked packages, {url} {error}.")
        return 0
    for line in found:
        print(line)
    print(f"Audited: {len(pinned)} locked packages, {len(found)} with an advisory.")
    return 1 if found else 0


def locked() -> list[tuple[str, str]]:
    """Return (name, version) of everything in the lock files."""
    pairs = {pair for lock in LOCKS for pair in PINNED.findall((ROOT / lock).read_text())}
    return sorted(pairs)


def advisories(pinned: list[tuple[str, str]], url: str) -> Iterator[str]:
    """Yield a line for each package with an advisory. Raise UnavailableError."""
    accepted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["audit"]["accepted"]
    with within(ALL_SECONDS), tempfile.TemporaryDirectory() as cache:
        service = OsvService(Path(cache), SOCKET_SECONDS, url)
        for name, version in pinned:
            known = ask(service, name, version)
            if new := [one for one in known if not accepted.keys() & {one.id, *one.aliases}]:
                yield f"{name} {version}: {'; '.join(map(sentence, new))}"


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise UnavailableError in the block once so much time is over, whatever it waits for."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise UnavailableError(f"did not answer for all of them within {seconds} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def ask(service: OsvService, name: str, version: str) -> list[VulnerabilityResult]:
    """Return the advisories for one package. Raise UnavailableError."""
    try:
        return service.query(ResolvedDependency(name, Version(version)))[1]
    except ServiceError as error:
        raise UnavailableError(f"answers {error.__cause__ or error}") from error
    except requests.Timeout as error:
        raise UnavailableError(f"does not answer within {SOCKET_SECONDS} s") from error
    except (requests.RequestException, ValueError, TypeError, KeyError, AttributeError) as error:
        # No network; or a page of somebody in between, which is no answer either.
        raise UnavailableError(f"cannot be asked ({type(error).__name__})") from error


def sentence(advisory: VulnerabilityResult) -> str:
    fixed = ", ".join(map(str, advisory.fix_versions))
    return f"{advisory.id}, {f'fixed in {fixed}' if fixed else 'not fixed yet'}"


if __name__ == "__main__":
    sys.exit(main())
