"""Files that wait while something is handled, what killed processes leave of them, and the counts
of days that are over."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

from django.conf import settings

from accounts.limits import day_began
from models_app.models import PhotoUpload

logger = logging.getLogger(__name__)

# Longer than any upload may take (theway/bodies/rules.py), its photos' checks included; a download
# that takes longer is written to all the while.
ABANDONED_SECONDS = 2 * 60 * 60


def sweep_counts() -> None:
    """Delete what no longer counts for anybody's day."""
    PhotoUpload.objects.filter(at__lte=day_began()).delete()


def sweep_uploads() -> int:
    """Delete the temporary files and folders that nobody can need any more; return how many."""
    latest = time.time() - ABANDONED_SECONDS
    swept = 0
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        try:
            if _last_change(path) < latest:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                swept += 1
        except FileNotFoundError:
            continue  # another process was first
    if swept:
        logger.info("Deleted %d temporary files of work that was cut off", swept)
    return swept


def _last_change(path: Path) -> float:
    """Return when a file, or anything in a folder, was last written."""
    inside = path.rglob("*") if path.is_dir() else ()
    times: list[float] = [one.lstat().st_mtime for one in (path, *inside)]
    return max(times)
