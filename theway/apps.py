from django.apps import AppConfig


class TheWayConfig(AppConfig):
    name = "theway"

    def ready(self) -> None:
        # Importing registers them: the configuration checks, and the messages of Celery's
        # processes once they are ready.
        from theway import checks, machine_zone, schema, security_log, storage_checks  # noqa: F401
        from theway.launcher import ready  # noqa: F401

        machine_zone.restore()
        security_log.listen()
