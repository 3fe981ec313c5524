"""The signed-in user of a request."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


def current_user(request: HttpRequest) -> User:
    """Return the signed-in user. Raises PermissionDenied where there is none."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
