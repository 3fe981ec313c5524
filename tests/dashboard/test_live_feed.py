"""The database side: every event once, whatever the order in which rows commit."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.live.fragments import render, templates_for
from jobs.models import JobEvent
from live import feed as feed_module
from live.feed import EventFeed, changes_after
from live.messages import Message
from live.reader import read_changes
from live.rendering import rendered
from live.topics import Change, JobsTopic, Topic
from tests.dashboard.rows import stored_model
from tests.factories import JobFactory, UserModelFactory


@pytest.fixture
def job(owner):
    return JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def happen(job, kind="progress", **fields) -> JobEvent:
    return JobEvent.objects.create(job=job, kind=kind, **fields)


def ids(changes) -> list[int]:
    return [change.id for change in changes]


def test_an_event_is_returned_once(job):
    feed = EventFeed()
    event = happen(job)
    assert ids(feed.read()) == [event.pk]
    assert feed.read() == []


def test_earlier_events_are_not_returned(job):
    happen(job)
    assert EventFeed().read() == []


def test_an_event_that_commits_late_under_a_lower_id_is_returned_too(job):
    happen(job, id=1000)
    feed = EventFeed()
    happen(job, id=1010)
    assert ids(feed.read()) == [1010]
    happen(job, id=1005)
    assert ids(feed.read()) == [1005]
    happen(job, id=999)
    assert ids(feed.read()) == [999]


def test_rows_are_read_again_for_ten_seconds_only(job):
    clock = Clock()
    feed = EventFeed(clock)
    happen(job, id=1000)
    feed.read()
    clock.now += feed_module.OVERLAP_SECONDS + 1
    feed.read()
    happen(job, id=999)
    assert feed.read() == []
    assert feed._seen == {}


def test_a_burst_larger_than_the_window_is_returned_whole(job, monkeypatch):
    monkeypatch.setattr(feed_module, "OVERLAP_ROWS", 5)
    monkeypatch.setattr(feed_module, "BATCH", 8)
    feed = EventFeed()
    events = [happen(job) for _ in range(20)]
    given = [id for _ in range(8) for id in ids(feed.read())]
    assert given == ids(events)
    assert len(feed._seen) <= 8


def test_only_the_owners_topics_match_an_event(job, stranger):
    feed = EventFeed()
    happen(job)
    [change] = feed.read()
    pages = Topic(job.owner_id), Topic(job.owner_id, job.model_id)
    programs = JobsTopic(job.owner_id), JobsTopic(job.owner_id, job.pk)
    assert change.topics() == pages + programs
    assert Topic(stranger.pk, job.model_id) not in change.topics()
    assert JobsTopic(stranger.pk, job.pk) not in change.topics()


def test_what_was_missed_is_what_came_after_the_known_event(job, stranger):
    a_minute_ago = timezone.now() - timedelta(minutes=1)
    known = happen(job, at=a_minute_ago)
    topic = Topic(job.owner_id, job.model_id)
    assert changes_after(topic, known.pk) == []
    missed = happen(job, at=a_minute_ago)
    assert ids(changes_after(topic, known.pk)) == [missed.pk]
    assert changes_after(Topic(stranger.pk), 0) == []


def test_a_recent_event_counts_as_missed_whatever_its_id(job):
    known = happen(job, id=1000)
    late = happen(job, id=999)
    assert late.pk in ids(changes_after(Topic(job.owner_id), known.pk))


def test_an_event_of_a_deleted_model_reaches_no_page(job):
    feed = EventFeed()
    job.model.delete()
    happen(job)
    [change] = feed.read()
    assert change.topics() == (JobsTopic(job.owner_id), JobsTopic(job.owner_id, job.pk))


# --- rendering ----------------------------------------------------------------------------


def content(message: Message | None) -> dict:
    assert message is not None
    return json.loads(message.data)


def change(job, kind="progress", id=1) -> Change:
    return Change(id, kind, job.kind, job.owner_id, job.model_id)


def test_progress_sends_only_the_numbers(job):
    job.progress = 0.41
    job.save()
    sent = content(render(Topic(job.owner_id, job.model_id), [change(job)]))
    assert [fragment["id"] for fragment in sent["fragments"]] == ["live-progress"]
    assert sent["title"] == "41 % · Ann"
    assert sent["progress"] == 41


def test_a_new_state_sends_the_whole_body(job):
    sent = content(render(Topic(job.owner_id, job.model_id), [change(job, "state")]))
    assert [fragment["id"] for fragment in sent["fragments"]] == ["live-body"]


def test_late_numbers_of_a_finished_training_send_the_finished_page(owner):
    model = stored_model(owner)
    job = JobFactory(model=model, succeeded=True)
    sent = content(render(Topic(owner.pk, model.pk), [change(job)]))
    assert [fragment["id"] for fragment in sent["fragments"]] == ["live-body"]
    assert sent["progress"] is None


def test_pictures_on_their_way_send_only_the_pictures(owner):
    job = JobFactory(model=stored_model(owner), kind="generation", running=True)
    assert list(templates_for([change(job, "state")])) == ["live-images", "live-moment"]


def test_parts_carry_no_csrf_token(job):
    sent = content(render(Topic(job.owner_id, job.model_id), [change(job, "state")]))
    assert 'name="csrfmiddlewaretoken" value="from-the-page"' in sent["fragments"][0]["html"]


def test_every_part_has_the_id_it_replaces(owner, job):
    JobFactory(model=job.model, kind="generation", running=True)
    topics = (Topic(owner.pk), Topic(owner.pk, job.model_id))
    for kind in ("progress", "log", "state"):
        for topic in topics:
            for fragment in content(render(topic, [change(job, kind)]))["fragments"]:
                assert f'id="{fragment["id"]}"' in fragment["html"]


def test_a_model_that_was_just_deleted_sends_nothing(owner, job):
    topic = Topic(owner.pk, job.model_id)
    seen = change(job)
    job.model.delete()
    assert render(topic, [seen]) is None


def test_cards_send_only_the_models_that_changed(owner, job):
    UserModelFactory(owner=owner)
    sent = content(render(Topic(owner.pk), [change(job)]))
    assert [fragment["id"] for fragment in sent["fragments"]] == [f"card-{job.model_id}"]


def test_a_poll_without_events_is_one_query(job, django_assert_num_queries):
    feed = EventFeed()
    topics = [Topic(owner_id, job.model_id) for owner_id in range(1000)]
    with django_assert_num_queries(1):
        assert read_changes(feed, topics) == {}


def test_a_page_that_cannot_be_rendered_does_not_stop_the_others(owner, job, monkeypatch):
    other = JobFactory(model=UserModelFactory(owner=owner, training=True), running=True)
    broken = Topic(owner.pk, job.model_id)

    def render_or_break(topic, changes):
        if topic == broken:
            raise RuntimeError("template")
        return render(topic, changes)

    monkeypatch.setattr("live.rendering.render", render_or_break)
    feed = EventFeed()
    happen(job)
    happen(other)
    changes = read_changes(feed, [broken, Topic(owner.pk, other.model_id)])
    names = {topic: rendered(topic, changed).name for topic, changed in changes.items()}
    assert names == {broken: "resync", Topic(owner.pk, other.model_id): "update"}
