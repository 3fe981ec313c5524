"""The library's passkey forms, for answers that no browser would send."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms
from django.core.exceptions import ValidationError


class Forgiving:
    """Answers whatever was sent by “Incorrect code”.

    The parsers of what a browser is supposed to send raise KeyError, InvalidSignature and more;
    each would be an error page that anybody can cause.
    """

    def clean_credential(self) -> Any:
        return self._refused_if_odd("clean_credential")

    def clean(self) -> Any:
        return self._refused_if_odd("clean")

    def _refused_if_odd(self, method: str) -> Any:
        inherited = getattr(super(), method, lambda: self.cleaned_data["credential"])  # type: ignore[attr-defined]
        try:
            return inherited()
        except ValidationError:
            raise
        except Exception as error:
            raise get_adapter().validation_error("incorrect_code") from error


class AddForm(Forgiving, forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    pass


class SignInForm(Forgiving, forms.LoginWebAuthnForm):  # type: ignore[misc]
    pass


class SecondStepForm(Forgiving, forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class AgainForm(Forgiving, forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass
