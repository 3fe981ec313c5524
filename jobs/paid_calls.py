"""The ledger: one row for every paid call that left, or may have left. Rows are never deleted.

They outlive the job, the model and the account, and hold numbers, ids and the provider's words
only. `jobs.ledger` is their only writer.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

BILLED_LENGTH = 120


class Outcome(models.TextChoices):
    """What became of a paid call, as far as it is known."""

    SENT = "sent", _("Sent")  # marked: it leaves now, or has just left
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    NOT_SENT = "not_sent", _("Did not arrive")  # surely: not sent, or proved absent
    UNCLEAR = "unclear", _("Unclear")  # its answer was lost
    NOTHING_CHARGED = "nothing_charged", _("Nothing charged")  # accepted, and the provider says so


# These may have cost something. All others cost nothing.
COUNTING = frozenset({Outcome.SENT, Outcome.ACCEPTED, Outcome.UNCLEAR})


class PaidCall(models.Model):
    """One paid call."""

    job = models.ForeignKey(
        "jobs.JobQueue", null=True, on_delete=models.SET_NULL, related_name="paid_calls"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    provider = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    base_model = models.CharField(max_length=100, blank=True)
    # Which account at the provider took it, as a fingerprint.
    account = models.CharField(max_length=16, blank=True)
    # What a list shows of its run instead of the job's token; the job itself knows its newest.
    lookup_key = models.CharField(max_length=500, blank=True, editable=False, db_index=True)
    sent_at = models.DateTimeField()
    # The day of `sent_at` in the installation's time zone: what days and months are counted by.
    day = models.DateField(editable=False)
    # What budgets keep for it until it is known what it cost.
    estimate_usd = models.DecimalField(max_digits=10, decimal_places=4, default=0)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.SENT)
    actual_usd = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    billed = models.CharField(
        max_length=BILLED_LENGTH, blank=True, help_text="In the provider's words: 812.4 s"
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("paid call")
        verbose_name_plural = _("paid calls")
        indexes = [
            # Amounts are added up from these alone, whatever the table has grown to.
            models.Index(
                name="paid_call_of_month",
                fields=["day", "provider", "owner", "outcome", "estimate_usd", "actual_usd"],
            ),
            models.Index(
                name="paid_call_of_person",
                fields=["owner", "day", "outcome", "estimate_usd", "actual_usd"],
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="paid_call_known_outcome", condition=Q(outcome__in=sorted(Outcome.values))
            ),
            models.CheckConstraint(
                name="paid_call_no_negative_amount",
                condition=Q(estimate_usd__gte=0)
                & (Q(actual_usd__isnull=True) | Q(actual_usd__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.pk}"
