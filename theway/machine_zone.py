"""The time zone of the machine, for the terminal and the logs.

Django sets every process to `TIME_ZONE` (UTC here, which the site's own times do not need: they
carry their zone), and what it starts inherits that. So the machine's zone is put back.
"""

from __future__ import annotations

import os
import time
from datetime import datetime

from django.conf import settings


def restore() -> None:
    """Set this process to the machine's zone: `TZ` as it was, or else the system's own."""
    if settings.MACHINE_TZ is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = settings.MACHINE_TZ
    if hasattr(time, "tzset"):  # not on Windows, where Django changes nothing either
        time.tzset()


def local_text(at: datetime) -> str:
    """Return a time for the terminal, in the machine's zone and with its name."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
