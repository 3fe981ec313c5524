"""What a person says when making a token for a program."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.api_token import Scope
from providers.redaction import without_controls

DAYS = {
    "30": _("30 days"),
    "90": _("90 days"),
    "365": _("A year"),
    "": _("Until I revoke it"),
}
NOTES = {
    Scope.READ: _("See models, jobs and pictures, and download them."),
    Scope.WRITE: _("Also add photos, change and delete. Nothing that costs money."),
    Scope.SPEND: _("Also start trainings and make pictures, which may cost money."),
}


class NotedRadios(forms.RadioSelect):
    """Radio buttons, each with a line about what it means."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return super().create_option(name, value, *args, **kwargs) | {"note": NOTES[value]}


class TokenForm(forms.Form):
    """Its name, what it may do, and for how long."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("What will use it, so that you know it again."),
        error_messages={"required": _("Enter a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        initial=Scope.WRITE,
        widget=NotedRadios,
        error_messages={"required": _("Choose one of these.")},
    )
    days = forms.ChoiceField(
        label=_("It ends after"), choices=list(DAYS.items()), initial="90", required=False
    )

    # A page that is sent again makes no second token: the id of what it makes.
    press = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean_name(self) -> str:
        name = " ".join(without_controls(self.cleaned_data["name"]).split())
        if not name:
            raise forms.ValidationError(self.fields["name"].error_messages["required"])
        return name

    def lasts(self) -> timedelta | None:
        """Return for how long it counts, once the form is valid; None without an end."""
        days = self.cleaned_data["days"]
        return timedelta(days=int(days)) if days else None
