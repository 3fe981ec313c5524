"""Keys that sign webhooks, and the set of their public halves.

Source: fal's page on webhook verification, 2026-11: Ed25519 over four lines, the last of them the
SHA-256 of the raw body in hex; the signature travels in hex, public keys as an RFC 8037 JWK.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trainer.disk import write_bytes


def message(request_id: str, user_id: str, timestamp: str, body: bytes) -> bytes:
    """Return the bytes that are signed."""
    return "\n".join((request_id, user_id, timestamp, hashlib.sha256(body).hexdigest())).encode()


def sign(seed: bytes, request_id: str, user_id: str, timestamp: str, body: bytes) -> str:
    """Return the signature in hex."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.sign(message(request_id, user_id, timestamp, body)).hex()


def jwk(seed: bytes) -> dict[str, str]:
    """Return the public half of a key as JWK."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": x[:8], "x": x}


class SigningKeys:
    """The keys of one folder, newest last: that one signs, all are published."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seeds: list[bytes] = []

    def load(self) -> None:
        """Read the keys, or make the first."""
        if self._path.exists():
            self._seeds = [bytes.fromhex(seed) for seed in json.loads(self._path.read_bytes())]
        else:
            self.rotate(is_kept=True)

    def rotate(self, *, is_kept: bool) -> None:
        """Sign with a new key from now on; the old ones stay published, or are withdrawn."""
        self._seeds = [*(self._seeds if is_kept else []), os.urandom(32)]
        write_bytes(self._path, json.dumps([seed.hex() for seed in self._seeds]).encode())

    def published(self) -> dict[str, Any]:
        """Return the key set as JSON."""
        return {"keys": [jwk(seed) for seed in self._seeds]}

    def headers(
        self, request_id: str, user_id: str, timestamp: int, body: bytes, *, is_forged: bool
    ) -> dict[str, str]:
        """Return the headers of one delivery; forged, of a key that nobody has published."""
        seed = os.urandom(32) if is_forged else self._seeds[-1]
        signature = sign(seed, request_id, user_id, str(timestamp), body)
        return {
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": user_id,
            "X-Fal-Webhook-Timestamp": str(timestamp),
            "X-Fal-Webhook-Signature": signature,
        }
