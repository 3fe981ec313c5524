import re
from pathlib import Path

import pytest

from jobs.deletion import ModelBusyError, delete_account, delete_model
from jobs.events import note, record
from jobs.models import JobEvent, JobQueue
from jobs.states import Status
from models_app.models import UserModel
from tests.factories import (
    GeneratedImageFactory,
    JobFactory,
    TrainingImageFactory,
    UserFactory,
    UserModelFactory,
)

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


def personal_job(**more) -> JobQueue:
    return JobFactory(
        failed=True,
        kind="generation",
        payload={"prompt": "SECRET", "typed_prompt": "SECRET", "count": 2, "base_model": "b"},
        result={"outputs": [{"url": "https://example.org/SECRET"}], "dataset": "SECRET-1"},
        error_detail="your prompt “SECRET” was refused",
        stage="drawing SECRET",
        cost_estimate="1.25",
        run_id="run-1",
        **more,
    )


def words_of(job: JobQueue) -> str:
    job.refresh_from_db()
    events = list(job.events.values_list("kind", "text", "data"))
    return str([*(vars(job).items()), events])


def test_no_word_of_a_deleted_model_stays_in_its_jobs_and_events():
    job = personal_job()
    for kind in JobEvent.Kind.values[1:4]:
        job.events.create(kind=kind, text="SECRET line", data={"message": "SECRET"})
    note(job, "Run %(run_id)s was looked up.", run_id="run-1")
    record(job, JobEvent.Kind.STATE, Status.FAILED.value, error="rejected")
    delete_model(job.model)
    assert "SECRET" not in words_of(job)


def test_what_was_paid_and_when_stays():
    job = personal_job(incident="Run run-2 appeared while the job was failed; it was stopped.")
    record(job, JobEvent.Kind.STATE, Status.FAILED.value, error="rejected")
    note(job, "Run %(run_id)s was looked up.", run_id="run-1")
    before = vars(JobQueue.objects.get())
    delete_model(job.model)
    after = vars(JobQueue.objects.get())
    changed = {name for name in after if name != "_state" and before[name] != after[name]}
    assert changed == {"model_id", "payload", "result", "error_detail", "stage"}
    assert after["payload"] == {"count": 2, "base_model": "b"}
    assert [event.kind for event in job.events.all()] == ["state", "note"]


def test_every_incident_is_made_of_runs_and_states_only():
    """Incidents outlive the model, so nothing else may be put into one."""
    source = "\n".join(path.read_text() for path in Path("jobs").rglob("*.py"))
    calls = re.findall(r"[ ]record_incident\(job, (.*)\)\n", source)
    given = {name for call in calls for name in re.findall(r"(\w+)=", call)}
    assert len(calls) >= 5
    assert given == {"run_id", "status"}


def test_deleting_a_model_leaves_other_jobs_alone():
    gone, kept = personal_job(), personal_job()
    delete_model(gone.model)
    assert "SECRET" in words_of(kept)


def test_the_receipt_counts_what_went():
    image = GeneratedImageFactory()
    TrainingImageFactory.create_batch(3, model=image.model)
    receipt = delete_model(image.model)
    assert (receipt.models, receipt.photos, receipt.pictures) == (1, 3, 1)


@pytest.mark.parametrize("longer", ["joann@example.org", "ann@example.org.uk", "x.ann@example.org"])
def test_deleting_an_account_leaves_longer_addresses_whole(longer):
    gone = UserFactory(email="ann@example.org")
    for by in (longer, gone.email):
        note(JobFactory(cancelled=True), "%(by)s asked to cancel.", by=by)
    delete_account(gone)
    told = JobEvent.objects.filter(kind=JobEvent.Kind.NOTE).order_by("pk")
    texts = [(event.text, event.data["values"]["by"]) for event in told]
    somebody = "somebody whose account is deleted"
    assert texts == [(f"{by} asked to cancel.", by) for by in (longer, somebody)]
