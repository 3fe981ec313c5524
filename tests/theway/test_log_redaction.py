"""No key reaches a log, in the message, its arguments or a traceback."""

import io
import logging

import pytest
from pythonjsonlogger.json import JsonFormatter

from providers.redaction import REDACTED
from theway.log_redaction import RedactSecrets

KEY = "tgp_v1_abcdefghijklmnop"


@pytest.fixture(params=[logging.Formatter, JsonFormatter])
def written(request, settings):
    """A logger like the console's, and what it has written."""
    settings.PROVIDERS = {"together": {"base_url": "https://example.org", "api_key": KEY}}
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param("%(message)s"))
    handler.addFilter(RedactSecrets())
    logger = logging.Logger("scrubbed")
    logger.addHandler(handler)
    return logger, stream


@pytest.mark.parametrize("said", [KEY, f"Authorization: Bearer {KEY[:-1]}", "Key id:secret-value"])
def test_a_key_in_a_message_is_hidden(written, said):
    logger, stream = written
    logger.info("the provider said %s", said)
    assert REDACTED in stream.getvalue()
    assert KEY[:-1] not in stream.getvalue()
    assert "secret-value" not in stream.getvalue()


@pytest.mark.parametrize("said", ["{}", "curl -H 'Authorization: Bearer {}'", "token={}&x=1"])
def test_a_persons_own_token_is_hidden_wherever_it_stands(written, said):
    logger, stream = written
    raw = "tw_" + "aB3-_" * 8 + "xyz"
    logger.info("somebody sent %s", said.format(raw))
    assert REDACTED in stream.getvalue()
    assert "aB3" not in stream.getvalue() and "xyz" not in stream.getvalue()


def test_a_trigger_word_that_begins_alike_is_left_as_it_is(written):
    logger, stream = written
    logger.info("trained with %s", "tw_ann")
    assert "tw_ann" in stream.getvalue()


def test_a_key_in_a_traceback_is_hidden(written):
    logger, stream = written
    try:
        raise ValueError(f"bad header {KEY}")
    except ValueError:
        logger.exception("it broke")
    assert "ValueError" in stream.getvalue()
    assert KEY not in stream.getvalue()


def test_a_line_without_a_secret_is_left_as_it_is(written):
    logger, stream = written
    logger.info("job %s: submitting to %s", "3f2a", "local")
    assert "job 3f2a: submitting to local" in stream.getvalue()


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/invitation/{}/",
        "/phone/{}/",
        "/phone/{}/photos",
        "/accounts/confirm/{}/",
        "/account/address/{}/",
        "/accounts/password/reset/key/{}/",
    ],
)
def test_what_makes_a_link_is_hidden(written, path):
    """Django logs the path of every request that it refuses."""
    logger, stream = written
    token = "1-abc:Def_09"
    logger.warning("Not Found: %s", path.format(token))
    assert token not in stream.getvalue()
    assert path.format("[token]") in stream.getvalue()


def test_the_address_of_a_person_is_hidden(written):
    logger, stream = written
    logger.info("mail to %s could not be sent", "ann.o'hara+tag@mail.example.org")
    assert "@mail" not in stream.getvalue()
    assert "could not be sent" in stream.getvalue()


@pytest.mark.django_db
def test_a_line_break_in_an_address_makes_no_line_of_the_log(client, caplog):
    client.get("/no-such%0A2026-01-01%20INFO%20forged%0D%1B[2K")
    client.get("/", headers={"host": "evil\nforged.example"})
    assert caplog.messages
    for message in caplog.messages:
        assert not set(message) & set("\n\r\x1b"), message
