"""`/account/`: everything about one's account on one page."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import addresses, history, policy, sessions, tokens
from accounts.current_user import current_user
from accounts.sessions import ROW


@never_cache
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show address, password, second step, sessions and the last sign-ins."""
    user = current_user(request)
    keys = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    context = {
        "can_change_address": policy.addresses_are_confirmed(),
        "change": addresses.change_under_way(user),
        "passkeys": [key for key in keys if key.type == Authenticator.Type.WEBAUTHN],
        "one_time_codes": _first(keys, Authenticator.Type.TOTP),
        "recovery_codes": _first(keys, Authenticator.Type.RECOVERY_CODES),
        "lacks_second_step": policy.lacks_second_step(user),
        "sessions": sessions.sessions_of(user),
        "this_session": request.session.get(ROW),
        "live_tokens": tokens.live_tokens_of(user).count(),
        "sign_ins": history.sign_ins_of(user),
    }
    return render(request, "account/overview.html", context)


def _first(keys: list[Authenticator], kind: str) -> Authenticator | None:
    return next((key for key in keys if key.type == kind), None)
