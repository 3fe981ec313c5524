"""The outbox of mails: what is to be sent, or decided about sending, after an answer."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Errand(models.Model):
    """One piece of work that must survive the process that asked for it, until it is done.

    Removed once it is done. Where it was given up nothing of the mail is kept: not its words, its
    links or whom it was for.
    """

    work = models.CharField(_("work"), max_length=60)  # a name in `accounts.errands.KINDS`
    arguments = models.JSONField(default=list)
    # Whom it concerns, so that it goes with the account.
    email = models.EmailField(blank=True, db_index=True)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    useful_until = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True, default=timezone.now)
    given_up_at = models.DateTimeField(_("given up"), null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # The kind of error only: a mail server's words quote the address.
    error = models.CharField(_("error"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails that wait or were not sent")
        indexes = [
            models.Index(
                name="errand_due", fields=["next_try_at"], condition=Q(next_try_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.work
