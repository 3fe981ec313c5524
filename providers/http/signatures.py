"""Who sent a webhook, as pure functions: two signatures over its raw body.

Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec): HMAC-SHA256 with a secret
that the provider shares with its account. The other is Ed25519 with a provider's public keys:
that proves the provider, but not for whom of its customers it was sent.

Both return the message's id, which is signed too. They raise `StaleWebhookError` outside of
`TOLERANCE`, `WrongSignatureError` where no key fits, `InvalidWebhookError` for anything odd.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from providers.errors import InvalidWebhookError, StaleWebhookError, WrongSignatureError

TOLERANCE = timedelta(seconds=300)
# Seconds without leading zeros: what is signed is the text.
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")
# No dot, which ends it in what is signed.
_ID = re.compile(r"[!-\-/-~]{1,200}")
_NAME = re.compile(r"[ -~]{0,200}")
_HEX_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")


def verify_standard_webhook(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> str:
    """Verify a Standard Webhook; `secrets` look like `whsec_…`, any of which may have signed it."""
    found = _Headers(headers, "webhook-")
    message_id, sent_at = found.matching("id", _ID), found.sent_at(now)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise InvalidWebhookError("", "the body is not UTF-8") from None
    expected = list(_signatures(secrets, message_id, sent_at, text))
    given = found.get("signature").encode(errors="replace").split(b" ")
    if not any(hmac.compare_digest(one, other) for one in expected for other in given):
        raise WrongSignatureError("", "no signature fits")
    return message_id


def verify_ed25519_webhook(
    headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime, *, prefix: str
) -> str:
    """Verify a webhook that is signed with any of these public keys (base64url, RFC 8037 `x`).

    Signed are id, user, time and the body's SHA-256 in lines; the headers are `prefix` with
    `request-id`, `user-id`, `timestamp` and `signature` (hex).
    """
    found = _Headers(headers, prefix)
    message_id, sent_at = found.matching("request-id", _ID), found.sent_at(now)
    user = found.matching("user-id", _NAME)
    signature = bytes.fromhex(found.matching("signature", _HEX_SIGNATURE))
    digest = hashlib.sha256(body).hexdigest()
    message = "\n".join([message_id, user, str(sent_at), digest]).encode()
    if not any(_fits(key, signature, message) for key in keys):
        raise WrongSignatureError("", "no key fits")
    return message_id


def ed25519_keys(key_set: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the Ed25519 keys of a JSON Web Key Set (RFC 7517, RFC 8037) for
    `verify_ed25519_webhook`; raises one of `MISSHAPEN` for what is none."""
    found = [key for key in key_set["keys"] if (key["kty"], key.get("crv")) == ("OKP", "Ed25519")]
    return tuple(str(key["x"]) for key in found)


class _Headers:
    """The headers of one signature, whatever the case of their names."""

    def __init__(self, headers: Mapping[str, str], prefix: str) -> None:
        self._values = {name.lower(): value for name, value in headers.items()}
        self._prefix = prefix.lower()

    def get(self, name: str) -> str:
        return self._values.get(self._prefix + name, "")

    def matching(self, name: str, form: re.Pattern[str]) -> str:
        value = self.get(name)
        if not form.fullmatch(value):
            raise InvalidWebhookError("", f"no usable {self._prefix}{name}")
        return value

    def sent_at(self, now: datetime) -> int:
        seconds = int(self.matching("timestamp", _SECONDS))
        if abs(now.timestamp() - seconds) > TOLERANCE.total_seconds():
            raise StaleWebhookError("", "sent at another time")
        return seconds


def _signatures(
    secrets: Sequence[str], message_id: str, sent_at: int, text: str
) -> Iterator[bytes]:
    moment = datetime.fromtimestamp(sent_at, UTC)
    for secret in secrets:
        # One that is damaged has signed nothing; the others count.
        with suppress(ValueError, EmptyWebhookSecretError):
            yield Webhook(secret).sign(message_id, moment, text).encode()


def _fits(key: str, signature: bytes, message: bytes) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key + "=="))
        public.verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return True
