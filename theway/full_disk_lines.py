"""A full disk is one line in a log, and so is a bucket that is away: tracebacks, every two seconds,
would fill what is freed."""

from __future__ import annotations

import logging

from models_app.disk import is_away, is_full


class OneLine(logging.Filter):
    """Takes the traceback off a line that the storage has caused. Never drops the line."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if is_full(error) or is_away(error):
            # Celery puts where it stood into the message too.
            record.msg, record.args = record.getMessage().partition("\n")[0], ()
            record.exc_info = record.exc_text = None
        return True
