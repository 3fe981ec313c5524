"""The Celery app. Messages carry ids only; tasks live in each room's `tasks.py`."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

from theway.output import survive_any_terminal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")
survive_any_terminal()

TRANSPORT_ALIASES |= {
    "filesystem": "theway.broker.folder:FolderTransport",
    "redis": "theway.broker.redis:RedisTransport",
    "rediss": "theway.broker.redis:RedisTransport",
}

app = Celery("theway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
