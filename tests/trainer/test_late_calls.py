"""A call that comes after its client has given it up begins nothing."""

import time

import pytest
import requests


def posted(trainer, path: str, not_after: str) -> requests.Response:
    body = {"model": "black-forest-labs/FLUX.1-dev", "training_file": "file-x", "prompt": "x"}
    return requests.post(
        f"{trainer.url}/v1{path}",
        json=body,
        headers={**trainer.headers, "X-Not-After": not_after},
        timeout=10,
    )


@pytest.mark.parametrize("path", ["/fine-tunes", "/images/generations"])
def test_a_call_that_comes_too_late_is_refused_as_not_accepted(trainer, path):
    answer = posted(trainer, path, str(time.time() - 1))
    assert answer.status_code == 503
    assert "Overloaded" in answer.json()["error"]["message"]


def test_a_call_in_time_is_looked_at(trainer):
    assert posted(trainer, "/fine-tunes", str(time.time() + 60)).status_code in {400, 404}


def test_a_time_that_is_no_number_is_refused(trainer):
    assert posted(trainer, "/fine-tunes", "soon").status_code == 400
