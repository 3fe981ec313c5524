"""The Celery app. Messages carry ids only; tasks live in each room's `tasks.py`."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init
from kombu.transport import TRANSPORT_ALIASES

from theway import in_use
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


@worker_init.connect
@beat_init.connect
def share_the_data(**_: object) -> None:
    """Keep a restore away while this process works. Ends the process during one."""
    try:
        in_use.hold()
    except in_use.InUseError as error:
        raise SystemExit(str(error)) from None
