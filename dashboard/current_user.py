"""Who is asking."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


def current_user(request: HttpRequest) -> User:
    """Return the signed-in user; raises PermissionDenied where a view let in nobody."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
