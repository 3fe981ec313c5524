"""The second step at sign-in: passkeys, one-time codes and recovery codes."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter as account_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes
from django.utils.translation import gettext

from accounts.models import User


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Keeps secrets encrypted, and takes the site's name from the settings, not the request."""

    def encrypt(self, text: str) -> str:
        """Return the text as it is stored: a copy of the database alone yields no codes."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text again. Raises InvalidToken if the secret key is another one."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = urlsplit(settings.SITE_ORIGIN).hostname or "localhost"
        return {"id": host, "name": "TheWay"}

    def generate_authenticator_name(self, user: User, type: str) -> str:
        return gettext("Passkey")


def remove_all(user: User) -> None:
    """Remove a person's passkeys and codes, for an operator who knows them, and tell them."""
    Authenticator.objects.filter(user=user).delete()
    account_adapter().send_notification_mail("account/email/second_step_removed", user)


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    digest = hashlib.sha256(b"accounts.second_step" + force_bytes(key)).digest()
    return base64.urlsafe_b64encode(digest)
