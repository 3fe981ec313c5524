from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from jobs.kinds import register
        from training.work import TrainingWork

        register(TrainingWork())
