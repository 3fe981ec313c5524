"""What the service refuses, in the documented words and numbers."""

from __future__ import annotations

import hashlib
import json

import httpx
import pytest

from tests.trainer.conftest import MODEL
from tests.trainer.photos import example, photo, write_dataset

pytestmark = pytest.mark.service

NOBODY = "ft-" + "0" * 24


@pytest.fixture
def file_id(client, tmp_path) -> str:
    return client.together.files.upload(write_dataset(tmp_path / "good.jsonl", seed=99)).id


def upload(client, content: bytes, name: str = "set.jsonl", **fields: str) -> httpx.Response:
    data = {"purpose": "fine-tune", "file_name": name, **fields}
    return client.http.post("/v1/files/upload", data=data, files={"file": (name, content)})


def assert_refused(answer: httpx.Response, status: int, words: str = "") -> dict:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert words in error["message"]
    return error


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer nope"}, {"Authorization": "local"}]
)
@pytest.mark.parametrize("path", ["/v1/files", "/v1/fine-tunes", "/v1/images/generations", "/x"])
def test_nobody_gets_in_without_a_key(trainer, path, header):
    answer = httpx.get(f"{trainer.url}{path}", headers=header, trust_env=False)

    assert_refused(answer, 401)


def status_as(trainer, host: str) -> int:
    headers = {**trainer.headers, "Host": host}
    return httpx.get(f"{trainer.url}/v1/files", headers=headers, trust_env=False).status_code


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8100", "[", "localhost@x"]
)
def test_another_name_that_leads_here_opens_nothing(trainer, host):
    assert status_as(trainer, host) in {400, 421}


@pytest.mark.parametrize("host", ["localhost:8100", "127.0.0.2", "[::1]:8100", "LOCALHOST."])
def test_the_names_of_this_machine_are_its_own(trainer, host):
    assert status_as(trainer, host) == 200


def test_the_public_name_is_its_own_too(own_trainer):
    trainer = own_trainer(public_url="https://trainer.example.org")
    assert status_as(trainer, "trainer.example.org") == 200
    assert status_as(trainer, "other.example.org") == 421


def test_each_of_several_keys_opens_and_others_do_not(own_trainer, tmp_path):
    trainer = own_trainer(key="first, second")

    def status(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.get(f"{trainer.url}/v1/files", headers=headers, trust_env=False).status_code

    answers = [status(key) for key in ("first", "second", "local", "first, second", "firs")]
    assert answers == [200, 200, 401, 401, 401]


def test_keys_and_upload_addresses_never_reach_the_log(own_trainer, client_of, tmp_path):
    trainer = own_trainer(key="a-secret-key")
    client = client_of(trainer)
    client.together.files.upload(write_dataset(tmp_path / "set.jsonl"))

    trainer.stop()

    assert "a-secret-key" not in trainer.log
    assert "PUT '/v1/uploads/…' 200" in trainer.log


@pytest.mark.parametrize(
    "path",
    [
        "/v1/fine-tunes/{id}",
        "/v1/fine-tunes/{id}/events",
        "/v1/fine-tunes/{id}/metrics",
        "/v1/files/{id}",
        "/v1/files/{id}/content",
        "/v1/images/{id}/0.jpg",
        "/v1/finetune/download?ft_id={id}",
    ],
)
@pytest.mark.parametrize(
    "bad_id", [NOBODY, "..", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%00b", "%ff", "x" * 3000]
)
def test_an_id_that_is_not_ours_is_not_found(client, path, bad_id):
    assert_refused(client.http.get(path.format(id=bad_id)), 404)


def test_an_image_is_only_found_under_its_own_name(client):
    body = {"model": MODEL, "prompt": "x", "width": 256, "height": 256}
    call_id = client.http.post("/v1/images/generations", json=body).json()["id"]

    assert client.http.get(f"/v1/images/{call_id}/0.jpg").status_code == 200
    for name in ("job.json", "1.jpg", "..%2Fjob.json", "0.png", "..%2F..%2Fruns"):
        assert_refused(client.http.get(f"/v1/images/{call_id}/{name}"), 404)


def test_a_file_name_of_the_client_is_never_a_path(client, trainer):
    answer = upload(client, example(photo(50)).encode(), name="../../escape.jsonl")

    assert answer.json()["filename"] == "../../escape.jsonl"
    assert not list(trainer.folder.parent.rglob("escape*"))


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"model": "foo/bar"}, 404, "model"),
        ({"model": None}, 400, "model"),
        ({"model": 7}, 400, "model"),
        ({"training_file": None}, 400, "training_file"),
        ({"training_file": "file-none"}, 404, None),
        ({"n_epochs": 0}, 400, "n_epochs"),
        ({"n_epochs": True}, 400, "n_epochs"),
        ({"n_epochs": 10**30}, 400, "n_epochs"),
        ({"batch_size": 99}, 400, "batch_size"),
        ({"learning_rate": 1.0}, 400, "learning_rate"),
        ({"learning_rate": "fast"}, 400, "learning_rate"),
        ({"learning_rate": True}, 400, "learning_rate"),
        ({"learning_rate": 10**400}, 400, "learning_rate"),
        ({"n_epochs": 1.0}, 400, "n_epochs"),
        ({"n_epochs": "3"}, 400, "n_epochs"),
        ({"image_params": {"trigger_word": "x" * 61}}, 400, "image_params.trigger_word"),
        ({"validation_file": "file-1"}, 400, "validation_file"),
        ({"suffix": "x" * 41}, 400, "suffix"),
        ({"suffix": "nul\x00"}, 400, "suffix"),
        ({"training_type": {"type": "Full"}}, 400, "training_type.type"),
        ({"training_type": []}, 400, "training_type"),
        ({"training_type": {"type": "Lora", "lora_r": 4096}}, 400, "training_type.lora_r"),
        ({"training_method": {"method": "dpo"}}, 400, "training_method.method"),
        ({"from_checkpoint": "ft-1"}, 400, "from_checkpoint"),
        ({"image_params": {"resolution": 12}}, 400, "image_params.resolution"),
    ],
)
def test_a_wrong_field_is_refused_by_name(client, file_id, change, status, param):
    body = {"model": MODEL, "training_file": file_id, **change}

    error = assert_refused(client.http.post("/v1/fine-tunes", json=body), status)

    assert error["param"] == param


@pytest.mark.parametrize(
    ("field", "param"),
    [
        (b'"learning_rate": NaN', "learning_rate"),
        (b'"learning_rate": Infinity', "learning_rate"),
        (b'"suffix": "\\ud800"', "suffix"),
        (b'"image_params": {"subject": "\\u0000"}', "image_params.subject"),
    ],
)
def test_what_json_allows_and_no_store_can_hold_is_refused(client, field, param):
    body = b'{"model": "%s", "training_file": "file-1", %s}' % (MODEL.encode(), field)
    headers = {"Content-Type": "application/json"}

    answer = client.http.post("/v1/fine-tunes", content=body, headers=headers)

    assert assert_refused(answer, 400)["param"] == param


def test_a_field_that_is_null_counts_as_absent_and_unknown_ones_are_ignored(client, file_id):
    body = {"model": MODEL, "training_file": file_id, "n_epochs": None, "training_type": None}

    created = client.http.post("/v1/fine-tunes", json=body | {"n_evals": {"any": "thing"}})

    job = created.raise_for_status().json()
    assert (job["n_epochs"], job["training_type"]["lora_r"]) == (1, 16)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(client, body):
    assert_refused(client.http.post("/v1/fine-tunes", content=body), 400)


def test_a_body_without_end_is_refused(client):
    assert_refused(client.http.post("/v1/fine-tunes", content=b" " * 2_000_000), 400, "mebibyte")


def test_refused_trainings_leave_no_run(client, file_id):
    before = len(client.http.get("/v1/fine-tunes").json()["data"])

    client.http.post("/v1/fine-tunes", json={"model": "foo/bar", "training_file": file_id})

    assert len(client.http.get("/v1/fine-tunes").json()["data"]) == before


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([""], "no photo"),
        (["{}"], "Line 1: needs one photo, has 0"),
        (["not json"], "Line 1: not a JSON object"),
        ([example(photo(60)), '{"text": "hello"}'], "Line 2: needs one photo"),
    ],
)
def test_a_file_that_is_no_dataset_is_kept_as_invalid_and_cannot_be_trained(client, lines, words):
    file = upload(client, "\n".join(lines).encode()).json()

    assert (file["processing_status"], file["Processed"]) == ("INVALID_FORMAT", False)
    assert words in file["validation_report"]["error"]
    body = {"model": MODEL, "training_file": file["id"]}
    assert_refused(client.http.post("/v1/fine-tunes", json=body), 400, words)


def test_a_photo_that_cannot_be_decoded_fails_the_run_and_names_the_line(client):
    lines = [example(photo(70)), example(photo(71)), example(b"not a photo")]
    file = upload(client, "\n".join(lines).encode()).json()
    body = {"model": MODEL, "training_file": file["id"]}

    job = client.wait(client.http.post("/v1/fine-tunes", json=body).json()["id"])

    last = job["events"][-1]
    assert (job["status"], last["type"], last["level"]) == ("error", "job_error", "error")
    assert "Line 3" in last["message"]
    assert_refused(client.http.get(f"/v1/finetune/download?ft_id={job['id']}"), 400)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"purpose": "fun"}, "purpose"),
        ({"file_name": "set.csv"}, "file_type"),
        ({"file_type": "parquet"}, "file_type"),
        ({"file_name": "x" * 300 + ".jsonl"}, "file_name"),
        ({"file_name": "nul\x00.jsonl"}, "file_name"),
    ],
)
def test_an_upload_that_makes_no_sense_is_refused(client, fields, param):
    assert assert_refused(upload(client, b"{}", **fields), 400)["param"] == param


def test_an_upload_without_a_file_is_refused(client):
    answer = client.http.post("/v1/files/upload", files={"purpose": (None, "fine-tune")})

    assert assert_refused(answer, 400)["param"] == "file"


def announce(client, content: bytes) -> httpx.Response:
    fields = {
        "purpose": "fine-tune",
        "file_name": "set.jsonl",
        "file_type": "jsonl",
        "checksum": hashlib.sha256(content).hexdigest(),
    }
    return client.http.post(
        "/v1/files", files={name: (None, text) for name, text in fields.items()}
    )


def test_bytes_other_than_the_announced_are_refused_and_may_be_sent_again(client):
    content = example(photo(80)).encode()
    announced = announce(client, content)
    address = announced.headers["Location"]

    assert_refused(httpx.put(address, content=content[:-1], trust_env=False), 400, "checksum")
    assert httpx.put(address, content=content, trust_env=False).status_code == 200
    assert_refused(httpx.put(address, content=content, trust_env=False), 404)


def test_an_upload_address_is_a_secret(client, trainer):
    guess = f"{trainer.url}/v1/uploads/guess"

    assert_refused(httpx.put(guess, content=b"x", trust_env=False), 404)
    assert_refused(httpx.get(guess, trust_env=False), 401)


def test_a_file_without_its_bytes_cannot_be_processed_or_trained(client):
    file_id = announce(client, example(photo(81)).encode()).headers["X-Together-File-Id"]

    assert_refused(client.http.post(f"/v1/files/{file_id}/preprocess"), 400, "not come yet")
    body = {"model": MODEL, "training_file": file_id}
    assert_refused(client.http.post("/v1/fine-tunes", json=body), 400, "PENDING")


def test_a_wrong_address_or_method_has_the_documented_body(client):
    assert_refused(client.http.get("/v1/models/none"), 404)
    assert_refused(client.http.put("/v1/fine-tunes", content=json.dumps({})), 405)
