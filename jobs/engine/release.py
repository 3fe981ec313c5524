"""Whether this process and the database are of one release: only then may it pay.

During an update old workers run beside new ones, and new ones before the database is ready. Each
knows the rules of its own release only. A release that changes what the engine stores, or relies
on, brings a migration of this app, so the migrations tell the releases apart.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

APP = "jobs"


def _migrations() -> frozenset[str]:
    name, _is_set = MigrationLoader.migrations_module(APP)
    package = import_module(str(name))
    return frozenset(module.name for module in pkgutil.iter_modules(package.__path__))


# Read when the process starts: files that an update writes later are not what it runs.
KNOWN = _migrations()


def is_current() -> bool:
    """Whether the database holds exactly the migrations that this process knows."""
    applied = MigrationRecorder.Migration.objects.filter(app=APP)
    return set(applied.values_list("name", flat=True)) == KNOWN
