import pytest

from jobs.models import JobQueue
from jobs.services import ModelBusyError, delete_model
from models_app.models import UserModel
from tests.factories import JobFactory, UserModelFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("trait", ["submitting", "unknown", "running", "finishing"])
def test_a_model_with_unfinished_work_is_not_deleted(trait):
    job = JobFactory(**{trait: True})
    with pytest.raises(ModelBusyError):
        delete_model(job.model)
    assert UserModel.objects.filter(pk=job.model_id).exists()


def test_pictures_being_drawn_keep_their_model():
    job = JobFactory(kind="generation", model=UserModelFactory(ready=True))
    with pytest.raises(ModelBusyError):
        delete_model(job.model)


@pytest.mark.parametrize("trait", ["succeeded", "failed", "cancelled"])
def test_the_record_of_what_was_paid_outlives_its_model(trait):
    job = JobFactory(**{trait: True})
    delete_model(job.model)
    kept = JobQueue.objects.get()
    assert (kept.pk, kept.model) == (job.pk, None)
