"""`manage.py check_providers`, against the real trainer."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from theway.processes.ports import unused_port


def check() -> str:
    out = StringIO()
    call_command("check_providers", stdout=out)
    return out.getvalue()


@pytest.mark.service
def test_a_working_provider_is_shown_with_its_engine(settings, trainer):
    settings.PROVIDERS = {"local": {"base_url": trainer.url, "api_key": "local"}}
    output = check()
    assert "Trainer on this machine" in output
    assert "valid" in output
    assert "simulated" in output
    assert "Together AI" in output  # not set up, and shown so


@pytest.mark.service
def test_a_refused_key_fails(settings, trainer):
    settings.PROVIDERS = {"local": {"base_url": trainer.url, "api_key": "wrong"}}
    with pytest.raises(CommandError, match="refuses the API key") as failed:
        check()
    assert failed.value.returncode == 1


def test_a_provider_that_is_away_fails_in_a_sentence(settings):
    away = f"http://127.0.0.1:{unused_port()}"
    settings.PROVIDERS = {"local": {"base_url": away, "api_key": "local"}}
    with pytest.raises(CommandError, match="does not work: local: unavailable"):
        check()
