"""The same promises, kept against the running emulator of Replicate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from providers import errors
from providers.catalog import FLUX1_DEV, FLUX2_KLEIN_9B, QWEN_IMAGE
from providers.replicate.fast import ReplicateFast
from providers.replicate.provider import Replicate
from providers.types import Lora, RunRef, RunStatus, WorkKind
from tests.emulators.replicate.process import KEY, Replicate as Service
from tests.emulators.replicate.receiver import listening
from tests.providers.replicate.emulated import captioned, finished, received, start
from tests.providers.samples import generation_request, training_request
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service
LORA = Lora("https://us.example/loras/a.safetensors", 0.9)


@pytest.mark.parametrize(
    ("cls", "base_model"),
    [(Replicate, FLUX1_DEV), (Replicate, QWEN_IMAGE), (ReplicateFast, FLUX1_DEV)],
)
def test_training_from_photos_to_weights_and_pictures(service, cls, base_model):
    provider = cls(api_key=KEY, base_url=service.process.url)
    run = start(provider, base_model=base_model)
    assert (run.status, run.engine) == (RunStatus.QUEUED, "simulated")

    done = finished(provider, run)
    assert done.status is RunStatus.SUCCEEDED, done.error
    assert (done.step, done.total_steps, done.progress) == (200, 200, 1.0)
    assert done.cost_usd is not None
    assert done.billed.endswith(" s")
    assert done.created_at is not None
    assert abs(datetime.now(UTC) - done.created_at).total_seconds() < 600
    assert Replicate.is_own(done.remote_ref)
    assert received(provider, done).size > 1000

    drawing = Replicate(api_key=KEY, base_url=service.process.url)
    request = generation_request(
        base_model=base_model,
        lora=Lora(done.remote_ref, 0.9),
        count=1 if base_model == QWEN_IMAGE else 2,
    )
    drawn = drawing.generate(drawing.prepare_generation(request))
    pictures = finished(drawing, drawn, WorkKind.GENERATION)
    assert pictures.status is RunStatus.SUCCEEDED, pictures.error
    assert len(pictures.outputs) == request.count
    for output in pictures.outputs:
        with drawing.download_output(output) as download:
            assert b"".join(download.chunks).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(("base_model", "count"), [(FLUX1_DEV, 2), (FLUX2_KLEIN_9B, 1)])
def test_runner_takes_what_it_is_sent(emulated, base_model, count):
    request = generation_request(base_model=base_model, lora=LORA, count=count)
    drawn = emulated.generate(emulated.prepare_generation(request))
    assert drawn.status in {RunStatus.QUEUED, RunStatus.RUNNING}
    assert drawn.engine == "simulated"


def test_log_has_lines_losses_and_the_step(emulated):
    done = finished(emulated, start(emulated))
    log = emulated.run_log(RunRef(done.id))
    assert (log.step, log.total_steps) == (200, 200)
    assert any(line.text.startswith("Extracted") for line in log.lines)
    assert not any("%|" in line.text for line in log.lines)
    steps = [step for step, _loss in log.losses]
    assert steps == sorted(steps)
    assert log.losses[0][1] > log.losses[-1][1]


def test_photos_without_captions_are_described_with_the_trigger_word(emulated):
    log = emulated.run_log(RunRef(finished(emulated, start(emulated)).id))
    told = [line.text for line in log.lines if line.text.startswith("Caption for")]
    assert len(told) == 4
    assert all("photo of ann_k7," in text for text in told)


def test_own_captions_are_kept(emulated):
    dataset = emulated.upload_dataset(captioned(3))
    request = training_request(base_model=FLUX1_DEV, dataset=dataset, steps=100)
    request = emulated.prepare_training(request)
    assert request.target["input"]["autocaption"] is False
    done = finished(emulated, emulated.start_training(request))
    lines = emulated.run_log(RunRef(done.id)).lines
    assert not any(line.text.startswith("Caption for") for line in lines)


def test_webhook_of_a_training_is_believed_and_names_its_run(emulated):
    with listening() as receiver:
        run = start(emulated, webhook_url=receiver.url)
        finished(emulated, run)
        webhooks = receiver.wait_for(2)
    keys = emulated.webhook_keys()
    found = [
        emulated.parse_webhook(one.headers, one.body, keys, datetime.now(UTC)) for one in webhooks
    ]
    assert {one.run_id for one in found} == {run.id}
    assert len({one.delivery_id for one in found}) == len(found)


def test_forged_webhook_is_not_believed(emulated, service):
    service.rules({"route": "webhook", "fault": "forged"})
    with listening() as receiver:
        start(emulated, webhook_url=receiver.url)
        [one, *_others] = receiver.wait_for(1)
    with pytest.raises(errors.InvalidWebhookError):
        emulated.parse_webhook(one.headers, one.body, emulated.webhook_keys(), datetime.now(UTC))


def test_service_is_described_as_simulated(emulated, service):
    described = emulated.describe()
    assert described.key_is_valid
    assert described.engine == "simulated"
    assert described.can_train == (FLUX1_DEV, QWEN_IMAGE)
    assert FLUX2_KLEIN_9B in described.can_generate
    fast = ReplicateFast(api_key=KEY, base_url=service.process.url)
    assert fast.describe().can_train == (FLUX1_DEV,)


def test_refused_key_is_described_not_raised(service):
    provider = Replicate(api_key="no-key-of-that-form", base_url=service.process.url)
    assert not provider.describe().key_is_valid


def test_nothing_stays_of_a_training_that_is_deleted(emulated, service):
    done = finished(emulated, start(emulated))
    for _ in range(2):
        emulated.delete_run(RunRef(done.id))
        emulated.delete_dataset(done.correlation)
    request = generation_request(base_model=FLUX1_DEV, lora=Lora(done.remote_ref, 1.0))
    with pytest.raises(errors.TrainerGoneError):
        emulated.generate(request)
    wait_until(lambda: _is_gone(service, done.remote_ref))
    with pytest.raises(errors.TrainerGoneError):
        emulated.prepare_generation(request)


def _is_gone(service: Service, ref: str) -> bool:
    model, _colon, version = ref.partition(":")
    return service.request("GET", f"/models/{model}/versions/{version}").status_code == 404


def test_removed_pictures_are_no_pictures_any_more(own, emulated_own):
    training = start(emulated_own)
    wait_until(lambda: emulated_own.get_run(RunRef(training.id)).status is RunStatus.RUNNING)
    own.pass_time(700)
    done = finished(emulated_own, training)
    request = generation_request(base_model=FLUX1_DEV, lora=Lora(done.remote_ref, 1.0))
    drawn = emulated_own.generate(emulated_own.prepare_generation(request))
    assert finished(emulated_own, drawn, WorkKind.GENERATION).outputs
    own.pass_time(3700)
    ref = RunRef(drawn.id, WorkKind.GENERATION)
    wait_until(lambda: not emulated_own.get_run(ref).outputs)
