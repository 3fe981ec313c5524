"""Tokens that let their bearer upload to the file host for a while."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from starlette.datastructures import Headers

from emulators.fal.errors import FalError
from emulators.hosted.clock import Clock
from trainer.disk import write_bytes

LIFETIME = 3600.0  # seconds


class Tokens:
    """Signed, so that nothing is stored of them: `<account>~<expiry>~<signature>`."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._secret = b""

    def load(self) -> None:
        """Read the secret that signs them, or make it."""
        if not self._path.exists():
            write_bytes(self._path, os.urandom(32))
        self._secret = self._path.read_bytes()

    def issue(self, account: str) -> tuple[str, float]:
        """Return a token for an account, and when it expires."""
        expires_at = self._clock.now() + LIFETIME
        values = f"{account}~{int(expires_at)}"
        return f"{values}~{self._signature(values)}", expires_at

    def account_of(self, headers: Headers) -> str:
        """Return the account of a request's token; raise a 401 for a bad or expired one."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        values, _, signature = token.rpartition("~")
        account, _, expires_at = values.partition("~")
        is_ours = hmac.compare_digest(signature.encode(), self._signature(values).encode())
        if not is_ours or self._clock.now() > float(expires_at):
            raise FalError(401, "The upload token is not valid (any more)")
        return account

    def _signature(self, values: str) -> str:
        return hmac.new(self._secret, values.encode(), hashlib.sha256).hexdigest()
