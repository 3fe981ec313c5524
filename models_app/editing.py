"""Who changes a model holds its lock, and finds out whether it may still be changed."""

from __future__ import annotations

from models_app.errors import NotEditableError
from models_app.models import UserModel


def locked(model: UserModel) -> UserModel:
    """Return the current model, locked until the transaction ends; raise NotEditableError."""
    current = UserModel.objects.select_for_update().filter(pk=model.pk).first()
    if current is None or not current.is_editable:
        raise NotEditableError
    return current
