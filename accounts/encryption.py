"""What is encrypted in the database: a copy of it alone yields nothing of that.

With a key that is derived from the secret key, another one for each purpose.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes


def cipher(purpose: str) -> MultiFernet:
    """Return what encrypts with the present secret key, and decrypts with those of before too.

    Decrypting raises `InvalidToken` where the secret key was another one.
    """
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def present_cipher(purpose: str) -> Fernet:
    """Return what knows the present secret key only."""
    return Fernet(_derived(settings.SECRET_KEY, purpose))


def _derived(key: str | bytes, purpose: str) -> bytes:
    digest = hashlib.sha256(purpose.encode() + force_bytes(key)).digest()
    return base64.urlsafe_b64encode(digest)
