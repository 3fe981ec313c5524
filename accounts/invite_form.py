"""What an operator says when inviting somebody: the same in the admin and in the terminal."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy as _

from accounts import invitations, policy
from accounts.models import Invitation, User


class InviteForm(forms.ModelForm):
    """The address, for how long, and a note for operators."""

    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=invitations.LONGEST.days,
        initial=invitations.EXPIRES.days,
        help_text=_("How long the link works."),
    )

    class Meta:
        model = Invitation
        fields = ("email", "note")
        help_texts = {
            "email": _("Only this address can then be used. Without one, whoever has the link."),
            "note": _("For operators; the invited person does not see it."),
        }

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if not email and policy.invitations_name_an_address():
            raise ValidationError(
                gettext("Name the address: without mail nobody can confirm it later.")
            )
        if email and User.objects.filter(email=email).exists():
            raise ValidationError(gettext("There is an account with this address already."))
        return email

    def lasts(self) -> timedelta:
        """Return how long the link is to work, once the form is valid."""
        return timedelta(days=self.cleaned_data["days"])
