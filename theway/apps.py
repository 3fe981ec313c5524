from django.apps import AppConfig


class TheWayConfig(AppConfig):
    name = "theway"
