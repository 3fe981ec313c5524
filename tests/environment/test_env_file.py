"""The file itself: what it cannot be, what is passed on, and what looks like a slip."""

from __future__ import annotations

import os

import pytest

from environment import env_file, variables
from environment.errors import SettingError
from environment.reading import Environment


def read(folder, content: bytes) -> dict[str, env_file.Line]:
    (folder / ".env").write_bytes(content)
    return env_file.read(folder / ".env")


def test_no_file_is_fine(tmp_path):
    assert env_file.read(tmp_path / ".env") == {}


def test_a_link_to_nowhere_is_not_overlooked(tmp_path):
    (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingError, match="a link to a file that does not exist"):
        env_file.read(tmp_path / ".env")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SettingError, match=r"\.env cannot be read: Is a directory"):
        env_file.read(tmp_path)


@pytest.mark.parametrize(
    "line", [b"PORT", b"PORT: 8000", b"set PORT=8000", b"=8000", b"[site]", b"PO RT=8", b"1X=2"]
)
def test_a_line_that_is_no_variable_is_named_by_its_number(line, tmp_path):
    with pytest.raises(SettingError, match=r"^Line 3 of \.env is not of the form NAME=value\.$"):
        read(tmp_path, b"# mine\n\n" + line + b"\n")


def test_letters_in_another_encoding_are_named_by_their_line(tmp_path):
    with pytest.raises(SettingError, match=r"^Line 2 of \.env holds what is not UTF-8"):
        read(tmp_path, "PORT=8000\r\nEMAIL_FROM=Jürgen <j@example.org>".encode("latin-1"))


@pytest.mark.parametrize("value", ["'a", '"a', "'a'b'", "'a' b", '"a"b', "'a'# b"])
def test_quotes_that_do_not_end_with_the_value_are_refused_without_it(value, tmp_path):
    with pytest.raises(
        SettingError, match=r"^METRICS_TOKEN in line 1 of \.env begins with a quote"
    ):
        read(tmp_path, f"METRICS_TOKEN={value}\nPORT='8000'\n".encode())


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("a#b", "a#b"),
        ("a #b", "a"),
        ("#b", "#b"),
        (" #b", ""),
        (r"'a\'", "a\\"),
        (r'"a\n$B"', r"a\n$B"),
        ("a=b='c'", "a=b='c'"),
        ("it's", "it's"),
        ("$A${B}`c`", "$A${B}`c`"),
    ],
)
def test_nothing_in_a_value_means_anything(written, value, tmp_path):
    assert read(tmp_path, f"NAME={written}\n".encode())["NAME"].value == value


def test_a_name_that_is_nearly_known_is_pointed_out(tmp_path, monkeypatch):
    for name in ("SIGN_UP_OPEN", "port", "POSTGRES_PASSWORD", "COMPOSE_PROFILES", "TZ"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    file = tmp_path / ".env"
    file.write_text("SIGN_UP_OPEN=no\nport=1\nPOSTGRES_PASSWORD=x\nCOMPOSE_PROFILES=y\nTZ=UTC\n")
    assert Environment.load(file).misspelt(variables.ALL) == [
        "SIGN_UP_OPEN in line 1 of .env is not known. Is SIGNUP_OPEN meant?",
        "port in line 2 of .env is not known. Is PORT meant?",
    ]
    # What is no variable of ours is for the libraries and programs that know it.
    assert os.environ["TZ"] == "UTC"


def test_a_name_that_is_half_known_is_pointed_out_in_the_file(tmp_path, monkeypatch):
    """In the real environment it may belong to another program."""
    names = ("SIGNUP", "SECRET_KEY", "DEBUG", "DATA_DIR")
    for name in names:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}=x\n" for name in names))
    found = [one.split(" Is ")[1] for one in Environment.load(file).misspelt(variables.ALL)]
    meant = ["THEWAY_DATA_DIR", "DJANGO_DEBUG", "DJANGO_SECRET_KEY", "SIGNUP_OPEN"]
    assert found == [f"{name} meant?" for name in meant]
    assert Environment(dict.fromkeys(names, "x")).misspelt(variables.ALL) == []
