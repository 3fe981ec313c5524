"""A passkey as the accounts library stores it, of a device that never was."""

from __future__ import annotations

from typing import Any

from fido2.cose import ES256
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    RegistrationResponse,
)


def stored_passkey(name: str) -> dict[str, Any]:
    """Return what stands in the row of a passkey called `name`."""
    key = ES256({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    credential = AttestedCredentialData.create(Aaguid(b"\0" * 16), b"matrix-passkey", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(b"\0" * 32, flags, 0, bytes(credential))
    response = RegistrationResponse.from_dict(
        {
            "id": "bWF0cml4LXBhc3NrZXk",
            "rawId": "bWF0cml4LXBhc3NrZXk",
            "type": "public-key",
            "response": {
                "clientDataJSON": _client_data(),
                "attestationObject": _text(AttestationObject.create("none", data, {})),
            },
        }
    )
    return {"name": name, "credential": dict(response), "passwordless": True}


def _client_data() -> str:
    kind = CollectedClientData.TYPE.CREATE
    return _text(CollectedClientData.create(kind, b"challenge", "https://theway.example.org"))


def _text(value: bytes) -> str:
    from fido2.utils import websafe_encode

    return websafe_encode(bytes(value))
