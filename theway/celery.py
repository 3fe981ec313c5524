"""The Celery app. Messages carry ids only; tasks live in each room's `tasks.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theway.settings")

app = Celery("theway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
