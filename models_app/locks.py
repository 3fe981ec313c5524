"""Rows that a change holds until its transaction ends: the owner first, then the model."""

from __future__ import annotations

from accounts import limits
from accounts.models import User
from models_app.errors import NotEditableError
from models_app.models import UserModel


def locked_owner(model: UserModel) -> User:
    """Return the owner, locked before the model is; raise NotEditableError without an account."""
    try:
        return limits.lock(model.owner_id)
    except User.DoesNotExist as error:
        raise NotEditableError from error


def locked(model: UserModel) -> UserModel:
    """Return the current model, locked until the transaction ends; raise NotEditableError."""
    current = UserModel.objects.select_for_update().filter(pk=model.pk).first()
    if current is None or not current.is_editable:
        raise NotEditableError
    return current


def held(model: UserModel) -> UserModel:
    """Return the current model, in whatever state, locked until the transaction ends.

    Raises UserModel.DoesNotExist where it is gone.
    """
    return UserModel.objects.select_for_update().get(pk=model.pk)
