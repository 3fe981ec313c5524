"""Both brokers: what cannot be read is set aside and never ends a worker."""

import logging
from json import dumps
from queue import Empty

import pytest
from kombu import Connection, Exchange, Producer, Queue
from kombu.exceptions import ChannelError

import theway.celery  # noqa: F401 - registers the transports
from bench import services


@pytest.fixture
def channel(tmp_path):
    folder = tmp_path / "queue"
    folder.mkdir()
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
    }
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.channel()


KIND = {"content-type": "application/json", "content-encoding": "utf-8"}
PROPERTIES = {"delivery_tag": "1", "delivery_info": {"exchange": "polls", "routing_key": "polls"}}
MESSAGE = {"body": "[]", "headers": {}, "properties": PROPERTIES} | KIND


def test_messages_come_in_the_order_in_which_they_were_sent(channel):
    for number in (1, 2, 3):
        channel._put("polls", MESSAGE | {"number": number})
    assert [channel._get("polls")["number"] for _ in range(3)] == [1, 2, 3]
    with pytest.raises(Empty):
        channel._get("polls")


def test_a_queue_gets_its_own_messages_only(channel):
    channel._put("calls", MESSAGE)
    with pytest.raises(Empty):
        channel._get("polls")
    assert channel._get("calls") == MESSAGE


TORN = [
    '{"body": "W1tdL',
    "not json",
    "{}",
    "[]",
    "",
    '"text"',
    '{"body": "e30=", "headers": {}, "properties": {}}',
    '{"body": "e30=", "headers": {}, "properties": null}',
    '{"body": "e30", "properties": {"delivery_tag": "1", "body_encoding": "base64"}}',
    dumps(MESSAGE | {"body": "not json"}),
    dumps(MESSAGE | {"body": ""}),
    dumps(MESSAGE | {"body": "7"}),
    dumps(MESSAGE | {"content-type": "application/x-python-serialize"}),
    dumps(MESSAGE | {"properties": PROPERTIES | {"delivery_tag": {}}}),
    dumps(MESSAGE | {"properties": {"delivery_tag": "1"}}),
    dumps(MESSAGE | {"properties": PROPERTIES | {"delivery_info": [1]}}),
    dumps(MESSAGE | {"headers": {"task": "jobs.tasks.sweep_jobs"}, "body": "[[], {}, {}]"}),
    dumps(MESSAGE | {"headers": {"task": "jobs.tasks.sweep_jobs", "id": "1"}, "body": "[]"}),
    dumps(MESSAGE | {"headers": ["task"], "body": "[[], {}, {}]"}),
    dumps(MESSAGE | {"body": '{"task": "jobs.tasks.sweep_jobs"}'}),
    '{"__type__": "bytes", "__value__": 5}',
    dumps(MESSAGE | {"headers": {"compression": "application/x-gzip"}}),
    pytest.param("[" * 200_000, id="endless"),
    pytest.param(dumps(MESSAGE | {"body": "[" * 200_000}), id="endless body"),
]


@pytest.fixture(scope="module")
def redis_url():
    if not services.find_redis():
        pytest.skip("Redis is not installed")
    with services.redis() as service:
        yield f"redis://127.0.0.1:{service.port}/0"


@pytest.mark.parametrize("torn", [*TORN, b"\xff\xfe"])
def test_in_redis_it_is_dropped_and_the_next_one_is_read(redis_url, caplog, torn):
    got = []
    with Connection(redis_url) as connection:
        client = connection.default_channel.client
        client.flushall()
        for item in (torn, dumps(MESSAGE)):
            client.lpush("polls", item)
        queue = Queue("polls", Exchange("polls"))
        with connection.Consumer(queue, on_message=got.append, accept=["json"], no_ack=True):
            while not got:
                connection.drain_events(timeout=5)
    assert got[0].payload == []
    assert "dropped" in caplog.text


@pytest.mark.parametrize("torn", TORN)
def test_a_message_that_cannot_be_read_is_set_aside(channel, tmp_path, caplog, torn):
    (tmp_path / "queue" / "0_torn.polls.msg").write_text(torn)
    channel._put("polls", MESSAGE)
    with caplog.at_level(logging.ERROR):
        assert channel._get("polls") == MESSAGE
    assert (tmp_path / "unreadable" / "0_torn.polls.msg").exists()
    assert "set aside" in caplog.text


def test_a_full_disk_is_an_error_of_the_broker(channel, tmp_path):
    (tmp_path / "queue").rmdir()
    with pytest.raises(ChannelError):
        channel._put("polls", MESSAGE)


def test_workers_that_start_together_share_no_file_of_bindings(channel, tmp_path):
    queue = Queue("polls", Exchange("polls", type="direct"), routing_key="polls")
    queue(channel).declare()
    Producer(channel).publish({}, exchange="polls", routing_key="polls")
    assert channel._get("polls")["body"]
    assert not list(tmp_path.rglob("*.exchange"))
