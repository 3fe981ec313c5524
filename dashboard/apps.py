from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from dashboard.live.fragments import render
        from dashboard.live.stream import ADDRESS
        from live import addresses, rendering
        from live.topics import Topic

        addresses.register(f"/{ADDRESS}")
        rendering.register(Topic, render)
