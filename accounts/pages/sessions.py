"""Ending sessions: after the password, so that a stolen one cannot end its owner's."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from accounts import sessions
from accounts.current_user import current_user
from accounts.models import User


@require_POST
@reauthentication_required()  # type: ignore[untyped-decorator]
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one of the person's own sessions; ending this one signs out."""
    user = current_user(request)
    sessions.end(user, session_id)
    return _ended(request, user, gettext("The session was ended."))


@require_POST
@reauthentication_required()  # type: ignore[untyped-decorator]
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    user = current_user(request)
    sessions.end_others(request, user)
    return _ended(request, user, gettext("All other sessions were ended."))


def _ended(request: HttpRequest, user: User, text: str) -> HttpResponse:
    get_adapter(request).send_notification_mail("account/email/sessions_ended", user)
    messages.success(request, text)
    return redirect("account")
