"""Where each kind of log line goes, and what it looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def logging(folder: Path, formatter: str, level: str) -> dict[str, Any]:
    """Return `settings.LOGGING`: the console in a format, and what concerns security in a file."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "job": {"()": "jobs.log_context.AddJob"},
            "redact": {"()": "theway.log_redaction.RedactSecrets"},
            "full disk": {"()": "theway.full_disk_lines.OneLine"},
        },
        "formatters": {
            "line": {
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                "datefmt": "%Y-%m-%d %H:%M:%S%z",
            },
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(job)s %(run)s",
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "filters": ["full disk", "job", "redact"],
                "formatter": formatter,
            },
            "security": {
                # Follows a file that logrotate has moved away; several processes append to it.
                "class": "logging.handlers.WatchedFileHandler",
                "filename": folder / "security.log",
                "delay": True,
                "filters": ["redact"],
                "formatter": "line",
            },
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
            "theway.security": {"handlers": ["security"], "level": "INFO", "propagate": False},
            # Forged hosts, missing tokens, odd cookies: as Django names them.
            "django.security": {"handlers": ["security"], "level": "INFO"},
            # A line per sweep would hide everything else.
            "celery": {"level": "WARNING"},
        },
    }
