"""Its lists, by which a lost run is found, and its logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from providers import errors
from providers.types import (
    EVER,
    RunRef,
    WorkKind,
)
from tests.providers.replicate.samples import (
    API,
    DATASET,
    picture_request,
    reply,
    training_request,
)


@responses.activate
def test_log_has_sentences_as_lines_and_bars_as_losses(replicate):
    responses.get(f"{API}/trainings/zz4ibb", json=reply("training_running"))
    log = replicate.run_log(RunRef("zz4ibb"))
    assert [line.text for line in log.lines] == [
        "Extracted 12 files from zip to input_images",
        "Caption for 001.jpg: photo of ann_k7, a woman in a cafe",
        "Starting train job",
    ]
    assert log.losses == ((1, 0.51), (310, 0.39))
    assert (log.step, log.total_steps) == (310, 1000)


@responses.activate
def test_growing_log_begins_with_the_lines_of_the_one_before(replicate):
    whole = "first line\nsecond line\n 10%|#| 100/1000 [x]\nthird line\nTraceback: Error\n"
    seen: tuple = ()
    for length in range(len(whole) + 1):
        data = {**reply("training_running"), "logs": whole[:length]}
        responses.upsert("GET", f"{API}/trainings/zz4ibb", json=data)
        lines = replicate.run_log(RunRef("zz4ibb")).lines
        assert lines[: len(seen)] == seen
        seen = lines
    assert [line.level for line in seen] == ["info", "info", "info", "error"]


@responses.activate
def test_last_line_counts_once_the_training_is_over(replicate):
    data = {**reply("training_failed"), "logs": "ValueError: no newline at the end"}
    responses.get(f"{API}/trainings/zz4ibb", json=data)
    assert len(replicate.run_log(RunRef("zz4ibb")).lines) == 1


def page(number: int, following: object = None, day: int = 1) -> dict[str, Any]:
    entry = reply("training_queued")
    created_at = f"2026-10-{day:02}T10:00:00Z"
    given = {"input_images": f"{API}/files/F{number}"}
    return {
        "next": following,
        "previous": None,
        "results": [{**entry, "id": f"run{number}", "created_at": created_at, "input": given}],
    }


@responses.activate
@pytest.mark.parametrize(
    "following", [f"{API}/trainings?cursor=b%3D2", "/v1/trainings?cursor=b%3D2"]
)
def test_older_pages_are_read_as_far_back_as_is_asked_for(replicate, following):
    first = responses.get(
        f"{API}/trainings", json=page(1, following, day=9), match=[query_param_matcher({})]
    )
    second = responses.get(
        f"{API}/trainings",
        json=page(2, None, day=3),
        match=[query_param_matcher({"cursor": "b=2"})],
    )
    run = replicate.find_run(f"{API}/files/F2", WorkKind.TRAINING)
    assert run is not None
    assert run.id == "run2"
    assert (first.call_count, second.call_count) == (1, 1)
    newer = datetime(2026, 10, 9, 12, tzinfo=UTC)
    assert replicate.find_run(f"{API}/files/F0", WorkKind.TRAINING, since=newer) is None
    assert (first.call_count, second.call_count) == (2, 1)


@responses.activate
@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.com/v1/trainings?cursor=b",
        "http://api.replicate.com/v1/trainings?cursor=b",
        f"{API}/account?cursor=b",
        f"{API}/trainings",
        17,
    ],
)
def test_next_page_elsewhere_is_not_followed_and_proves_nothing(replicate, elsewhere, caplog):
    responses.get(f"{API}/trainings", json=page(1, elsewhere))
    with pytest.raises(errors.OutcomeUnknownError):
        replicate.find_run(f"{API}/files/F0", WorkKind.TRAINING)
    assert len(responses.calls) == 1
    assert "lies elsewhere" in caplog.text


def test_list_of_everything_lacks_nothing(replicate):
    assert replicate.parse_list(reply("list_training"), WorkKind.TRAINING).covers(EVER)


@pytest.mark.parametrize("given", [None, "", []])
def test_entry_without_its_input_may_be_ours_so_the_list_proves_nothing(replicate, given):
    data = reply("list_training")
    data["results"][1]["input"] = given
    listed = replicate.parse_list(data, WorkKind.TRAINING)
    assert len(listed.runs) == 2
    assert listed.complete_since is None


def test_lost_run_is_found_by_the_address_of_its_photos_only(replicate):
    listed = replicate.parse_list(reply("list_training"), WorkKind.TRAINING)
    key = replicate.lookup_key(training_request())
    assert key == DATASET
    assert listed.find(key).id == "zz4ibb"
    assert not replicate.shows_correlation
    assert replicate.lookup_key(picture_request()) == ""
