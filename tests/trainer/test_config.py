"""The environment is read once, and nonsense is refused by name."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from environment.errors import SettingError
from environment.reading import Environment
from tests.trainer.process import ROOT
from trainer.config import Config


def config_of(**variables: str) -> Config:
    return Config.from_environment(Environment(variables))


def test_an_empty_environment_is_enough():
    config = config_of()

    assert (config.host, config.port, config.api_keys) == ("127.0.0.1", 8100, ("local",))
    assert (config.engine, config.training_seconds, config.image_seconds) == ("auto", 30, 1.5)
    assert config.slots == 2


def test_keys_are_a_comma_list():
    assert config_of(TRAINER_API_KEYS=" a, b,,").api_keys == ("a", "b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRAINER_PORT", "http"),
        ("TRAINER_PORT", "70000"),
        ("TRAINER_SECONDS", "-1"),
        ("TRAINER_SECONDS", "nan"),
        ("TRAINER_SLOTS", "0"),
        ("TRAINER_API_KEYS", " , "),
    ],
)
def test_nonsense_is_refused_by_name(name, value):
    with pytest.raises(SettingError, match=name):
        config_of(**{name: value})


def test_the_whole_network_is_not_served_with_the_key_everybody_knows():
    with pytest.raises(SettingError, match="a key of your own"):
        config_of(TRAINER_HOST="192.0.2.7")

    own = config_of(TRAINER_HOST="192.0.2.7", TRAINER_API_KEYS="mine")
    assert own.api_keys == ("mine",)


def test_an_engine_that_does_not_exist_ends_the_start_with_words(tmp_path):
    environment = {**os.environ, "TRAINER_ENGINE": "magic", "TRAINER_DIR": str(tmp_path / "data")}

    ended = subprocess.run(
        [sys.executable, "-m", "trainer"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == 2
    assert "TRAINER_ENGINE" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "LocalHost", "a.localhost"])
def test_the_default_key_is_fine_for_every_address_of_this_machine(host):
    assert config_of(TRAINER_HOST=host).host == host.lower()


ELSEWHERE = ["0.0.0.0", "::", "10.0.0.7", "localhost.example.org"]  # noqa: S104


@pytest.mark.parametrize("host", ELSEWHERE)
def test_the_default_key_is_refused_where_others_can_reach_the_trainer(host):
    with pytest.raises(SettingError, match="a key of your own"):
        config_of(TRAINER_HOST=host)


@pytest.mark.parametrize("name", ["files", "runs", "images", "spool"])
def test_a_folder_of_somebody_elses_is_refused_and_left_as_it_is(name, tmp_path):
    (tmp_path / name / "holidays").mkdir(parents=True)
    (tmp_path / name / "holidays/beach.jpg").write_bytes(b"mine")
    done = subprocess.run(
        [sys.executable, "-m", "trainer"],
        cwd=ROOT,
        env=os.environ | {"TRAINER_DIR": str(tmp_path), "TRAINER_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert f"TRAINER_DIR has a folder “{name}” with other files in it" in done.stderr
    assert (tmp_path / name / "holidays/beach.jpg").read_bytes() == b"mine"
