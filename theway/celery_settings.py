"""The settings of Celery that are the same with every broker; the others are in settings.py."""

CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Two kinds of workers, so that calls that hang never hold up sweeping and polling. A worker that
# is started without naming a queue serves both.
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"calls": {}, "polls": {}}
CELERY_TASK_DEFAULT_QUEUE = "polls"
CELERY_TASK_ROUTES = {
    "jobs.tasks.submit_job": {"queue": "calls"},
    "jobs.tasks.collect_job": {"queue": "calls"},
    "jobs.tasks.delete_at_provider": {"queue": "calls"},
    "jobs.tasks.delete_files": {"queue": "calls"},
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for days
CELERY_BEAT_SCHEDULE = {
    # No expiry: it would be read by the worker's wall clock. One sweep too many is harmless.
    "sweep": {"task": "jobs.tasks.sweep_jobs", "schedule": 2.0},
    "prune": {"task": "jobs.tasks.prune_old_rows", "schedule": 3600.0},
    "upload counts": {"task": "models_app.tasks.sweep_upload_counts", "schedule": 3600.0},
    "purge": {"task": "jobs.tasks.purge_database", "schedule": 1800.0},
    "uploads": {"task": "models_app.tasks.sweep_uploads", "schedule": 3600.0},
    "prune accounts": {"task": "accounts.tasks.prune", "schedule": 3600.0},
}
