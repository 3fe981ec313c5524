"""The second step at sign-in: passkeys, one-time codes and recovery codes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter as account_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from accounts.encryption import cipher, present_cipher
from accounts.models import User

_SECRETS = {"secret", "seed"}  # of one-time codes, of recovery codes
_PURPOSE = "accounts.second_step"


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Keeps secrets encrypted, and takes the site's name from the settings, not the request."""

    def encrypt(self, text: str) -> str:
        """Return the text as it is stored: a copy of the database alone yields no codes."""
        return cipher(_PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text again. Raises InvalidToken if the secret key is another one."""
        return cipher(_PURPOSE).decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = urlsplit(settings.SITE_ORIGIN).hostname or "localhost"
        return {"id": host, "name": "TheWay"}

    def generate_authenticator_name(self, user: User, type: str) -> str:
        return gettext("Passkey")


def remove_all(user: User) -> None:
    """Remove a person's passkeys and codes, for an operator who knows them, and tell them."""
    Authenticator.objects.filter(user=user).delete()
    account_adapter().send_notification_mail("account/email/second_step_removed", user)


def renew() -> None:
    """Encrypt with the present key what is encrypted with one of before.

    Row by row and locked: who uses up a code meanwhile waits, and writes over it.
    """
    if not settings.SECRET_KEY_FALLBACKS:
        return
    for pk in Authenticator.objects.exclude(type="webauthn").values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is not None and _renewed(row.data):
                row.save(update_fields=["data"])


def _renewed(data: dict[str, Any]) -> bool:
    """Renew the secrets in a row's data that can be read; return whether any was of before."""
    present, changed = present_cipher(_PURPOSE), False
    for name in _SECRETS & data.keys():
        token = data[name].encode()
        try:
            present.decrypt(token)
        except InvalidToken:
            with suppress(InvalidToken):
                data[name], changed = cipher(_PURPOSE).rotate(token).decode(), True
    return changed
