"""Every variable with every habit of writing one: taken literally, or refused by its name."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from environment.errors import SettingError
from environment.hosts import Host, Hosts, Networks
from environment.reading import Environment
from environment.values import (
    ROOT,
    Amount,
    Folder,
    Key,
    Keys,
    Money,
    Number,
    Seconds,
    Text,
    Variable,
)
from environment.variables import TRAINER_PORT
from tests.environment.habits import EMPTY, KNOWN, MEANT, ODD, VARIABLES, sample_of

EXAMPLE = (ROOT / ".env.example").read_text()
each_variable = pytest.mark.parametrize("variable", VARIABLES, ids=lambda one: one.name)


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch):
    """Each name is known to the monkeypatch, which takes away afterwards what a file has set."""
    for name in KNOWN:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def read(folder: Path, content: bytes) -> Environment:
    file = folder / ".env"
    file.write_bytes(content)
    return Environment.load(file)


@each_variable
def test_what_can_only_be_meant_so_is_taken_so(variable, tmp_path, monkeypatch):
    text = sample_of(variable)
    for habit in MEANT.values():
        content = habit.line(variable.name, text).encode(habit.encoding)
        value = read(tmp_path, content).get(variable)
        assert value == variable.parse(text) != variable.default, habit
        monkeypatch.delenv(variable.name)


@each_variable
def test_an_odd_text_is_taken_as_it_is_or_refused_by_name(variable):
    for text in ODD.values():
        try:
            value = Environment({variable.name: text}).get(variable)
        except SettingError as refusal:
            assert is_a_good_refusal(str(refusal), variable, text)
        else:
            assert is_literally(variable, text, value), (text, value)


@each_variable
def test_an_odd_text_in_the_file_is_the_same_or_refused_with_its_line(
    variable, tmp_path, monkeypatch
):
    for text in filter(fits_into_quotes, ODD.values()):
        content = f"# mine\n{variable.name}='{text}'\n".encode()
        try:
            value = read(tmp_path, content).get(variable)
        except SettingError as refusal:
            assert f"{variable.name} in line 2 of .env must be " in str(refusal)
            assert is_a_good_refusal(str(refusal), variable, text)
        else:
            assert is_literally(variable, text, value), (text, value)
        monkeypatch.delenv(variable.name)


@each_variable
@pytest.mark.parametrize("emptiness", EMPTY)
def test_set_to_nothing_counts_as_not_set(variable, emptiness, tmp_path):
    env = read(tmp_path, f"{variable.name}={EMPTY[emptiness]}\n".encode())
    means = Environment({}).get(variable) if variable.empty_means is None else variable.empty_means
    assert env.get(variable) == means
    assert not env.is_set(variable)


def test_nothing_means_something_only_where_the_example_says_so():
    meant = {variable.name for variable in VARIABLES if variable.empty_means is not None}
    assert meant == {"TRAINER_URL"}
    assert re.search(r"^# .*; empty for none\.\n#TRAINER_URL=", EXAMPLE, re.MULTILINE)


@each_variable
def test_what_is_set_twice_is_refused(variable, tmp_path):
    text = sample_of(variable).replace("'", "")
    with pytest.raises(SettingError, match=f"{variable.name} is set twice .*lines 1 and 3"):
        read(tmp_path, f"{variable.name}='{text}'\n\nexport {variable.name} = '{text}'".encode())


@each_variable
def test_the_real_environment_wins_even_where_it_is_empty(variable, tmp_path, monkeypatch):
    monkeypatch.setenv(variable.name, "")
    text = sample_of(variable).replace("'", "")
    env = read(tmp_path, f"{variable.name}='{text}'".encode())
    assert not env.is_set(variable)


@each_variable
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_file_in_another_encoding_is_refused(variable, encoding, tmp_path):
    with pytest.raises(SettingError, match=r"\.env is not UTF-8"):
        read(tmp_path, f"{variable.name}=1\n".encode(encoding))


@each_variable
def test_the_example_shows_each_variable_once_with_its_default(variable):
    shown = re.findall(rf"^#{variable.name}=(.*)$", EXAMPLE, re.MULTILINE)
    assert len(shown) == 1
    if shown[0]:
        value = variable.parse(shown[0])
        assert value == variable.default or variable.name in EXAMPLES
    else:
        assert not variable.default


# What stands in the example is no default but shows how the value is written.
EXAMPLES = {
    "THEWAY_DATA_DIR",
    "STATIC_DIR",
    "PUBLIC_URL",
    "SIGNUP_OPEN",
    "EMAIL_VERIFICATION",
    "DATABASE_URL",
    "REDIS_URL",
    "FILE_STORAGE",
    "INSIDE_ADDRESSES",
    "S3_BUCKET",
    "S3_CA_FILE",
    "S3_ENCRYPTION",
    "S3_ENDPOINT_URL",
    "EMAIL_FROM",
    "TRAINER_URL",
}


def test_the_example_shows_nothing_that_is_not_read():
    assert set(re.findall(r"^#(\w+)=", EXAMPLE, re.MULTILINE)) == KNOWN


def test_the_example_can_be_read_with_every_line_uncommented(tmp_path):
    content = re.sub(r"^#(?=\w+=)", "", EXAMPLE, flags=re.MULTILINE)
    env = read(tmp_path, content.encode())
    env.check(VARIABLES)
    assert env.misspelt(VARIABLES) == []


def test_a_closed_sign_up_never_opens_by_a_slip():
    signup = next(one for one in VARIABLES if one.name == "SIGNUP_OPEN")
    for word in ("false", "False", "NO", "off", "0", " false ", "f", "n"):
        assert Environment({"SIGNUP_OPEN": word}).get(signup, True) is False
    for slip in (
        "flase",
        "no!",
        "closed",
        "'false'",
        "false # closed",
        "-",
        "00",
        "nein",
        "=false",
    ):
        with pytest.raises(SettingError, match="SIGNUP_OPEN must be true or false"):
            Environment({"SIGNUP_OPEN": slip}).get(signup, True)


def fits_into_quotes(text: str) -> bool:
    return "'" not in text and text.isprintable()


def is_a_good_refusal(sentence: str, variable: Variable[Any], text: str) -> bool:
    """One sentence that begins with the name and does not hold the value."""
    is_one = sentence.startswith(variable.name) and sentence.endswith(".") and "\n" not in sentence
    is_silent = len(text) < 4 or text in variable.what or text not in sentence
    return is_one and is_silent and "pa55word" not in sentence


def is_literally(variable: Variable[Any], text: str, value: object) -> bool:
    """Whether the value is the text, as far as its kind has no second way to write it."""
    text = text.strip()
    match variable:
        case Text() | Key():
            return value == text
        case Folder():
            return value == ROOT / Path(text).expanduser()
        case Keys():
            return list(value) == [part.strip() for part in text.split(",") if part.strip()]
        case Host() | Hosts() | Networks():
            found = [value] if isinstance(value, str) else list(value)
            return [part.strip("[]") for part in found] == [
                part.strip().encode("idna").decode() for part in text.split(",") if part.strip()
            ]
        case Number() | Amount() | Seconds():
            return f"{value:g}" == text.lstrip("0")
        case Money():
            return value == Decimal(text)
    return value in {text, text.removesuffix("/"), text.lower() == "true"}


def test_what_kubernetes_says_of_a_service_is_nothing_that_was_set():
    """With a service `trainer` every container has TRAINER_PORT=tcp://…; `tcp` is no port."""
    for link in ("tcp://10.96.0.12:8100", "udp://10.96.0.12:53", "tcp://[fd00::1]:8100"):
        env = Environment({"TRAINER_PORT": link})
        assert (env.get(TRAINER_PORT), env.is_set(TRAINER_PORT)) == (
            8100,
            False,
        )
    with pytest.raises(SettingError):
        Environment({"TRAINER_PORT": "tcp://trainer"}).get(TRAINER_PORT)
