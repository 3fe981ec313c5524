"""The settings of Celery that are the same in every installation, and those of each broker."""

from pathlib import Path
from typing import Any

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
    "jobs.tasks.read_samples": {"queue": "calls"},
    "jobs.tasks.delete_at_provider": {"queue": "calls"},
    "jobs.tasks.read_webhook_keys": {"queue": "calls"},
    "jobs.tasks.delete_files": {"queue": "calls"},
    "jobs.tasks.write_caption": {"queue": "calls"},
    "jobs.tasks.send_webhook": {"queue": "calls"},
    "jobs.tasks.fetch_archive": {"queue": "calls"},
    "models_app.tasks.measure_photos": {"queue": "calls"},
    "accounts.tasks.send_mails": {"queue": "calls"},
    "theway.tasks.compare_files": {"queue": "calls"},
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for days
CELERY_BEAT_SCHEDULER = "theway.beat:SteadyScheduler"
CELERY_BEAT_SCHEDULE = {
    # No expiry: it would be read by the worker's wall clock. One sweep too many is harmless.
    "sweep": {"task": "jobs.tasks.sweep_jobs", "schedule": 2.0},
    "prune": {"task": "jobs.tasks.prune_old_rows", "schedule": 3600.0},
    "upload counts": {"task": "models_app.tasks.sweep_upload_counts", "schedule": 3600.0},
    "purge": {"task": "jobs.tasks.purge_database", "schedule": 1800.0},
    "measures": {"task": "models_app.tasks.measure_photos", "schedule": 10.0},
    "uploads": {"task": "models_app.tasks.sweep_uploads", "schedule": 3600.0},
    "datasets": {"task": "training.tasks.release_datasets", "schedule": 3600.0},
    "partial uploads": {
        "task": "models_app.tasks.sweep_partial_uploads",
        "schedule": 3600.0,
    },
    # Once a day (`theway/files/nightly.py`), whenever the machine is on; asked more often.
    "files": {"task": "theway.tasks.compare_files", "schedule": 900.0},
    "prune calls": {"task": "api.tasks.prune_idempotent_calls", "schedule": 3600.0},
    "prune accounts": {"task": "accounts.tasks.prune", "schedule": 3600.0},
}


def folder_options(folder: Path) -> dict[str, Any]:
    """Return the options of the broker that is a folder."""
    return {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "polling_interval": 0.1,  # seconds between checks of the folder; the default is 1
    }


def redis_options() -> dict[str, Any]:
    """Return the options of Redis as the broker."""
    # A broker that hangs is one that is away; workers wait for messages in shorter turns.
    return {"socket_connect_timeout": 3, "socket_timeout": 10}
