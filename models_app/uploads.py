"""What uploads leave: files of killed processes, and the counts of days that are over."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from django.conf import settings

from accounts.limits import day_began
from models_app.models import PhotoUpload

logger = logging.getLogger(__name__)

# Longer than any upload may take (theway/bodies/rules.py), its photos' checks included.
ABANDONED_SECONDS = 2 * 60 * 60


def sweep_counts() -> None:
    """Delete what no longer counts for anybody's day."""
    PhotoUpload.objects.filter(at__lte=day_began()).delete()


def sweep_uploads() -> int:
    """Delete the temporary files that no upload can need any more; return how many."""
    latest = time.time() - ABANDONED_SECONDS
    swept = 0
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        try:
            if path.is_file() and path.stat().st_mtime < latest:
                path.unlink()
                swept += 1
        except FileNotFoundError:
            continue  # another process was first
    if swept:
        logger.info("Deleted %d files of uploads that were cut off", swept)
    return swept
