import base64

import pytest
from django.core.files.storage import default_storage

from generation import services
from generation.forms import GenerateForm
from generation.models import GeneratedImage
from generation.prompts import RATIOS
from generation.work import GenerationWork
from jobs.engine.collect import collect
from jobs.engine.submit import submit
from jobs.models import JobQueue
from jobs.states import Status
from jobs.work import InvalidResultError
from providers import registry
from providers.types import Output, Run, RunStatus
from tests.factories import JobFactory, UserModelFactory, jpeg

pytestmark = pytest.mark.django_db
ASKED = {
    "prompt": "in a café",
    "ratio": "1:1",
    "count": 1,
    "seed": None,
    "strength": 1.0,
    "provider": "local",
}


@pytest.fixture
def ready():
    return UserModelFactory(ready=True)


def test_the_trigger_word_is_added(ready):
    job = services.create(ready, idempotency_key="a", **ASKED)
    assert job.payload["prompt"] == f"{ready.trigger_word} product, in a café"


def test_a_trigger_word_that_is_there_is_not_repeated(ready):
    prompt = f"“{ready.trigger_word.upper()}”, on a table"
    job = services.create(ready, idempotency_key="a", **(ASKED | {"prompt": prompt}))
    assert job.payload["prompt"] == prompt


@pytest.mark.parametrize(
    ("kind", "word"), [("person", "clothes"), ("product", "around it"), ("style", "shows")]
)
def test_the_hint_speaks_of_what_was_trained(kind, word):
    hint = str(GenerateForm(model=UserModelFactory(ready=True, kind=kind))["prompt"].help_text)
    assert word in hint
    assert ("clothes" in hint) == (kind == "person")


def test_clicking_twice_makes_one_set_of_pictures(ready):
    first = services.create(ready, idempotency_key="a", **ASKED)
    assert services.create(ready, idempotency_key="a", **ASKED) == first
    assert services.create(ready, idempotency_key="b", **ASKED) != first


@pytest.mark.parametrize(
    "other", [{"prompt": "in the snow"}, {"count": 2}, {"seed": 7}, {"strength": 0.5}]
)
def test_other_wishes_from_a_page_that_back_brought_up_again_are_another_click(ready, other):
    first = services.create(ready, idempotency_key="a", **ASKED)
    second = services.create(ready, idempotency_key="a", **(ASKED | other))
    assert second != first
    assert services.create(ready, idempotency_key="a", **(ASKED | other)) == second


def test_a_seed_is_kept_so_that_a_picture_can_be_made_again(ready):
    job = services.create(ready, idempotency_key="a", **ASKED)
    again = services.try_again(_over(job), idempotency_key="b")
    assert again.payload["seed"] == job.payload["seed"]


def _over(job: JobQueue) -> JobQueue:
    JobQueue.objects.filter(pk=job.pk).update(status=Status.FAILED)
    job.refresh_from_db()
    return job


def test_a_model_that_is_not_ready_generates_nothing():
    with pytest.raises(services.GenerationRefusedError, match="not trained yet"):
        services.create(UserModelFactory(), idempotency_key="a", **ASKED)


def test_simulated_weights_are_never_sent_to_a_real_service(ready, settings):
    settings.PROVIDERS = {"together": {"base_url": "https://api.together.ai/v1", "api_key": "k"}}
    with pytest.raises(services.GenerationRefusedError, match="simulated"):
        services.create(ready, idempotency_key="a", **{**ASKED, "provider": "together"})


@pytest.mark.parametrize("trained_there", [False, True])
def test_several_pictures_are_not_asked_of_what_makes_one_at_a_time(settings, trained_there):
    settings.PROVIDERS = {"replicate": {"base_url": "https://api.replicate.com/v1", "api_key": "k"}}
    settings.PUBLIC_URL = "https://theway.example.org"
    family, ref = (
        ("qwen-image", "me/theway:" + 64 * "1") if trained_there else ("flux2-klein-9b", "")
    )
    model = UserModelFactory(ready=True, engine="", base_family=family, remote_ref=ref)
    asked = ASKED | {"provider": "replicate"}
    with pytest.raises(services.GenerationRefusedError, match="Choose 1 picture"):
        services.create(model, idempotency_key="a", **(asked | {"count": 2}))
    assert not JobQueue.objects.exists()
    assert services.create(model, idempotency_key="a", **asked).payload["count"] == 1


def test_every_shape_fits_the_documented_sizes():
    for width, height in RATIOS.values():
        assert width % 8 == height % 8 == 0
        assert 256 <= min(width, height) <= max(width, height) <= 1920


def finishing(model, **result):
    return JobFactory(
        kind="generation",
        model=model,
        finishing=True,
        run_id="img-1",
        result=result,
        payload={"prompt": "p", "typed_prompt": "p", "ratio": "1:1", "strength": 1.0, "seed": 1},
    )


def test_pictures_that_came_with_the_answer_are_stored_at_once_and_then_moved(ready, scripted):
    job = finishing(ready)
    run = Run("img-1", RunStatus.SUCCEEDED, outputs=(Output(data=jpeg(512, 512)),))
    job.result = GenerationWork().result_of(job, run)
    job.save()
    collect(job.pk)
    image = GeneratedImage.objects.get()
    assert (image.width, image.height) == (512, 512)
    assert not default_storage.exists(job.result["outputs"][0]["file"])


def test_a_picture_is_stored_once_however_often_it_is_downloaded(ready, scripted):
    url = "http://127.0.0.1:9/v1/images/img-1/0.jpg"
    scripted.mock.get(url, body=jpeg())
    job = finishing(ready, outputs=[{"url": url}])
    for _ in range(2):
        GenerationWork().collect(job, registry.get("local"), lambda _: None)
    assert GeneratedImage.objects.count() == 1


def test_an_answer_without_a_picture_is_no_success(ready):
    with pytest.raises(InvalidResultError):
        GenerationWork().collect(finishing(ready, outputs=[]), None, lambda _: None)


def test_an_error_page_is_never_stored_as_a_picture(ready, scripted):
    url = "http://127.0.0.1:9/v1/images/img-1/0.jpg"
    scripted.mock.get(url, body=b"<html>expired</html>")
    job = finishing(ready, outputs=[{"url": url}])
    collect(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FINISHING, "bad_image")
    assert not GeneratedImage.objects.exists()


def test_a_synchronous_answer_goes_straight_to_fetching(ready, scripted):
    scripted.mock.post(
        "http://127.0.0.1:9/v1/images/generations",
        json={
            "id": "img-1",
            "model": "m",
            "object": "list",
            "data": [
                {"index": 0, "type": "b64_json", "b64_json": base64.b64encode(jpeg()).decode()}
            ],
        },
    )
    job = services.create(ready, idempotency_key="a", **ASKED)
    submit(job.pk)
    job.refresh_from_db()
    assert (job.status, job.run_id) == (Status.FINISHING, "img-1")
    collect(job.pk)
    assert GeneratedImage.objects.get().prompt == job.payload["prompt"]
