"""Everything a person has here: to take along, and to delete with the account."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.deletion import LastOperatorError
from accounts.models import User
from dashboard.current_user import current_user
from dashboard.form_addresses import takes_forms_of
from dashboard.limit_notes import allowance_rows
from dashboard.pages.deletion_texts import later_here, still_to_come
from dashboard.pages.export import ArchiveResponse
from generation.selectors import images_of
from jobs.deletion import AccountBusyError, delete_account
from jobs.messages import explain
from jobs.selectors import jobs_of
from jobs.services import stop_everything
from jobs.states import UNFINISHED
from models_app.models import TrainingImage, UserModel


class DeleteAccountForm(forms.Form):
    """The password, as whoever sits at an open browser is not always its owner."""

    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not self._user.check_password(password):
            raise forms.ValidationError(gettext("This is not your password."))
        return password


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    return _page(request, user, DeleteAccountForm(user=user))


@require_safe
def data_export(request: HttpRequest) -> HttpResponseBase:
    """Send everything as one ZIP."""
    name = f"theway-{timezone.localdate():%Y-%m-%d}.zip"
    return ArchiveResponse(current_user(request), filename=name, request=request)


@require_POST
def stop_all(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    stop_everything(user, by=user.email)
    messages.success(request, gettext("Cancellation requested. This takes a moment."))
    return redirect("dashboard:data")


@takes_forms_of(data)
def account_delete(request: HttpRequest) -> HttpResponse:
    user = current_user(request)
    if too_many := ratelimit.consume_or_429(request, action="reauthenticate", user=user):
        return too_many  # type: ignore[no-any-return]  # allauth has no types
    form = DeleteAccountForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, user, form, status=422)
    try:
        receipt = delete_account(user)
    except AccountBusyError:
        form.add_error(None, gettext("Something of yours is still running. Cancel it first."))
        return _page(request, user, form, status=409)
    except LastOperatorError:
        text = gettext("You are the only operator. Make somebody else one first.")
        form.add_error(None, text)
        return _page(request, user, form, status=409)
    logout(request)
    context = {"receipt": receipt, "to_come": [*still_to_come(receipt), *later_here()]}
    return render(request, "data/deleted.html", context)


def _page(
    request: HttpRequest, user: User, form: DeleteAccountForm, status: int = 200
) -> HttpResponse:
    unfinished = jobs_of(user).filter(status__in=sorted(UNFINISHED))
    context = {
        "form": form,
        "allowances": allowance_rows(user),
        "models": UserModel.objects.filter(owner=user).count(),
        "photos": TrainingImage.objects.filter(model__owner=user).count(),
        "pictures": images_of(user).count(),
        "unfinished": [(job, explain(job)) for job in unfinished],
    }
    return render(request, "data/page.html", context, status=status)
