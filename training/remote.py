"""Starts the training of a model whose photos were fetched from an address."""

from __future__ import annotations

from jobs.engine import journal
from models_app.models import UserModel
from models_app.remote_archives import NotStartedError, NotYetError
from training.selectors import next_idempotency_key
from training.services import StartRefusedError, start


class ArchiveStarter:
    """The start that was asked for with the fetch: once, whoever repeats it."""

    def key_for(self, model: UserModel) -> str:
        return next_idempotency_key(model)

    def start(self, model: UserModel, key: str) -> None:
        """Start it, unless that was done. Raises NotStartedError, NotYetError, LimitReachedError.

        Nothing before `manage.py reconcile` after a restore: that may end the fetch instead.
        """
        if journal.is_database_behind():
            raise NotYetError
        try:
            start(model, idempotency_key=key)
        except StartRefusedError as error:
            raise NotStartedError(str(error)) from error
