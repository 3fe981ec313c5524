"""The forms of the account pages that differ from the library's."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as library
from allauth.account.adapter import get_adapter
from allauth.account.fields import EmailField, PasswordField
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy as _

from accounts import invitations, mail, passwords, policy, sign_up
from accounts.invitations import InvitationOverError
from accounts.later import later
from accounts.models import Invitation, User

_REQUIRED = {
    "login": _("Enter your email address."),
    "email": _("Enter your email address."),
    "password": _("Enter your password."),
    "oldpassword": _("Enter your current password."),
    "password1": _("Choose a password."),
    "password2": _("Enter the new password again."),
}


class Worded(forms.Form):
    """What our account forms say of their fields: one line of help, and what to do if it is empty.

    The library would show Django's rules for passwords as a list.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name in _REQUIRED:
                field.error_messages["required"] = _REQUIRED[name]
        if "password1" in self.fields:
            self.fields["password1"].help_text = gettext(
                "At least 8 characters, best a few words that only you would put together."
            )


class SignInForm(Worded, library.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Asks for the address and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Password managers keep the address as the name of the account.
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class AgainForm(Worded, library.ReauthenticateForm):  # type: ignore[misc]
    """Asks for the password once more."""


class ChangePasswordForm(Worded, library.ChangePasswordForm):  # type: ignore[misc]
    """Asks for the current password and a new one."""


class NewPasswordForm(Worded, library.ResetPasswordKeyForm):  # type: ignore[misc]
    """Asks for a new password, of somebody who has opened the link."""


class SignUpForm(Worded, library.SignupForm):  # type: ignore[misc]
    """Asks for an account; where addresses are not confirmed, makes it at once."""

    invitation: Invitation | None = None

    def validate_unique_email(self, value: str) -> str:
        if policy.addresses_are_confirmed():
            return value  # said by mail, to the address's owner only
        return str(super().validate_unique_email(value))

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        data = self.cleaned_data
        if policy.addresses_are_confirmed():
            sign_up.ask(request, data["email"], data["password1"], self.invitation)
            return None, redirect("account_email_verification_sent")
        try:
            with transaction.atomic():
                return super().try_save(request)  # type: ignore[no-any-return]
        except (IntegrityError, InvitationOverError):  # somebody was quicker, in this moment
            return None, redirect(request.path)


class InvitedForm(SignUpForm):
    """The same for somebody with an invitation, which the new account uses up."""

    invitation: Invitation

    def __init__(self, invitation: Invitation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        if invitation.email:
            self.initial["email"] = invitation.email
            self.fields["email"].widget.attrs["readonly"] = True
            self.fields["email"].help_text = gettext("The invitation is for this address.")

    def clean_email(self) -> str:
        only = self.invitation.email
        if only and User.objects.normalize_email(self.cleaned_data["email"]) != only:
            raise ValidationError(gettext("This invitation is for another address."))
        return str(super().clean_email())

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by the library in the transaction in which the account comes to be."""
        invitations.use(self.invitation, user)


class ResetForm(Worded, library.ResetPasswordForm):  # type: ignore[misc]
    """Asks for a link; whether there is an account is looked up after the answer."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email = str(self.cleaned_data["email"])
        if mail.may_be_sent(request, "reset_mail", User.objects.normalize_email(email)):
            later(passwords.send_reset_link, email)
        return email


class PasswordForm(Worded):
    """The account's password, before something that matters."""

    password = PasswordField(label=_("Password"), autocomplete="current-password")


class ChangeAddressForm(PasswordForm):
    """A new address, with the password."""

    email = EmailField(label=_("New email address"))
    field_order = ["email", "password"]

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        get_adapter().clean_email(email)
        if email == self.user.email:
            raise ValidationError(gettext("That is your address already."))
        return email

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not get_adapter().reauthenticate(self.user, password):
            raise ValidationError(get_adapter().error_messages["incorrect_password"])
        return password
