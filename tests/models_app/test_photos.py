"""Adding, removing, moving and captioning photos of a draft."""

from __future__ import annotations

import errno
import hashlib
import threading
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import connection
from django.utils import timezone

from models_app import services
from models_app.caption_services import set_caption
from models_app.errors import NotEditableError, PhotoRefusedError
from models_app.limits import LIMITS, Limits
from models_app.models import TrainingImage, UserModel
from tests.factories import TrainingImageFactory, UserModelFactory, jpeg
from tests.models_app import photographs as photo


def upload(data: bytes | None = None, name: str = "IMG_1.JPG") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg() if data is None else data, content_type="text/html")


def stored_files(settings) -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def draft(db) -> UserModel:
    return UserModelFactory()


def test_a_photo_is_stored_under_our_own_name(draft, settings):
    added = services.add_photo(draft, upload=upload(name="../../etc/passwd.JPG"))
    assert stored_files(settings) == {
        f"photos/{draft.pk}/{added.pk}.jpg",
        f"photos/{draft.pk}/{added.pk}.thumb.jpg",
    }
    assert added.file.name == f"photos/{draft.pk}/{added.pk}.jpg"
    assert added.original_filename == "passwd.JPG"


def test_the_row_describes_the_stored_file(draft):
    data = photo.encoded(photo.quarters(3000, 1500)).getvalue()
    added = services.add_photo(draft, upload=upload(data))
    added.refresh_from_db()
    assert (added.width, added.height) == (2048, 1024)
    assert added.size == added.file.size
    assert added.sha256 == hashlib.sha256(data).hexdigest()
    with added.file.open() as stored:
        assert photo.opened(stored.read()).size == (2048, 1024)


def test_a_png_keeps_its_kind(draft):
    added = services.add_photo(draft, upload=upload(photo.encoded(photo.quarters(), "PNG").read()))
    assert added.file.name.endswith(f"{added.pk}.png")
    assert added.thumbnail.name.endswith(f"{added.pk}.thumb.jpg")


def test_stored_files_are_readable_by_the_installation_only(draft, settings):
    added = services.add_photo(draft, upload=upload())
    path = Path(settings.MEDIA_ROOT) / added.file.name
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_large_upload_that_waits_on_disk_is_taken(draft):
    with TemporaryUploadedFile("IMG_2.JPG", "image/jpeg", 0, None) as waiting:
        waiting.write(jpeg())
        waiting.size = waiting.tell()
        assert services.add_photo(draft, upload=waiting).width == 640


def test_photos_are_kept_in_the_order_they_came(draft):
    added = [services.add_photo(draft, upload=upload(jpeg(colour=c))) for c in ("red", "blue")]
    assert list(draft.photos.all()) == added
    assert [each.position for each in added] == [0, 1]


def test_the_same_photo_is_refused_with_its_stored_name(draft, settings):
    services.add_photo(draft, upload=upload(name="beach.jpg"))
    before = stored_files(settings)
    with pytest.raises(PhotoRefusedError) as caught:
        services.add_photo(draft, upload=upload(name="copy.jpg"))
    assert caught.value.code == "duplicate"
    assert "“beach.jpg”" in caught.value.message
    assert stored_files(settings) == before


def test_two_models_may_use_the_same_photo(draft):
    services.add_photo(draft, upload=upload())
    assert services.add_photo(UserModelFactory(owner=draft.owner), upload=upload()).width == 640


def test_a_refused_photo_leaves_nothing_and_the_next_is_taken(draft, settings):
    for data in (b"", b"nonsense", jpeg()[:500], jpeg(40, 40)):
        with pytest.raises(PhotoRefusedError):
            services.add_photo(draft, upload=upload(data))
    assert stored_files(settings) == set()
    services.add_photo(draft, upload=upload())
    assert draft.photos.count() == 1


def test_a_file_above_the_limit_is_refused_before_it_is_read(draft, monkeypatch):
    monkeypatch.setattr("models_app.ingest.LIMITS", Limits(max_bytes=1024 * 1024))
    too_large = upload(b"x" * (1024 * 1024 + 1))
    monkeypatch.setattr(too_large.file, "read", lambda *_: pytest.fail("it was read"))
    with pytest.raises(PhotoRefusedError) as caught:
        services.add_photo(draft, upload=too_large)
    assert caught.value.code == "too_many_bytes"


def test_the_fifty_first_photo_is_refused(draft):
    TrainingImageFactory.create_batch(LIMITS.max_photos, model=draft)
    with pytest.raises(PhotoRefusedError) as caught:
        services.add_photo(draft, upload=upload())
    assert caught.value.code == "too_many_photos"
    assert str(LIMITS.max_photos) in caught.value.message


@pytest.mark.parametrize("state", ["training", "ready"])
def test_a_model_in_training_or_ready_takes_no_photo(db, state):
    with pytest.raises(NotEditableError):
        services.add_photo(UserModelFactory(**{state: True}), upload=upload())


def test_a_start_during_the_decoding_of_a_photo_wins(draft, settings, monkeypatch):
    normalise = services.normalise

    def started_meanwhile(source):
        UserModel.objects.filter(pk=draft.pk).update(started_at=timezone.now())
        return normalise(source)

    monkeypatch.setattr(services, "normalise", started_meanwhile)
    with pytest.raises(NotEditableError):
        services.add_photo(draft, upload=upload())
    assert stored_files(settings) == set()
    assert draft.photos.count() == 0


def test_a_full_disk_is_explained_and_leaves_nothing(draft, settings, monkeypatch):
    save = default_storage.save

    def full_for_the_thumbnail(name, content, **options):
        if "thumb" in name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(name, content, **options)

    monkeypatch.setattr(default_storage, "save", full_for_the_thumbnail)
    with pytest.raises(PhotoRefusedError) as caught:
        services.add_photo(draft, upload=upload())
    assert caught.value.code == "no_space"
    assert stored_files(settings) == set()
    assert draft.photos.count() == 0


def test_another_error_of_the_disk_is_not_hidden(draft, settings, monkeypatch):
    def broken(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(default_storage, "save", broken)
    with pytest.raises(OSError, match="Input/output"):
        services.add_photo(draft, upload=upload())
    assert stored_files(settings) == set()


def test_files_go_when_the_row_cannot_be_written(draft, settings, monkeypatch):
    def failing(*_, **__):
        raise RuntimeError("the database went away")

    monkeypatch.setattr(TrainingImage, "save", failing)
    with pytest.raises(RuntimeError):
        services.add_photo(draft, upload=upload())
    assert stored_files(settings) == set()


def together(work, times: int) -> list[object]:
    """Run `work` in threads released at once; return what each gave or raised."""
    barrier = threading.Barrier(times)
    results: list[object] = []

    def run(number: int) -> None:
        barrier.wait(timeout=20)
        try:
            results.append(work(number))
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.django_db(transaction=True)
def test_the_same_photo_sent_at_the_same_time_is_stored_once(settings):
    draft = UserModelFactory()
    results = together(lambda _: services.add_photo(draft, upload=upload()), times=4)
    refused = [result for result in results if isinstance(result, PhotoRefusedError)]
    assert [each.code for each in refused] == ["duplicate"] * 3
    assert draft.photos.count() == 1
    assert len(stored_files(settings)) == 2


@pytest.mark.django_db(transaction=True)
def test_photos_sent_at_the_same_time_do_not_pass_the_maximum(settings):
    draft = UserModelFactory()
    TrainingImageFactory.create_batch(LIMITS.max_photos - 2, model=draft)
    before = len(stored_files(settings))
    results = together(
        lambda number: services.add_photo(draft, upload=upload(jpeg(640, 481 + number))), times=5
    )
    assert sum(isinstance(result, TrainingImage) for result in results) == 2
    assert {each.code for each in results if isinstance(each, PhotoRefusedError)} == {
        "too_many_photos"
    }
    assert draft.photos.count() == LIMITS.max_photos
    assert len(stored_files(settings)) == before + 4
    positions = list(draft.photos.values_list("position", flat=True))
    assert len(set(positions)) == len(positions)


def test_removing_a_photo_removes_its_files(draft, settings, django_capture_on_commit_callbacks):
    kept = services.add_photo(draft, upload=upload(jpeg(colour="red")))
    gone = services.add_photo(draft, upload=upload(jpeg(colour="blue")))
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_photo(gone)
    assert list(draft.photos.all()) == [kept]
    assert stored_files(settings) == {kept.file.name, kept.thumbnail.name}


def test_a_removed_photo_may_be_added_again(draft):
    services.remove_photo(services.add_photo(draft, upload=upload()))
    assert services.add_photo(draft, upload=upload()).position == 0


def test_photos_of_a_model_in_training_stay_as_they_are(db):
    fixed = TrainingImageFactory(model=UserModelFactory(training=True))
    for change in (
        lambda: services.remove_photo(fixed),
        lambda: services.move_photo(fixed, places=1),
        lambda: set_caption(fixed, caption="new"),
    ):
        with pytest.raises(NotEditableError):
            change()
    fixed.refresh_from_db()
    assert fixed.caption == ""


@pytest.mark.parametrize(
    ("places", "order"),
    [(1, "bac"), (2, "bca"), (9, "bca"), (0, "abc"), (-1, "abc"), (-9, "abc")],
)
def test_the_first_photo_moves_and_stops_at_the_ends(draft, places, order):
    photos = [TrainingImageFactory(model=draft, original_filename=name) for name in "abc"]
    services.move_photo(photos[0], places=places)
    assert "".join(draft.photos.values_list("original_filename", flat=True)) == order


def test_a_photo_moves_towards_the_front(draft):
    photos = [TrainingImageFactory(model=draft, original_filename=name) for name in "abc"]
    services.move_photo(photos[2], places=-1)
    assert "".join(draft.photos.values_list("original_filename", flat=True)) == "acb"


def test_moving_a_photo_that_another_tab_removed_changes_nothing(draft):
    first, second = TrainingImageFactory.create_batch(2, model=draft)
    TrainingImage.objects.filter(pk=first.pk).delete()
    services.move_photo(first, places=1)
    assert list(draft.photos.all()) == [second]


def test_a_caption_is_one_line_of_limited_length(draft):
    captioned = TrainingImageFactory(model=draft)
    set_caption(captioned, caption="  ann_k7 on\n a \x00beach ")
    captioned.refresh_from_db()
    assert captioned.caption == "ann_k7 on a beach"
    set_caption(captioned, caption="x" * 2000)
    captioned.refresh_from_db()
    assert len(captioned.caption) == LIMITS.max_caption


@pytest.mark.parametrize("caption", ["می‌خواهم", "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "\u202bمرحبا\u202c"])
def test_a_caption_keeps_what_words_and_emoji_are_made_of(draft, caption):
    captioned = TrainingImageFactory(model=draft)
    set_caption(captioned, caption=caption)
    captioned.refresh_from_db()
    assert captioned.caption == caption


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\photos\\Ann.jpg", "Ann.jpg"),
        ("/home/ann/IMG 1.jpg", "IMG 1.jpg"),
        ("a\x00b\r\nc.jpg", "ab c.jpg"),
        ("می‌خواهم 👩‍👩‍👧.jpg", "می‌خواهم 👩‍👩‍👧.jpg"),
        ("Zoë <b>.jpg", "Zoë <b>.jpg"),
        ("", ""),
    ],
)
def test_a_file_name_is_cleaned_for_showing(given, shown):
    assert services.clean_filename(given) == shown


def test_a_long_file_name_keeps_its_beginning_and_end():
    shown = services.clean_filename("a" * 500 + ".jpeg")
    assert len(shown) == 120
    assert shown.startswith("aaa") and shown.endswith(".jpeg")
