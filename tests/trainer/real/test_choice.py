"""Which engine is at work, and what is said of it."""

from __future__ import annotations

import pytest

from tests.trainer.real.workshop import KLEIN, Workshop, script
from theway.processes.process import NotReadyError
from trainer.engines.diffusers.known import SHIPPED_MODEL

pytestmark = pytest.mark.service


def without_card(workshop: Workshop) -> None:
    script(workshop.folder / "bin" / "nvidia-smi", "exit 9")


def without_model(workshop: Workshop) -> None:
    (workshop.models / KLEIN.replace("/", "--") / "model_index.json").unlink()


def without_packages(workshop: Workshop) -> None:
    (workshop.child / "no_packages").touch()


def without_python(workshop: Workshop) -> None:
    workshop.python.unlink()


def without_cuda(workshop: Workshop) -> None:
    (workshop.child / "no_cuda").touch()


@pytest.mark.parametrize(
    ("lacks", "why"),
    [
        (without_cuda, "torch is a build for the processor"),
        (without_card, "there is no graphics card that its driver knows"),
        (without_model, "no base model is on this machine"),
        (without_packages, "the packages for training are not complete"),
        (without_python, "there are no packages for training"),
    ],
)
def test_what_is_missing_makes_auto_a_simulation_that_says_so(
    begin, client_of, workshop, lacks, why
):
    lacks(workshop)
    trainer = begin(module="trainer", TRAINER_ENGINE="auto")

    answer = client_of(trainer).http.get("/healthz")

    assert answer.json()["engine"] == answer.headers["X-Trainer-Engine"] == "simulated"
    assert answer.json()["why"].startswith(why)
    assert why in trainer.log


def test_where_nothing_is_missing_auto_really_trains(begin, client_of, workshop):
    answer = client_of(begin(module="trainer", TRAINER_ENGINE="auto")).http.get("/healthz")

    assert answer.json() == {"status": "ok", "engine": "diffusers"}
    assert answer.headers["X-Trainer-Engine"] == "diffusers"


def test_a_simulation_that_was_asked_for_needs_no_reason(begin, client_of):
    client = client_of(begin(module="trainer", TRAINER_ENGINE="simulated"))

    assert client.http.get("/healthz").json() == {"status": "ok", "engine": "simulated"}
    assert (
        "fit"
        not in client.http.get(
            "/v1/fine-tunes/models/limits", params={"model_name": "black-forest-labs/FLUX.1-dev"}
        ).json()
    )


def test_the_real_engine_without_its_packages_does_not_start(begin, workshop):
    without_packages(workshop)

    with pytest.raises(NotReadyError, match="code 2"):
        begin(module="trainer")


@pytest.mark.parametrize("lacks", [without_card, without_cuda])
def test_the_real_engine_runs_without_a_card_for_what_is_small(begin, client_of, workshop, lacks):
    lacks(workshop)
    client = client_of(begin(module="trainer"))

    found = client.http.get(
        "/v1/fine-tunes/models/limits", params={"model_name": SHIPPED_MODEL}
    ).json()["fit"]

    assert (found["fits"], found["card"]) == (True, "this machine's processor")
