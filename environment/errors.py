"""What is wrong with a setting."""

from __future__ import annotations


class SettingError(SystemExit):
    """A setting cannot be meant as it is written.

    Whatever starts ends with it, wherever it is raised: the message, one sentence, is printed
    without a traceback, and the exit code is 1. It never holds the value, which may be a secret.
    """


class UnfitError(ValueError):
    """A value that its variable cannot have. The message continues "NAME must be"."""
