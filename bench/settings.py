"""The installation's own settings; only what makes a thousand accidents fit into minutes."""

from theway.settings import *  # noqa: F403

# Throw-away accounts: no time for strong hashes. Nothing of the engine is changed.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
