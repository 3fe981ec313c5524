from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        from api.streams import ADDRESSES, written
        from live import addresses, rendering
        from live.job_stream import EventRendering
        from live.topics import JobsTopic

        addresses.register(ADDRESSES)
        rendering.register(JobsTopic, EventRendering(written))
