"""The queue, its audit trail, and what each provider last answered."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from jobs.paid_calls import PaidCall as PaidCall  # Django finds it here
from jobs.querysets import JobQuerySet
from jobs.remote_deletion import RemoteDeletion as RemoteDeletion  # and this
from jobs.states import FOLLOWED, OVER, UNFINISHED, Status
from jobs.webhook_rows import (  # Django finds them here
    WebhookCount as WebhookCount,
    WebhookKeys as WebhookKeys,
    WebhookReceipt as WebhookReceipt,
)
from providers import registry
from providers.types import TOKEN_PREFIX, RunRef, WorkKind


def new_correlation() -> str:
    """A unique token for the paid call: 35 characters, as the shortest field for it takes 40."""
    return f"{TOKEN_PREFIX}{uuid.uuid4().hex}"


class JobQueue(models.Model):
    """One piece of paid work at a provider. Trying again is a new row."""

    class Kind(models.TextChoices):
        TRAINING = "training", _("Training")
        GENERATION = "generation", _("Pictures")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    # The money trail outlives owner and model, without a word of theirs (`jobs.deletion`).
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    model = models.ForeignKey(
        "models_app.UserModel", null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    provider = models.CharField(max_length=40)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    run_id = models.CharField(max_length=200, blank=True)
    correlation = models.CharField(
        max_length=40, unique=True, default=new_correlation, editable=False
    )
    # What a list shows instead of the correlation, where the provider cannot return that.
    lookup_key = models.CharField(max_length=500, blank=True, editable=False, db_index=True)
    # One click of the button, however often it arrives.
    idempotency_key = models.CharField(max_length=120, unique=True, editable=False)
    payload = models.JSONField(default=dict, blank=True, help_text="What is asked for")
    result = models.JSONField(default=dict, blank=True, help_text="What the provider gave")
    engine = models.CharField(max_length=40, blank=True)

    # Raised by every transition and claim: a decision on an older reading changes nothing.
    version = models.PositiveIntegerField(default=0, editable=False)
    incident = models.CharField(
        max_length=300, blank=True, help_text="Something an operator should know, e.g. a second run"
    )

    progress = models.FloatField(default=0.0, help_text="0 to 1, never backwards")
    step = models.PositiveIntegerField(null=True, blank=True)
    total_steps = models.PositiveIntegerField(null=True, blank=True)
    stage = models.CharField(max_length=120, blank=True)
    # Where the step rate is measured from: the first step observed.
    first_step = models.PositiveIntegerField(null=True, blank=True, editable=False)
    first_step_at = models.DateTimeField(null=True, blank=True, editable=False)
    eta_at = models.DateTimeField(null=True, blank=True)

    attempts = models.PositiveIntegerField(
        default=0, help_text="Failed tries of ours in this state, at most max_attempts"
    )
    max_attempts = models.PositiveIntegerField(default=8)
    unanswered_count = models.PositiveIntegerField(
        default=0, help_text="Times in a row the provider did not answer; sets the backoff"
    )
    absent_count = models.PositiveIntegerField(
        default=0, help_text="Complete lists in which a lost call did not appear"
    )
    # Who works on the row now; without a renewal the lease expires and others may.
    claim = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(default=timezone.now)
    # How much of the provider's log is already stored as events.
    log_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    log_count = models.PositiveIntegerField(default=0, editable=False)
    loss_step = models.PositiveIntegerField(null=True, blank=True, editable=False)
    samples_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    error_code = models.CharField(max_length=60, blank=True)
    error_detail = models.CharField(max_length=1000, blank=True)
    cost_estimate = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    # What budgets keep for its call, also where nobody publishes a price.
    budget_usd = models.DecimalField(max_digits=10, decimal_places=4, default=0, editable=False)
    # What it really cost, where the provider says so: a copy of the ledger's, for pages.
    cost_usd = models.DecimalField(
        max_digits=10, decimal_places=4, null=True, blank=True, editable=False
    )

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Committed just before the paid call: without it the call was surely not made.
    sent_at = models.DateTimeField(null=True, blank=True)
    # When a paid call without an answer was surely over: not claimed again before, and only
    # later lists prove its absence. Kept for good: whoever had such a call may have paid.
    call_over_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Which account took the paid call: a list read as another one proves nothing.
    account = models.CharField(max_length=16, blank=True, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    state_changed_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            # The sweep: what is due. Not partial: SQLite would not see that it serves one state.
            models.Index(name="job_due", fields=["status", "provider", "next_poll_at"]),
            # Whether a lost call may still turn up at a provider.
            models.Index(name="job_changed", fields=["provider", "kind", "state_changed_at"]),
            # The newest that succeeded of one account: what a list must show to prove anything.
            models.Index(
                name="job_witness",
                fields=["provider", "kind", "account", "status", "-state_changed_at"],
            ),
            # The activity page, newest first.
            models.Index(name="job_of_owner", fields=["owner", "-created_at"]),
            models.Index(name="job_of_model", fields=["model", "kind", "-created_at"]),
            # Whose run a webhook is about.
            models.Index(name="job_of_run", fields=["provider", "run_id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_known_status", condition=Q(status__in=sorted(Status.values))
            ),
            models.CheckConstraint(
                name="job_followed_has_run_id",
                condition=~Q(status__in=sorted(FOLLOWED | {Status.SUCCEEDED})) | ~Q(run_id=""),
            ),
            models.UniqueConstraint(
                name="job_one_unfinished_training_per_model",
                fields=["model"],
                condition=Q(kind="training", status__in=sorted(UNFINISHED)),
            ),
            models.UniqueConstraint(
                name="job_run_followed_once",
                fields=["provider", "run_id"],
                condition=Q(status__in=sorted(FOLLOWED)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {str(self.pk)[:8]}"

    @property
    def token(self) -> str:
        """What a list of the provider shows of its run."""
        return self.lookup_key or self.correlation

    @property
    def run_ref(self) -> RunRef:
        """What names its run in a call."""
        base_model, steps = self.payload.get("base_model", ""), self.result.get("steps", 0)
        return RunRef(self.run_id, WorkKind(self.kind), base_model, steps)

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def is_simulated(self) -> bool:
        return self.engine == "simulated"

    @property
    def makes_samples(self) -> bool:
        """Whether it is a training that shows on the way what it has learned."""
        is_real = bool(self.engine) and not self.is_simulated
        return is_real and self.kind == self.Kind.TRAINING and registry.makes_samples(self.provider)


class OrphanRun(models.Model):
    """A run that was started for a job, and that no job follows (any more)."""

    job = models.ForeignKey(JobQueue, on_delete=models.CASCADE, related_name="orphan_runs")
    run_id = models.CharField(max_length=200)
    found_at = models.DateTimeField(default=timezone.now)
    # When the provider is asked again to stop it; None once that is settled.
    next_try_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("orphan run")
        verbose_name_plural = _("orphan runs")
        constraints = [
            models.UniqueConstraint(name="orphan_run_once", fields=["job", "run_id"]),
        ]
        indexes = [
            models.Index(
                name="orphan_run_to_stop",
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.run_id


class JobEvent(models.Model):
    """Append only: the audit trail, the timeline on the page and the feed of live updates."""

    class Kind(models.TextChoices):
        STATE = "state", _("State")
        PROGRESS = "progress", _("Progress")
        LOG = "log", _("Log")
        LOSS = "loss", _("Loss")
        NOTE = "note", _("Note")

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(JobQueue, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=1000, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["job", "kind", "id"])]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    @property
    def translated(self) -> str:
        """The text in the reader's language."""
        if self.kind == self.Kind.STATE:
            return str(Status(self.text).label)
        if message := self.data.get("message"):
            return str(gettext(message) % self.data["values"])
        return self.text


class ProviderStatus(models.Model):
    """What a provider last answered, shared by all processes; pages read only this."""

    provider = models.CharField(max_length=40, primary_key=True)
    # Whoever holds the lease polls; two workers never request the same list at once.
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="Not called before: it limits our rate, or did not answer"
    )
    # Since when its budget of calls grows again.
    polled_at = models.DateTimeField(null=True, blank=True, editable=False)
    unanswered_count = models.PositiveIntegerField(default=0, help_text="Calls in a row")
    # Counted before each leaves: a database that counts fewer than the journal went back in time.
    paid_calls = models.PositiveBigIntegerField(default=0, editable=False)
    last_answer_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    description = models.JSONField(null=True, blank=True, help_text="What it can do, as it states")
    described_at = models.DateTimeField(null=True, blank=True)
    first_prices = models.JSONField(
        default=dict, blank=True, help_text="Its list prices, as they were first read"
    )

    class Meta:
        verbose_name = _("provider status")
        verbose_name_plural = _("provider statuses")

    def __str__(self) -> str:
        return self.provider


class Heartbeat(models.Model):
    """When a periodic task last ran, whichever process ran it."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
