from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "generation"

    def ready(self) -> None:
        from generation.work import GenerationWork
        from jobs.work import register

        register(GenerationWork())
