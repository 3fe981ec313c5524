from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from accounts import limits
        from accounts.allowances import Limit
        from jobs.work import register
        from models_app import remote_archives, storage_use
        from training.models import TrainingSample
        from training.remote import ArchiveStarter
        from training.selectors import trainings_used
        from training.work import TrainingWork

        register(TrainingWork())
        remote_archives.register(ArchiveStarter())
        limits.register(Limit.TRAININGS, trainings_used)
        storage_use.register(TrainingSample, size="size", owner="model__owner")
