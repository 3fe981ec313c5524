"""The provider against fal's stand-in: another process, written from the same documents."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from providers import errors
from providers.catalog import FLUX2_DEV
from providers.fal import offers
from providers.fal.provider import Fal
from providers.types import Lora, Run, RunRef, RunStatus, WorkKind
from tests.emulators.fal.process import KEY, Fal as Service, FalProcess
from tests.providers.samples import generation_request, photos, training_request
from theway.processes.waiting import wait_until


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FalProcess]:
    process = FalProcess(tmp_path_factory.mktemp("fal") / "data")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def service(process: FalProcess) -> Iterator[Service]:
    service = Service(process)
    service.clear()
    yield service
    service.clear()
    service.close()


@pytest.fixture
def fal(service: Service) -> Fal:
    return Fal(api_key=KEY, base_url=service.process.url)


def started(fal: Fal, base_model: str = FLUX2_DEV) -> tuple[RunRef, str]:
    """Train on twelve photos; return what names the run, and where the photos lie."""
    dataset = fal.upload_dataset(photos(12))
    request = training_request(base_model=base_model, dataset=dataset, steps=300)
    run = fal.start_training(fal.prepare_training(request))
    return RunRef(run.id, base_model=base_model), dataset


def ended(fal: Fal, ref: RunRef) -> Run:
    assert wait_until(lambda: fal.get_run(ref).status.is_over, limit=60)
    return fal.get_run(ref)


def test_it_offers_what_it_finds_and_says_that_it_is_simulated(fal):
    described = fal.describe()
    assert described.key_is_valid
    assert set(described.can_train) == set(offers.TRAINING)
    assert set(described.can_generate) == set(offers.GENERATION)
    assert described.engine == "simulated"


@pytest.mark.parametrize("base_model", offers.TRAINING)
def test_every_trainer_takes_what_is_sent_and_gives_weights(base_model, fal):
    ref, _dataset = started(fal, base_model)
    run = ended(fal, ref)
    assert (run.status, run.error) == (RunStatus.SUCCEEDED, "")
    with fal.download_weights(run) as download:
        assert download.size == len(b"".join(download.chunks))


def test_what_was_billed_is_what_was_expected(fal):
    ref, _dataset = started(fal)
    assert ended(fal, ref).cost_usd == pytest.approx(offers.TRAINING[FLUX2_DEV].price_usd(300))


def test_pictures_are_drawn_with_weights_that_were_uploaded(fal):
    ref, _dataset = started(fal)
    with fal.download_weights(ended(fal, ref)) as download:
        weights = b"".join(download.chunks)
    lora = Lora(fal.upload_weights(io.BytesIO(weights)), 0.9)
    run = fal.generate(generation_request(lora=lora, count=2))
    done = ended(fal, RunRef(run.id, WorkKind.GENERATION, FLUX2_DEV))
    assert len(done.outputs) == 2
    with fal.download_output(done.outputs[0]) as download:
        assert b"".join(download.chunks)


def test_a_run_whose_answer_was_lost_is_found_by_its_photos(fal, service):
    dataset = fal.upload_dataset(photos(12))
    request = fal.prepare_training(training_request(dataset=dataset, steps=300))
    service.rules({"route": "create", "fault": "answer_lost", "script": [True]})
    with pytest.raises(errors.OutcomeUnknownError):
        fal.start_training(request)

    def found() -> bool:
        try:
            return fal.find_run(dataset, WorkKind.TRAINING) is not None
        except errors.OutcomeUnknownError:
            return False

    assert wait_until(found, limit=60)


def test_no_credit_a_vanished_trainer_and_a_changed_one_are_told_apart(fal, service):
    request = training_request(dataset=fal.upload_dataset(photos(12)), steps=300)
    service.rules({"route": "*", "fault": "trainer_gone"})
    with pytest.raises(errors.TrainerGoneError, match="no longer there"):
        fal.prepare_training(request)
    service.rules({"route": "*", "fault": "changed_schema"})
    with pytest.raises(errors.TrainerGoneError, match="image_data_url"):
        fal.prepare_training(request)
    service.clear()
    request = fal.prepare_training(request)
    service.rules({"route": "*", "fault": "no_credit"})
    with pytest.raises(errors.OutOfCreditError):
        fal.start_training(request)


def test_a_cancelled_run_ends(fal, service):
    service.rules({"route": "*", "fault": "stuck"})
    ref, _dataset = started(fal)
    fal.cancel_run(ref)
    service.clear()
    assert ended(fal, ref).status is RunStatus.CANCELLED


def test_what_was_sent_and_came_out_can_be_deleted(fal):
    ref, _dataset = started(fal)
    ended(fal, ref)
    fal.delete_run(ref)
    fal.delete_run(ref)
