"""Models and the photos they are trained with."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from models_app.archive_fetch import ArchiveFetch as ArchiveFetch  # Django finds it here
from models_app.changes import changes_text
from models_app.crops import Box
from models_app.file_comparison import FileComparison as FileComparison  # and this one
from models_app.phone_link import PhoneLink as PhoneLink  # and this one too

# The rows for which `UserModel.is_draft` holds.
IS_DRAFT = Q(status="pending", started_at=None)


class Subject(models.TextChoices):
    PERSON = "person", _("Person")
    PRODUCT = "product", _("Product")
    STYLE = "style", _("Style")


class UserModel(models.Model):
    """One model of one owner, from the wizard on."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Draft or waiting")
        TRAINING = "training", _("Training")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="user_models",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=60, blank=True)
    description = models.CharField(_("description"), max_length=500, blank=True)
    kind = models.CharField(_("subject"), max_length=10, choices=Subject, default=Subject.PERSON)
    trigger_word = models.CharField(_("trigger word"), max_length=24, blank=True)
    base_model = models.CharField(_("base model"), max_length=100, blank=True)
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    preset = models.CharField(_("preset"), max_length=20, blank=True)
    options = models.JSONField(_("hyperparameters"), default=dict, blank=True)
    # The wizard's answers as entered, by step, invalid ones included, so that leaving a step
    # loses nothing. The columns above contain valid values only.
    answers = models.JSONField(_("answers in the wizard"), default=dict, blank=True)
    consent_at = models.DateTimeField(_("consent given"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    weights = models.FileField(_("weights"), max_length=200, blank=True)
    weights_sha256 = models.CharField(_("SHA-256 of the weights"), max_length=64, blank=True)
    weights_size = models.BigIntegerField(_("size of the weights in bytes"), null=True, blank=True)
    base_family = models.CharField(_("base model family"), max_length=40, blank=True)
    remote_ref = models.CharField(_("weights at the provider"), max_length=500, blank=True)
    engine = models.CharField(
        _("engine"),
        max_length=40,
        blank=True,
        help_text=_("What trained it; “simulated” if nothing was really trained"),
    )
    # Set by “Start training”: answers and photos are fixed until that training ends.
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ready_at = models.DateTimeField(_("ready since"), null=True, blank=True)
    failed_reason = models.CharField(_("reason of the failure"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("model")
        verbose_name_plural = _("models")
        indexes = [models.Index(fields=["owner", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                name="user_model_known_status",
                condition=Q(status__in=["pending", "training", "ready", "failed"]),
            ),
            models.CheckConstraint(
                name="user_model_ready_has_weights",
                condition=~Q(status="ready") | (~Q(weights="") & ~Q(weights_sha256="")),
            ),
            models.UniqueConstraint(
                name="user_model_trigger_word_once_per_owner",
                fields=["owner", "trigger_word"],
                condition=~Q(trigger_word=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name or gettext("Untitled model")

    @property
    def is_editable(self) -> bool:
        """Whether the wizard may change it: never started, or failed or cancelled since."""
        return self.started_at is None and self.status in {
            self.Status.PENDING,
            self.Status.FAILED,
        }

    @property
    def is_draft(self) -> bool:
        """Whether it is being set up: not started, or stopped before it became anything."""
        return self.status == self.Status.PENDING and self.started_at is None

    @property
    def is_simulated(self) -> bool:
        return self.engine == "simulated"


class TrainingImage(models.Model):
    """A photo as stored: upright, sRGB, without metadata, under a name of ours."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(
        UserModel, on_delete=models.CASCADE, related_name="photos", verbose_name=_("model")
    )
    file = models.ImageField(_("file"), max_length=200, width_field="width", height_field="height")
    thumbnail = models.ImageField(_("thumbnail"), max_length=200)
    original_filename = models.CharField(_("file name"), max_length=200, blank=True)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256 of the upload"), max_length=64)
    caption = models.CharField(_("caption"), max_length=500, blank=True)
    # Before the last change of all captions at once; None where that left it alone.
    caption_before = models.CharField(  # noqa: DJ001 - an empty caption is one, too
        _("caption before the last change of all"), max_length=500, null=True, blank=True
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    # Microseconds since 1970 by the person's clock: what decides its place among others.
    chosen = models.PositiveBigIntegerField(_("chosen"), default=0)
    # What was done to it when it was taken, as codes (`changes.py`).
    changes = models.JSONField(_("changes"), default=list, blank=True)
    # What the coach measured of what is trained on (`coach/measuring.py`); None where it has not.
    measures = models.JSONField(_("measures"), null=True, blank=True)
    # The part that is trained on, as `crops.Box`, and a file of just that; null: all of it.
    crop = models.JSONField(_("crop"), null=True, blank=True)
    cropped = models.FileField(_("cropped file"), max_length=200, blank=True)
    cropped_size = models.PositiveBigIntegerField(_("size of the crop in bytes"), default=0)
    # The nonce of the phone's link by which it came: whoever has that may take it back.
    came_by = models.CharField(max_length=43, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["position", "created_at"]
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints = [
            models.UniqueConstraint(name="photo_once_per_model", fields=["model", "sha256"]),
            models.CheckConstraint(
                name="photo_crop_has_its_file",
                condition=Q(crop__isnull=True, cropped="", cropped_size=0)
                | (Q(crop__isnull=False, cropped_size__gt=0) & ~Q(cropped="")),
            ),
        ]

    def __str__(self) -> str:
        return self.original_filename or str(self.pk)

    @property
    def changes_text(self) -> str:
        """What was done to it, as a line for people."""
        return changes_text(self.changes)

    @property
    def box(self) -> Box:
        """What of it is trained on."""
        return Box.from_json(self.crop) if self.crop else Box.whole(self.width, self.height)

    @property
    def trained_size(self) -> tuple[int, int]:
        """Width and height of what is trained on."""
        return self.box.width, self.box.height

    @property
    def trained_file(self) -> FieldFile:
        """The file that is trained on."""
        return self.cropped if self.crop else self.file

    @property
    def trained_bytes(self) -> int:
        """The size of the file that is trained on."""
        return self.cropped_size if self.crop else self.size

    @property
    def stored_names(self) -> list[str]:
        """The names of all its files."""
        files = (self.file, self.thumbnail, self.cropped)
        return [str(file.name) for file in files if file]


class CaptionRun(models.Model):
    """Captions that the operator's program writes for a draft (`caption_runs.py`)."""

    model = models.OneToOneField(
        UserModel, on_delete=models.CASCADE, related_name="caption_run", verbose_name=_("model")
    )
    total = models.PositiveIntegerField(_("photos"))
    written = models.PositiveIntegerField(_("captions written"), default=0)
    failed = models.JSONField(_("photos without"), default=list)  # ids
    next_at = models.DateTimeField(_("next photo at"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("run of captions")
        verbose_name_plural = _("runs of captions")

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"

    @property
    def done(self) -> int:
        return min(self.written + len(self.failed), self.total)


class PartialUpload(models.Model):
    """A file that is arriving in parts: what was said of it. Its bytes: `partial_files`.

    Once it is a photo the row remains for a while, as the answer that says so may be lost.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(UserModel, on_delete=models.CASCADE, related_name="partial_uploads")
    filename = models.CharField(max_length=255, blank=True)
    length = models.PositiveBigIntegerField()
    # When the file was last changed, in milliseconds since 1970: with name and length it tells
    # whether a file that is chosen again is the same one.
    modified = models.PositiveBigIntegerField(default=0)
    chosen = models.PositiveBigIntegerField()
    caption = models.CharField(max_length=500, blank=True)
    # Begun by a phone's link: it is that page's to go on with, not the wizard's.
    by_phone = models.BooleanField(default=False)
    # What counts in the owner's storage: all that was announced, until it is taken.
    size = models.PositiveBigIntegerField()
    photo = models.ForeignKey(
        TrainingImage, on_delete=models.CASCADE, null=True, related_name="partial_uploads"
    )
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            # A request to begin whose answer was lost is made again, and finds this one.
            models.UniqueConstraint(
                name="partial_upload_once",
                fields=["model", "by_phone", "chosen", "filename", "length"],
            ),
        ]

    def __str__(self) -> str:
        return self.filename or str(self.pk)


class PhotoUpload(models.Model):
    """A photo that was opened, kept or not, for the count of one day: deleting it undoes nothing.

    Rows older than a day go (`models_app.uploads`).
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="photo_uploads"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["owner", "at"])]

    def __str__(self) -> str:
        return str(self.pk)


class FileDeletion(models.Model):
    """A file that no row names any more, or a whole folder where the name ends with a slash.

    Written with the change that lets go of it, and removed once the storage has deleted it.
    """

    name = models.CharField(_("name"), max_length=255)
    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    next_try_at = models.DateTimeField(_("next try"), db_index=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)

    class Meta:
        verbose_name = _("file to be deleted")
        verbose_name_plural = _("files to be deleted")

    def __str__(self) -> str:
        return self.name
