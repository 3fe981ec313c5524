"""What Replicate's API says, as plain requests hear it."""

from __future__ import annotations

import io
import tarfile
import zipfile
from itertools import pairwise

import pytest
import requests
import safetensors
from PIL import Image

from tests.emulators.replicate.process import (
    FAST,
    FLUX_LORA,
    KLEIN,
    OSTRIS,
    QWEN,
    Replicate,
    dataset,
)
from tests.trainer.process import wait_until

pytestmark = pytest.mark.service

PINNED = "c6e78d2501e8088876e99ef21e4460d0dc121af7a4b786b9a4c2d75c620e300d"


# --- who may ask --------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer sk-1", "Basic r8_a", "Bearer r8_"])
def test_only_a_key_of_replicates_form_is_answered(replicate: Replicate, header):
    answer = replicate.request("GET", "/account", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json() == {
        "title": "Unauthenticated",
        "detail": "You did not pass a valid authentication token",
        "status": 401,
    }


@pytest.mark.parametrize("header", ["Bearer r8_any", "Token r8_any"])
def test_any_key_of_that_form_is_one_of_the_account(replicate: Replicate, header):
    answer = replicate.request("GET", "/account", headers={"Authorization": header})

    assert answer.json()["username"] == "emulated"


def test_every_answer_says_that_it_is_simulated(replicate: Replicate):
    url = replicate.process.url
    answers = [
        replicate.request("GET", "/account"),
        replicate.request("GET", "/nowhere"),
        replicate.request("GET", "//faults"),
        requests.get(f"{url}/healthz", timeout=5),
        requests.get(f"{url}/v1/account", timeout=5),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 200, 200, 401]
    assert {answer.headers["X-Trainer-Engine"] for answer in answers} == {"simulated"}
    assert "THIS IS AN EMULATOR" in replicate.process.log


def test_a_name_that_leads_here_by_somebody_elses_doing_is_refused(replicate: Replicate):
    answer = replicate.request("GET", "/account", headers={"Host": "evil.example"})

    assert answer.status_code == 421


def test_the_controls_need_a_key(replicate: Replicate):
    for path in ("//faults", "//ledger", "//clock"):
        answer = replicate.request("GET", path, headers={"Authorization": ""})
        assert answer.status_code == 401


# --- models -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"owner": "somebody"}, 403),
        ({"name": "With-Capitals"}, 422),
        ({"name": "-dash"}, 422),
        ({"name": 7}, 422),
        ({"visibility": "secret"}, 422),
        ({"hardware": "gpu-none"}, 422),
    ],
)
def test_a_model_that_cannot_be_made_is_refused(replicate: Replicate, change, status):
    body = {"owner": "emulated", "name": "m", "visibility": "private", "hardware": "cpu"}

    answer = replicate.request("POST", "/models", json=body | change)

    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_an_own_model_is_listed_before_those_of_others(replicate: Replicate):
    destination = replicate.destination()

    names = [f"{one['owner']}/{one['name']}" for one in replicate.get("/models")["results"]]

    assert names.index(destination) < names.index(OSTRIS)


def test_a_public_model_cannot_be_deleted(replicate: Replicate):
    body = {"owner": "emulated", "name": "shown", "visibility": "public", "hardware": "cpu"}
    replicate.request("POST", "/models", json=body).raise_for_status()

    assert replicate.request("DELETE", "/models/emulated/shown").status_code == 422
    assert replicate.request("DELETE", f"/models/{OSTRIS}").status_code == 404


@pytest.mark.parametrize(
    ("trainer", "dataset_field", "required"),
    [
        (OSTRIS, "input_images", None),
        (FAST, "input_images", ["input_images", "lora_type"]),
        (QWEN, "dataset", ["dataset"]),
    ],
)
def test_a_trainer_publishes_what_it_takes(replicate: Replicate, trainer, dataset_field, required):
    latest = replicate.get(f"/models/{trainer}")["latest_version"]

    published = latest["openapi_schema"]["components"]["schemas"]["TrainingInput"]

    assert published["properties"][dataset_field]["format"] == "uri"
    assert published.get("required") == required
    assert replicate.get(f"/models/{trainer}/versions/{latest['id']}") == latest


def test_a_choice_is_published_as_a_reference(replicate: Replicate):
    schemas = replicate.get(f"/models/{OSTRIS}")["latest_version"]["openapi_schema"]["components"][
        "schemas"
    ]

    optimizer = schemas["TrainingInput"]["properties"]["optimizer"]

    assert optimizer["allOf"] == [{"$ref": "#/components/schemas/optimizer"}]
    assert optimizer["default"] in schemas["optimizer"]["enum"]


def test_an_older_version_is_still_there(replicate: Replicate):
    versions = [one["id"] for one in replicate.get(f"/models/{OSTRIS}/versions")["results"]]

    assert versions[1:] == [PINNED]
    assert replicate.finish(replicate.train(version=PINNED))["status"] == "succeeded"


# --- files --------------------------------------------------------------------------------------


def test_the_newer_clients_way_to_send_a_file_is_understood(replicate: Replicate):
    parts = [
        ("filename", (None, "named.zip")),
        ("metadata[job]", (None, "1")),
        ("type", (None, "application/zip")),
        ("content", ("upload", b"zip", "application/octet-stream")),
    ]

    file = replicate.request("POST", "/files", files=parts).json()

    assert (file["name"], file["content_type"]) == ("named.zip", "application/zip")
    assert file["metadata"] == {"job": "1"}


def test_a_file_needs_the_key_and_its_content(replicate: Replicate):
    address = replicate.upload(b"zip")

    assert requests.get(address, timeout=5).status_code == 401
    answer = replicate.request("POST", "/files", files={"other": ("a", b"b")})
    assert (answer.status_code, answer.json()["detail"]) == (422, "content is required")
    assert replicate.request("POST", "/files", data=b"no form").status_code == 422


def test_a_file_expires_at_the_time_it_says(own_replicate):
    replicate: Replicate = own_replicate()
    file_id = replicate.upload(dataset()).rpartition("/")[2]
    path = replicate.process.folder / "files" / file_id
    assert path.exists()

    replicate.pass_time(24 * 3600 + 1)

    assert replicate.request("GET", f"/files/{file_id}").status_code == 404
    wait_until(lambda: not path.exists())
    assert replicate.get("/files")["results"] == []


# --- trainings ----------------------------------------------------------------------------------


def test_the_addresses_of_a_new_training_lead_to_predictions(replicate: Replicate):
    created = replicate.create()

    run = created.json()

    assert created.status_code == 201
    assert run["status"] == "starting"
    assert run["urls"]["get"].endswith(f"/v1/predictions/{run['id']}")
    assert replicate.get(f"/predictions/{run['id']}")["id"] == run["id"]
    later = replicate.training(run["id"])["urls"]["get"]
    assert later.endswith(f"/v1/trainings/{run['id']}")


def test_a_training_tells_what_it_took(replicate: Replicate):
    run = replicate.finish(replicate.train())

    assert run["metrics"]["predict_time"] >= 0.4
    assert run["metrics"]["total_time"] > run["metrics"]["predict_time"]


def members(address: str) -> dict[str, bytes]:
    """Return what is in an archive, told by its first bytes."""
    data = io.BytesIO(requests.get(address, timeout=5).content)
    if data.getvalue().startswith(b"PK"):
        with zipfile.ZipFile(data) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(fileobj=data) as tar:
        return {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("trainer", "values", "weights", "bar"),
    [
        (
            OSTRIS,
            {"input_images": "", "steps": 50},
            "output/flux_train_replicate/lora.safetensors",
            "flux_train_replicate: 100%|██████████| 50/50",
        ),
        (
            FAST,
            {"input_images": "", "training_steps": 50, "lora_type": "subject"},
            "flux-lora/flux-lora.safetensors",
            "100%|██████████| 50/50",
        ),
        (QWEN, {"dataset": "", "steps": 100}, "lora.safetensors", "100%|██████████| 100/100"),
    ],
)
def test_each_trainer_writes_and_packs_in_its_own_way(
    replicate: Replicate, trainer, values, weights, bar
):
    address = replicate.upload(dataset(captions=False))
    given = {name: value or address for name, value in values.items()}

    run = replicate.finish(replicate.train(trainer, given))

    found = members(run["output"]["weights"])
    assert [name for name in found if name.endswith(".safetensors")] == [weights]
    assert dict(safetensors.deserialize(found[weights]))
    assert b"simulated" in found[weights][:2000]
    assert bar in run["logs"].splitlines()[-1]
    assert run["logs"].count(bar) == 1
    assert run["logs"].startswith("[emulator] Simulated")


def test_a_log_only_grows_and_its_steps_with_it(own_replicate):
    replicate: Replicate = own_replicate(training=1.5)
    run_id = replicate.train()
    logs = []

    def is_over() -> bool:
        run = replicate.training(run_id)
        logs.append(run["logs"])
        return run["status"] == "succeeded"

    wait_until(is_over)

    assert len(set(logs)) > 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(logs))


def test_photos_without_a_text_are_captioned_by_ostris(replicate: Replicate):
    values = {
        "input_images": replicate.upload(dataset(2, captions=False)),
        "autocaption_prefix": "photo of TOK,",
        "steps": 10,
    }

    run = replicate.finish(replicate.train(values=values))

    assert "Caption for 000.jpg: photo of TOK," in run["logs"]


@pytest.mark.parametrize(
    ("trainer", "values", "complaint"),
    [
        (OSTRIS, {"steps": 2}, "- input.steps: Must be greater than or equal to 3"),
        (OSTRIS, {"steps": 6001}, "- input.steps: Must be less than or equal to 6000"),
        (OSTRIS, {"steps": "40"}, "Invalid type. Expected: integer, given: string"),
        (OSTRIS, {"autocaption": 1}, "Invalid type. Expected: boolean, given: integer"),
        (OSTRIS, {"optimizer": "sgd"}, "- input.optimizer: input.optimizer must be one of"),
        (OSTRIS, {"input_images": "set.zip"}, "Does not match format 'uri'"),
        (OSTRIS, {"images_data_url": "x"}, "Additional property images_data_url is not allowed"),
        (FAST, {"lora_type": "subject"}, "- input: input_images is required"),
        (QWEN, {"dataset": "http://127.0.0.1/a", "steps": 99}, "greater than or equal to 100"),
    ],
)
def test_inputs_that_the_schema_does_not_allow_are_refused(
    replicate: Replicate, trainer, values, complaint
):
    before = replicate.ledger()["count"]

    answer = replicate.create(trainer, values)

    assert answer.status_code == 422
    assert answer.json()["title"] == "Input validation failed"
    assert complaint in answer.json()["detail"]
    assert answer.json()["invalid_fields"]
    assert replicate.ledger()["count"] == before


@pytest.mark.parametrize(
    "body",
    [
        {"destination": "emulated/none"},
        {"destination": OSTRIS},
        {"destination": None},
        {"webhook": "http://example.org/hook"},
        {"webhook": 5},
        {"webhook": "https://example.org/", "webhook_events_filter": ["ended"]},
    ],
)
def test_a_training_that_could_not_be_followed_is_refused(replicate: Replicate, body):
    assert replicate.create(**body).status_code == 422


def test_a_version_that_is_none_and_a_trainer_that_is_none_are_told_apart(replicate: Replicate):
    unknown = replicate.create(version="0" * 64)
    no_trainer = replicate.create(FLUX_LORA)
    gone = replicate.create("nobody/trainer", version="0" * 64)

    assert (unknown.status_code, no_trainer.status_code, gone.status_code) == (422, 422, 404)
    assert unknown.json()["title"] == "Invalid version or not permitted"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"no zip", "input_images must be a zip file"),
        (dataset(0), "input_images the zip file contains no images"),
        (dataset()[:-200], "input_images must be a zip file"),
    ],
)
def test_a_bad_dataset_is_a_failed_run(replicate: Replicate, data, complaint):
    run_id = replicate.train(values={"input_images": replicate.upload(data)})

    run = replicate.finish(run_id)

    assert (run["status"], run["error"], run["output"]) == ("failed", complaint, None)
    assert run["metrics"]["predict_time"] >= 0
    assert "Traceback" in run["logs"]


def test_a_training_without_a_dataset_fails_as_the_trainer_says(replicate: Replicate):
    run = replicate.finish(replicate.train(values={"steps": 10}))

    assert (run["status"], run["error"]) == ("failed", "input_images must be provided")


def test_a_dataset_that_was_deleted_before_the_start_fails_the_run(own_replicate):
    replicate: Replicate = own_replicate(queue=0.5)
    address = replicate.upload(dataset())
    run_id = replicate.train(values={"input_images": address})

    replicate.request("DELETE", f"/files/{address.rpartition('/')[2]}").raise_for_status()

    run = replicate.finish(run_id)
    assert run["status"] == "failed"
    assert "404 Client Error" in run["error"]


def test_a_dataset_is_fetched_from_elsewhere_too(replicate: Replicate):
    # A result of the emulator itself is reached like any other address, without a key.
    weights = replicate.finish(replicate.train())["output"]["weights"]

    run = replicate.finish(replicate.train(values={"input_images": weights}))

    assert run["error"] == "input_images must be a zip file"


def test_cancelling_stops_a_training_soon(own_replicate):
    replicate: Replicate = own_replicate(training=60)
    run_id = replicate.train()
    replicate.started(run_id)

    answer = replicate.request("POST", f"/trainings/{run_id}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (200, "processing")
    run = replicate.finish(run_id)
    assert (run["status"], run["output"], run["error"]) == ("canceled", None, None)
    assert run["metrics"]["predict_time"] < 60


def test_cancelling_before_the_start_bills_nothing(own_replicate):
    replicate: Replicate = own_replicate(queue=60)
    run_id = replicate.train()

    answer = replicate.request("POST", f"/trainings/{run_id}/cancel")

    assert answer.json()["status"] == "canceled"
    assert "predict_time" not in answer.json()["metrics"]


@pytest.mark.parametrize("path", ["/trainings/none", "/predictions/none", "/files/none"])
def test_what_is_not_there_is_a_404(replicate: Replicate, path):
    answer = replicate.request("GET", path)

    assert answer.status_code == 404
    assert answer.json()["detail"] == "The requested resource could not be found."


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_a_400(replicate: Replicate, body):
    assert replicate.request("POST", "/predictions", data=body).status_code == 400


# --- predictions --------------------------------------------------------------------------------


def picture(address: str) -> Image.Image:
    image = Image.open(io.BytesIO(requests.get(address, timeout=5).content))
    image.load()
    return image


def test_pictures_have_the_shape_and_number_that_were_asked_for(replicate: Replicate):
    values = {"prompt": "a boat", "num_outputs": 2, "aspect_ratio": "16:9", "output_format": "png"}

    run = replicate.draw(input=values | {"megapixels": "0.25"}).json()

    run = replicate.finish(run["id"], "predictions")
    pictures = [picture(address) for address in run["output"]]
    assert [(one.format, one.size) for one in pictures] == [("PNG", (688, 384))] * 2
    assert "SIMULATED" in pictures[0].text["Comment"]  # type: ignore[attr-defined]
    assert pictures[0].tobytes() != pictures[1].tobytes()


def test_waiting_holds_the_answer_until_the_picture_is_there_or_time_is_over(own_replicate):
    replicate: Replicate = own_replicate(picture=1.3)
    patient = replicate.request(
        "POST",
        f"/models/{KLEIN}/predictions",
        json={"input": {"prompt": "a boat"}},
        headers={"Prefer": "wait"},
    )
    hasty = replicate.request(
        "POST",
        f"/models/{KLEIN}/predictions",
        json={"input": {"prompt": "a boat"}},
        headers={"Prefer": "wait=1"},
    )

    assert (patient.status_code, patient.json()["status"]) == (201, "succeeded")
    assert (hasty.status_code, hasty.json()["status"]) == (202, "processing")


def test_a_deadline_before_the_start_aborts_and_bills_nothing(own_replicate):
    replicate: Replicate = own_replicate(queue=60)
    answer = replicate.request(
        "POST",
        f"/models/{KLEIN}/predictions",
        json={"input": {"prompt": "a boat"}},
        headers={"Cancel-After": "1s"},
    )

    run = replicate.finish(answer.json()["id"], "predictions")

    assert (run["status"], run["started_at"]) == ("aborted", None)
    assert "predict_time" not in run["metrics"]


def test_arrays_of_weights_and_strengths_must_agree(replicate: Replicate):
    values = {"prompt": "a boat", "lora_weights": ["emulated/a"], "lora_scales": [1, 0.5]}
    body = {"input": values}

    run = replicate.request("POST", f"/models/{KLEIN}/predictions", json=body).json()

    run = replicate.finish(run["id"], "predictions")
    assert run["error"] == "lora_weights and lora_scales must have the same length"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("none.safetensors", "404 Client Error"),
        ("trained_model.zip", "LoRA URLs must end"),
    ],
)
def test_weights_that_cannot_be_loaded_fail_the_picture(replicate: Replicate, name, complaint):
    address = f"{replicate.process.url}/delivery/x/{name}".replace(".zip", ".html")

    run = replicate.draw(input={"prompt": "a boat", "lora_weights": address}).json()

    run = replicate.finish(run["id"], "predictions")
    assert run["status"] == "failed"
    assert complaint in run["error"]


def test_a_trainer_makes_no_pictures(replicate: Replicate):
    body = {"input": {"prompt": "a boat"}}

    by_name = replicate.request("POST", f"/models/{OSTRIS}/predictions", json=body)
    by_version = replicate.request("POST", "/predictions", json={"version": PINNED, **body})

    assert (by_name.status_code, by_version.status_code) == (404, 422)


def test_what_a_prediction_holds_is_removed_after_an_hour(own_replicate):
    replicate: Replicate = own_replicate()
    run_id = replicate.draw().json()["id"]
    [address] = replicate.finish(run_id, "predictions")["output"]
    assert requests.get(address, timeout=5).status_code == 200

    replicate.pass_time(3601)

    wait_until(lambda: replicate.get(f"/predictions/{run_id}")["data_removed"])
    run = replicate.get(f"/predictions/{run_id}")
    assert (run["output"], run["input"], run["logs"]) == (None, {}, "")
    assert run["metrics"]
    wait_until(lambda: requests.get(address, timeout=5).status_code == 404)


def test_a_deleted_version_takes_its_pictures_and_weights_along(replicate: Replicate):
    training = replicate.finish(replicate.train())
    model, version = training["output"]["version"].split(":")
    body = {"version": version, "input": {"prompt": "TOK"}}
    run_id = replicate.request("POST", "/predictions", json=body).json()["id"]
    replicate.finish(run_id, "predictions")

    answer = replicate.request("DELETE", f"/models/{model}/versions/{version}")

    assert (answer.status_code, answer.content) == (202, b"")
    wait_until(lambda: replicate.request("GET", f"/predictions/{run_id}").status_code == 404)
    wait_until(lambda: not replicate.get(f"/models/{model}/versions")["results"])
    weights = requests.get(training["output"]["weights"], timeout=5)
    assert weights.status_code == 404
    assert replicate.request("DELETE", f"/models/{model}").status_code == 204
