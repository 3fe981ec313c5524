from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from jobs.work import register
        from training.work import TrainingWork

        register(TrainingWork())
