"""The installation's own settings for `make bench-live`; only the statements are counted."""

import os

from theway.settings import *  # noqa: F403
from theway.settings import INSTALLED_APPS, STORAGES

STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
if os.environ.get("BENCH_STATEMENTS"):
    INSTALLED_APPS = [*INSTALLED_APPS, "bench.statements.Statements"]
