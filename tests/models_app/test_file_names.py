"""Names for files that leave the installation: a person's own words, safe everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from models_app.file_names import file_stem, weights_name
from models_app.models import UserModel


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Anna Müller / 2", "anna-muller-2"),
        ("写真", "写真"),
        ("मेरी बिल्ली", "मेरी-बिल्ली"),
        ("می‌خواهم", "می‌خواهم"),
        ("Моя кошка", "Моя-кошка"),
        ("แมว:ของฉัน", "แมว-ของฉัน"),
        ("👩‍👩‍👧 写真", "👩‍👩‍👧-写真"),
        ("../写真", "写真"),
        ("\u202e写真", "写真"),
        ("写" * 100, "写" * 60),
    ],
)
def test_a_name_keeps_its_script(name, stem):
    assert file_stem(name, "model") == stem


@pytest.mark.parametrize("name", ["", "...", "\u200d", "////", "Con", "nul", "LPT1"])
def test_a_name_that_makes_no_file_name_gets_another(name):
    stem = file_stem(name, "otherwise")
    assert stem == "otherwise"


@given(st.text(max_size=100))
def test_any_name_is_a_name_that_every_system_takes(name):
    stem = file_stem(name, "model")
    assert stem and not set(stem) & set('<>:"/\\|?*%\x00\n\r\t')
    assert not stem.startswith((".", "-", " ")) and not stem.endswith((".", " "))
    assert len(f"{stem}-12345678.safetensors".encode()) <= 255


def test_two_models_of_other_scripts_are_two_files():
    names = {weights_name(UserModel(name=name)) for name in ("写真", "猫", "★★★", "", "")}
    assert len(names) == 5
