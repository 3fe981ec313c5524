"""Whether the database is of this release: one of a newer release is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import pre_migrate
from django.dispatch import receiver

# Whose signal counts: Django sends one for each app, before it changes anything.
_FIRST = "jobs"


class NewerDatabaseError(CommandError):
    """A newer release has changed the database. The message says what to do."""


def refuse_newer(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Raise NewerDatabaseError where the database has a migration of ours that we do not know.

    What a newer release stores, this one would misread, or leave half written.
    """
    loader = MigrationLoader(connections[alias])
    known = set(loader.disk_migrations)
    newer = sorted(
        one for one in loader.applied_migrations if one not in known and _is_ours(one[0])
    )
    if newer:
        app, name = newer[0]
        raise NewerDatabaseError(
            f"A newer TheWay has changed this database ({app}.{name}). Start that release, or "
            "restore the backup that was made before the update."
        )


def _is_ours(app: str) -> bool:
    """Whether the app is one of our rooms. Libraries drop old migrations as they like."""
    config = apps.app_configs.get(app)
    return config is not None and Path(config.path).parent == settings.BASE_DIR


@receiver(pre_migrate)
def before_migrating(sender: Any, using: str, **_: Any) -> None:
    """Let `manage.py migrate` refuse too, which services are started after."""
    if sender.label == _FIRST:
        refuse_newer(using)
