from django.apps import AppConfig


class TheWayConfig(AppConfig):
    name = "theway"

    def ready(self) -> None:
        # Registered by being imported: the configuration checks, and what Celery's processes
        # say once they can work.
        from theway import checks  # noqa: F401
        from theway.launcher import ready  # noqa: F401
