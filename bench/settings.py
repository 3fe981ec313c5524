"""The installation's own settings; only what makes a thousand accidents fit into minutes."""

import os

from bench import clock_skew, unlisted

clock_skew.skew()
unlisted.register()

from bench.compressed_time import FACTOR, database_options  # noqa: E402
from theway.settings import *  # noqa: E402, F403
from theway.settings import (  # noqa: E402
    CELERY_BEAT_SCHEDULE,
    DATABASES,
    INSTALLED_APPS,
    LOGGING,
    STORAGES,
)

# Throw-away accounts: no time for strong hashes. Nothing of the engine is changed.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
# The engine's own waits, shorter by one factor (`make chaos`; 1 in `make bench-monitor`).
INSTALLED_APPS = [*INSTALLED_APPS, "bench.compressed_time.CompressedTime"]
DATABASES["default"]["OPTIONS"] = database_options(DATABASES["default"].get("OPTIONS", {}))
if FACTOR != 1:
    # Not by the whole factor: each sweep costs a moment of the processor.
    CELERY_BEAT_SCHEDULE["sweep"]["schedule"] = 0.5
if os.environ.get("BENCH_RELEASE"):
    MIGRATION_MODULES = {"jobs": "bench.next_release"}
# Nobody may hold a file of the disk that is taken away, least of all the harness itself.
LOGGING["handlers"]["security"] = {"class": "logging.NullHandler"}
