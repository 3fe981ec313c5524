"""Recovery codes, shown once."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.current_user import current_user


@method_decorator(never_cache, name="dispatch")
@method_decorator(reauthentication_required(app="allauth.mfa"), name="dispatch")
class RecoveryCodes(ViewRecoveryCodesView):  # type: ignore[misc]  # allauth has no types
    """A GET says how many are left; a click shows them, once."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        codes = _codes_of(request)
        context = {"left": len(codes.get_unused_codes()), "shown_before": codes.did_view}
        return render(request, self.template_name, context)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _codes_of(request).did_view:
            return self.get(request)
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response


def _codes_of(request: HttpRequest) -> Any:
    kind = Authenticator.Type.RECOVERY_CODES
    found = Authenticator.objects.filter(user=current_user(request), type=kind).first()
    if found is None:
        raise Http404
    return found.wrap()
