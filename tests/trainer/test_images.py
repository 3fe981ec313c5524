"""Images over HTTP: the official client, and the list that finds a lost answer."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from tests.trainer.conftest import MODEL, Client
from tests.trainer.photos import write_dataset
from tests.trainer.test_refusals import assert_refused

pytestmark = pytest.mark.service

SMALL = {"width": 320, "height": 256}


@pytest.fixture(scope="module")
def weights_url(trainer, tmp_path_factory) -> Iterator[str]:
    """The address of finished weights, as the service says it."""
    client = Client(trainer)
    run_id = client.start(write_dataset(tmp_path_factory.mktemp("set") / "set.jsonl", seed=200))
    yield client.wait(run_id)["model_output_path"]
    client.close()


def test_the_official_client_gets_addresses_of_images(client):
    answer = client.together.images.generate(model=MODEL, prompt="a harbour", n=2, **SMALL)

    assert [item.index for item in answer.data] == [0, 1]
    for item in answer.data:
        fetched = client.http.get(item.url)
        assert fetched.headers["Content-Type"] == "image/jpeg"
        image = Image.open(io.BytesIO(fetched.content))
        assert (image.format, image.size) == ("JPEG", (320, 256))


def test_the_official_client_gets_images_in_the_answer(client, weights_url):
    answer = client.together.images.generate(
        model=MODEL,
        prompt="photo of ann_k7",
        seed=7,
        response_format="base64",
        output_format="png",
        image_loras=[{"path": weights_url, "scale": 0.9}],
        **SMALL,
    )

    image = Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json)))
    assert (image.format, image.size) == ("PNG", (320, 256))
    assert image.text["Comment"].startswith("SIMULATED")


def test_images_of_one_call_differ_and_follow_from_the_seed(client, weights_url):
    def generate(seed: int, n: int) -> list[str]:
        body = {"model": MODEL, "prompt": "ann", "seed": seed, "n": n, **SMALL}
        body |= {"response_format": "base64", "image_loras": [{"path": weights_url, "scale": 1}]}
        answer = client.http.post("/v1/images/generations", json=body).json()
        return [item["b64_json"] for item in answer["data"]]

    three = generate(seed=5, n=3)

    assert len(set(three)) == 3
    assert generate(seed=6, n=1) == three[1:2]


def test_a_lost_answer_is_found_by_its_token(client):
    body = {"model": MODEL, "prompt": "x", **SMALL}
    headers = {"X-Correlation-Id": "token-of-a-lost-answer"}
    client.http.post("/v1/images/generations", json=body, headers=headers)

    listed = client.http.get("/v1/images/generations").json()["data"]

    (found,) = [call for call in listed if call["correlation"] == "token-of-a-lost-answer"]
    assert client.http.get(found["data"][0]["url"]).status_code == 200


def test_a_call_is_listed_while_it_is_running_and_a_crash_takes_it_away(own_trainer, client_of):
    trainer = own_trainer(image_seconds=60)
    client = client_of(trainer)
    body = {"model": MODEL, "prompt": "x", **SMALL}
    with pytest.raises(httpx.ReadTimeout):
        client.http.post(
            "/v1/images/generations", json=body, headers={"X-Correlation-Id": "t"}, timeout=0.5
        )

    (running,) = client.http.get("/v1/images/generations").json()["data"]
    assert (running["correlation"], running["data"]) == ("t", [])

    trainer.kill()
    trainer.start()
    assert client.http.get("/v1/images/generations").json()["data"] == []


def test_images_outlive_a_restart(own_trainer, client_of):
    trainer = own_trainer()
    client = client_of(trainer)
    body = {"model": MODEL, "prompt": "x", **SMALL}
    url = client.http.post("/v1/images/generations", json=body).json()["data"][0]["url"]
    before = client.http.get(url).content

    trainer.kill()
    trainer.start()

    assert client.http.get(url).content == before
    assert len(client.http.get("/v1/images/generations").json()["data"]) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"model": "foo/bar"}, 404),
        ({"prompt": ""}, 400),
        ({"width": 255}, 400),
        ({"width": 257}, 400),
        ({"height": 1928}, 400),
        ({"height": "tall"}, 400),
        ({"n": 5}, 400),
        ({"steps": 51}, 400),
        ({"seed": -1}, 400),
        ({"output_format": "gif"}, 400),
        ({"response_format": "b64_json"}, 400),
        ({"reference_images": ["https://example.com/a.jpg"]}, 400),
        ({"image_loras": [{"path": "x"}]}, 400),
        ({"image_loras": [{"path": "https://example.com/a.safetensors", "scale": 1}]}, 400),
        ({"image_loras": [{"path": "http://[", "scale": 1}]}, 400),
        ({"image_loras": [{}, {}, {}]}, 400),
        ({"image_loras": {"path": "x", "scale": 1}}, 400),
    ],
)
def test_a_wrong_body_is_refused(client, change, status):
    body = {"model": MODEL, "prompt": "a harbour", **SMALL, **change}

    assert_refused(client.http.post("/v1/images/generations", json=body), status)


def test_only_own_weights_can_generate_and_it_says_so(client):
    lora = {"path": "https://huggingface.co/somebody/lora.safetensors", "scale": 1}
    body = {"model": MODEL, "prompt": "x", **SMALL, "image_loras": [lora]}

    answer = client.http.post("/v1/images/generations", json=body)

    assert_refused(answer, 400, "This trainer only generates with its own weights")


def test_weights_of_another_family_do_not_fit(client, weights_url):
    lora = {"path": weights_url, "scale": 1}
    body = {"model": "black-forest-labs/FLUX.2-dev", "prompt": "x", **SMALL, "image_loras": [lora]}

    assert_refused(client.http.post("/v1/images/generations", json=body), 400, "does not fit")


def test_a_deleted_run_cannot_generate(client, tmp_path):
    run_id = client.start(write_dataset(tmp_path / "set.jsonl", seed=201))
    url = client.wait(run_id)["model_output_path"]
    client.http.delete(f"/v1/fine-tunes/{run_id}")
    body = {"model": MODEL, "prompt": "x", **SMALL, "image_loras": [{"path": url, "scale": 1}]}

    assert_refused(client.http.post("/v1/images/generations", json=body), 404)
