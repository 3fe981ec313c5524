"""What of a person's captions reaches each trainer, and how."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from models_app.models import UserModel
from models_app.selectors import photos_of
from providers.fal.offers import TRAINING as FAL
from providers.hosted.zip_dataset import write_zip
from providers.replicate.fast import ReplicateFast
from providers.replicate.provider import Replicate
from providers.together.dataset import write_jsonl
from providers.types import Photo
from tests.factories import TrainingImageFactory, UserModelFactory
from training.work import as_photo

WRITTEN = {"at home": "ann_k7 person, at home", "Ann_K7 outside": "Ann_K7 outside"}
GENERAL = "photo of ann_k7 person"


@pytest.fixture
def photos(db) -> list[Photo]:
    model: UserModel = UserModelFactory(kind="person", trigger_word="ann_k7")
    for caption in [*WRITTEN, ""]:
        TrainingImageFactory(model=model, caption=caption)
    return [as_photo(photo, model, at) for at, photo in enumerate(photos_of(model), start=1)]


def texts_in_zip(photos: list[Photo], **options: bool) -> dict[str, str]:
    file = io.BytesIO()
    write_zip(photos, file, **options)
    archive = zipfile.ZipFile(file)
    names = [name for name in archive.namelist() if name.endswith(".txt")]
    return {name: archive.read(name).decode() for name in names}


def test_the_trainer_on_this_machine_gets_one_for_every_photo(photos):
    file = io.BytesIO()
    write_jsonl(photos, file)
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    captions = [line["messages"][1]["content"][0]["text"] for line in lines]
    assert captions == [*WRITTEN.values(), GENERAL]


def test_fal_gets_one_for_every_photo_since_most_of_its_trainers_know_no_other_way(photos):
    assert list(texts_in_zip(photos).values()) == [*WRITTEN.values(), GENERAL]
    assert not any(offer.describes_photos for offer in FAL.values())


@pytest.mark.parametrize(
    ("provider", "expected"),
    [(Replicate, ["001.txt", "002.txt"]), (ReplicateFast, ["001.txt", "002.txt", "003.txt"])],
)
def test_replicate_describes_photos_itself_where_its_trainer_can(photos, provider, expected):
    assert list(texts_in_zip(photos, only_own_captions=provider.leaves_captions)) == expected
