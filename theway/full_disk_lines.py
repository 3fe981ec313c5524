"""A full disk is one line in a log: tracebacks, every two seconds, would fill what is freed."""

from __future__ import annotations

import logging

from models_app.disk import is_full


class OneLine(logging.Filter):
    """Takes the traceback off a line that a full disk has caused. Never drops the line."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and is_full(record.exc_info[1]):
            # Celery puts where it stood into the message too.
            record.msg, record.args = record.getMessage().partition("\n")[0], ()
            record.exc_info = record.exc_text = None
        return True
