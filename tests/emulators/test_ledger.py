"""The ledger knows every accepted call, whatever happens to the process."""

from __future__ import annotations

import pytest
import requests

from tests.emulators.faulty import new_token
from tests.trainer.process import MODEL

pytestmark = pytest.mark.service


def test_the_ledger_counts_by_token_and_keeps_deleted_runs(faulty):
    token = new_token()
    before = faulty.ledger()["count"]
    runs = [faulty.create(token).json()["id"] for _ in range(2)]

    faulty.request("DELETE", f"/v1/fine-tunes/{runs[0]}").raise_for_status()

    assert sorted(faulty.ledger()["creations"][token]) == sorted(runs)
    assert faulty.ledger()["count"] == before + 2


def test_a_refused_creation_is_not_in_the_ledger(faulty):
    token = new_token()

    body = {"model": MODEL, "training_file": "file-none", "suffix": token}
    assert faulty.request("POST", "/v1/fine-tunes", json=body).status_code == 404

    assert token not in faulty.ledger()["creations"]


def test_the_ledger_survives_a_kill_right_after_the_acceptance(own_faulty):
    faulty = own_faulty()
    token = new_token()
    faulty.rules({"route": "create", "fault": "answer_lost"})
    with pytest.raises(requests.ConnectionError):
        faulty.create(token)

    faulty.process.kill()
    faulty.process.start()

    [listed] = faulty.listed()["data"]
    assert faulty.ledger() == {
        "creations": {token: [listed["id"]]},
        "generations": {},
        "count": 1,
    }


def test_a_line_that_a_kill_left_out_or_half_written_is_made_up_for(own_faulty):
    faulty = own_faulty()
    tokens = [new_token(), new_token()]
    for token in tokens:
        faulty.create(token).raise_for_status()
    faulty.process.kill()
    ledger = faulty.process.folder / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-10])

    faulty.process.start()

    paid = faulty.ledger()["creations"]
    assert {token: len(runs) for token, runs in paid.items()} == dict.fromkeys(tokens, 1)
