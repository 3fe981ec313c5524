"""The installation's settings, made fast and isolated for tests."""

import os
import tempfile
from pathlib import Path

# Each test process owns a throw-away installation: secret key, broker and files included.
_DATA_DIR = Path(tempfile.mkdtemp(prefix="theway-tests-"))
os.environ["THEWAY_DATA_DIR"] = str(_DATA_DIR)

_TEMPORARY = tempfile.gettempdir()
from theway.settings import *  # noqa: E402, F403
from theway.settings import DATABASES, STORAGES  # noqa: E402

# The tests' own files outlive the installation's.
tempfile.tempdir = os.environ["TMPDIR"] = _TEMPORARY

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, str] = {}
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(_DATA_DIR / "test.sqlite3")}
FIRST_PICTURE = False  # tests that want it switch it on
SERVESTATIC_AUTOREFRESH = True
LOGGING = {"version": 1, "disable_existing_loggers": False}
