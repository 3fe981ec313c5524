"""Crops: a box of a photo, the file that is made of it, and what is trained on."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from hypothesis import given, strategies as st
from PIL import Image, ImageChops, ImageStat

from accounts.limits import LimitReachedError
from models_app import cropping, services
from models_app.crops import Box, Preset, check_box
from models_app.errors import CropChangedError, NotEditableError, PhotoRefusedError
from models_app.limits import LIMITS
from models_app.models import TrainingImage, UserModel
from models_app.storage_use import usage_of
from providers.hosted.zip_dataset import write_zip
from tests.factories import UserModelFactory
from tests.models_app import photographs
from training.selectors import missing_files
from training.work import as_photo

LEAST = LIMITS.min_side
numbers = st.integers(-(10**30), 10**30) | st.integers(-5, 1000)
boxes = st.builds(Box, numbers, numbers, numbers, numbers)


@pytest.fixture
def draft(db) -> UserModel:
    return UserModelFactory()


def noise(width: int, height: int) -> Image.Image:
    """Return a picture in which no part is like another."""
    return Image.effect_noise((width // 8, height // 8), 90).resize((width, height)).convert("RGB")


def add(draft: UserModel, picture: Image.Image, kind: str = "JPEG") -> TrainingImage:
    buffer = io.BytesIO()
    picture.save(buffer, kind, quality=95)
    upload = SimpleUploadedFile("IMG_1.JPG", buffer.getvalue())
    return services.add_photo(draft, upload=upload)


def read(name: str) -> bytes:
    with default_storage.open(name) as file:
        return file.read()


def picture(file) -> Image.Image:
    return Image.open(io.BytesIO(read(file.name))).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures, of 255."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def files_of(settings) -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@given(boxes, st.integers(LEAST, 2048), st.integers(LEAST, 2048))
def test_any_box_is_refused_in_words_or_a_part_that_can_be_trained_on(box, width, height):
    try:
        check_box(box, width, height)
    except PhotoRefusedError as refusal:
        assert refusal.code in {"crop_outside", "crop_too_small", "crop_too_narrow"}
        assert "%" not in refusal.message
        return
    left, top, right, bottom = box.edges
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    is_whole = box == Box.whole(width, height)
    assert is_whole or min(box.width, box.height) >= LEAST
    assert is_whole or max(box.width, box.height) <= LIMITS.max_ratio * min(box.width, box.height)


@given(st.sampled_from(Preset), st.integers(LEAST, 2048), st.integers(LEAST, 2048))
def test_every_preset_is_a_crop_of_every_photo(preset, width, height):
    box = preset.box(width, height)
    check_box(box, width, height)
    assert preset is Preset.WHOLE or box.width == box.height == min(width, height)


def test_the_squares_lie_at_both_ends_and_in_the_middle():
    assert [preset.box(900, 600).left for preset in list(Preset)[1:]] == [0, 150, 300]
    assert [preset.box(600, 901).top for preset in list(Preset)[1:]] == [0, 150, 301]


@pytest.mark.parametrize(
    ("box", "code"),
    [
        (Box(1, 0, 640, 480), "crop_outside"),
        (Box(-1, 0, 400, 400), "crop_outside"),
        (Box(0, 0, LEAST - 1, 400), "crop_too_small"),
        (Box(0, 0, -400, 400), "crop_too_small"),
    ],
)
def test_a_bad_box_changes_nothing(draft, settings, box, code):
    photo = add(draft, noise(640, 480))
    before = files_of(settings)
    with pytest.raises(PhotoRefusedError) as refusal:
        cropping.crop_photo(photo, box)
    assert refusal.value.code == code
    assert TrainingImage.objects.get().crop is None
    assert files_of(settings) == before


def test_a_box_that_is_too_narrow_is_refused():
    with pytest.raises(PhotoRefusedError, match="too narrow"):
        check_box(Box(0, 0, 2048, 500), 2048, 2048)


def test_the_photo_stays_and_its_crop_is_a_file_of_its_own(
    draft, settings, django_capture_on_commit_callbacks
):
    photo = add(draft, noise(1600, 1200))
    whole = read(photo.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        cropped = cropping.crop_photo(photo, Box(300, 200, 700, 500))
    assert read(cropped.file.name) == whole
    assert cropped.sha256 == photo.sha256 and (cropped.width, cropped.height) == (1600, 1200)
    assert cropped.trained_size == (700, 500) == picture(cropped.cropped).size
    assert cropped.trained_bytes == len(read(cropped.cropped.name))
    assert files_of(settings) == set(cropped.stored_names)


def test_the_crop_has_the_pixels_of_the_photo(draft):
    photo = add(draft, noise(1600, 1200))
    box = Box(303, 201, 701, 503)
    cropped = cropping.crop_photo(photo, box)
    there = picture(photo.file).crop(box.edges)
    assert difference(picture(cropped.cropped), there) < 1.5  # JPEG once more, as good
    beside = picture(photo.file).crop((box.left + 3, *box.edges[1:2], box.edges[2] + 3, 704))
    assert difference(picture(cropped.cropped), beside) > 5


def test_the_crop_of_a_png_loses_nothing(draft):
    photo = add(draft, noise(640, 480), "PNG")
    box = Box(11, 13, 400, 301)
    cropped = cropping.crop_photo(photo, box)
    assert cropped.cropped.name.endswith(".crop.png")
    assert picture(cropped.cropped).tobytes() == picture(photo.file).crop(box.edges).tobytes()


def test_the_same_box_gives_the_same_bytes(draft):
    photo = add(draft, noise(1024, 768))
    box = Box(100, 50, 512, 600)
    first = read(cropping.crop_photo(photo, box).cropped.name)
    whole = cropping.crop_photo(TrainingImage.objects.get(), Box.whole(1024, 768))
    assert read(cropping.crop_photo(whole, box).cropped.name) == first


def test_the_thumbnail_shows_the_crop_under_a_new_name(draft):
    photo = add(draft, photographs.quarters(1024, 768))
    cropped = cropping.crop_photo(photo, Box(0, 0, 480, 360))  # within a quarter: one colour
    assert cropped.thumbnail.name != photo.thumbnail.name
    assert max(ImageStat.Stat(picture(cropped.thumbnail)).stddev) < 2


def test_all_of_the_photo_again_leaves_no_file_behind(
    draft, settings, django_capture_on_commit_callbacks
):
    photo = add(draft, noise(1024, 768))
    with django_capture_on_commit_callbacks(execute=True):
        cropped = cropping.crop_photo(photo, Box(0, 0, 512, 512))
        moved = cropping.crop_photo(cropped, Box(100, 0, 512, 512))
        whole = cropping.crop_photo(moved, Box.whole(1024, 768))
    assert whole.crop is None and not whole.cropped and whole.trained_size == (1024, 768)
    assert difference(picture(whole.thumbnail), picture(whole.file).resize((512, 384))) < 8
    assert files_of(settings) == {whole.file.name, whole.thumbnail.name}
    assert len({one.thumbnail.name for one in (photo, cropped, moved, whole)}) == 4


def test_a_crop_that_is_there_already_is_not_made_again(draft):
    photo = add(draft, noise(1024, 768))
    assert cropping.crop_photo(photo, Box.whole(1024, 768)) is photo


def test_photos_of_a_started_training_stay_as_they_are(draft, settings):
    photo = add(draft, noise(640, 480))
    before = files_of(settings)
    UserModel.objects.update(status="training", started_at=photo.created_at)
    for stale in (photo, TrainingImage.objects.get()):  # also from a page of before
        with pytest.raises(NotEditableError):
            cropping.crop_photo(stale, Box(0, 0, 300, 300))
    assert TrainingImage.objects.get().crop is None
    assert files_of(settings) == before


def test_a_photo_removed_meanwhile_leaves_no_crop(
    draft, settings, django_capture_on_commit_callbacks
):
    photo = add(draft, noise(640, 480))
    write = cropping.photo_files.write

    def and_remove(files):
        write(files)
        services.remove_photo(TrainingImage.objects.get())

    with pytest.MonkeyPatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(cropping.photo_files, "write", and_remove)
        with pytest.raises(TrainingImage.DoesNotExist):
            cropping.crop_photo(photo, Box(0, 0, 300, 300))
    assert files_of(settings) == set()


def test_of_two_crops_at_the_same_time_the_later_one_changes_nothing(
    draft, settings, django_capture_on_commit_callbacks
):
    photo, first = add(draft, noise(640, 480)), Box(0, 0, 300, 300)
    with django_capture_on_commit_callbacks(execute=True):
        cropping.crop_photo(TrainingImage.objects.get(), first)
        files = files_of(settings)
        with pytest.raises(CropChangedError):  # `photo` was read before
            cropping.crop_photo(photo, Box(100, 0, 400, 400))
        assert files_of(settings) == files
        assert cropping.crop_photo(photo, first).box == first  # the same twice is no question


def test_removing_a_photo_takes_its_crop_along_also_from_an_old_page(
    draft, settings, django_capture_on_commit_callbacks
):
    photo = add(draft, noise(640, 480))
    with django_capture_on_commit_callbacks(execute=True):
        cropping.crop_photo(photo, Box(0, 0, 300, 300))
        services.remove_photo(photo)
    assert files_of(settings) == set()


def test_a_photo_whose_file_is_gone_is_said_to_be(draft):
    photo = add(draft, noise(640, 480))
    default_storage.delete(photo.file.name)
    with pytest.raises(PhotoRefusedError) as refusal:
        cropping.crop_photo(photo, Box(0, 0, 300, 300))
    assert refusal.value.code == "lost"


def test_a_file_smaller_than_its_row_says_gets_no_black_border(draft, settings):
    photo = add(draft, noise(640, 480))
    other = add(draft, noise(320, 320))
    (Path(settings.MEDIA_ROOT) / photo.file.name).write_bytes(read(other.file.name))
    with pytest.raises(PhotoRefusedError) as refusal:
        cropping.crop_photo(photo, Box(100, 0, 400, 400))
    assert refusal.value.code == "damaged"


def test_a_crop_counts_as_storage_and_needs_room(draft, settings):
    photo = add(draft, noise(1024, 768))
    draft.owner.limit_storage_mb = 1
    draft.owner.save()
    TrainingImage.objects.update(size=2**20 - 10)
    before = files_of(settings)
    with pytest.raises(LimitReachedError):
        cropping.crop_photo(photo, Box(0, 0, 512, 512))
    assert files_of(settings) == before
    TrainingImage.objects.update(size=100)
    cropped = cropping.crop_photo(photo, Box(0, 0, 512, 512))
    assert usage_of(draft.owner).used == 100 + cropped.cropped_size


def test_the_database_keeps_a_crop_and_its_file_together(draft):
    photo = add(draft, noise(640, 480))
    rows = TrainingImage.objects.filter(pk=photo.pk)
    for change in ({"crop": Box(0, 0, 300, 300).as_json()}, {"cropped": "a.jpg"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)


def archive(draft: UserModel) -> bytes:
    buffer = io.BytesIO()
    rows = enumerate(draft.photos.all(), start=1)
    write_zip([as_photo(photo, draft, number) for number, photo in rows], buffer)
    return buffer.getvalue()


def test_the_archive_holds_the_crop_and_is_the_same_each_time(draft):
    photo = add(draft, noise(1024, 768))
    box = Box(200, 100, 400, 600)
    cropped = cropping.crop_photo(photo, box)
    whole = add(draft, noise(640, 480), "PNG")
    first = archive(draft)
    with zipfile.ZipFile(io.BytesIO(first)) as members:
        assert members.read("001.jpg") == read(cropped.cropped.name)
        assert members.read("002.png") == read(whole.file.name)
        shown = Image.open(io.BytesIO(members.read("001.jpg")))
        assert difference(shown, picture(photo.file).crop(box.edges)) < 1.5
    assert hashlib.sha256(archive(draft)).digest() == hashlib.sha256(first).digest()


def test_a_training_misses_the_file_that_it_would_train_on(draft):
    photo = add(draft, noise(640, 480))
    cropped = cropping.crop_photo(photo, Box(0, 0, 300, 300))
    default_storage.delete(photo.file.name)
    assert missing_files(draft) == []
    default_storage.delete(cropped.cropped.name)
    assert "IMG_1.JPG" in str(missing_files(draft)[0])
