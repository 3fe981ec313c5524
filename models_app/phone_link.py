"""The link with which a phone adds photos to one draft."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PhoneLink(models.Model):
    """Lets whoever has its address add photos to one draft, until a time; a draft has one at most.

    The token of the address is kept nowhere: `nonce` and the secret key yield it again.
    """

    model = models.OneToOneField(
        "models_app.UserModel",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="phone_link",
        verbose_name=_("model"),
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    nonce = models.CharField(max_length=43, editable=False)
    # What the owner's sessions are good with: it ends with them.
    seal = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    # Files that were sent by it, kept or not: a link that went astray costs so much and no more.
    tries = models.PositiveIntegerField(_("files sent"), default=0)
    photo_count = models.PositiveIntegerField(_("photos"), default=0)
    # One more with every change that the draft's page shows.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("phone link")
        verbose_name_plural = _("phone links")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_open(self) -> bool:
        """Whether it can be used as far as the row says; `phone_links.open_link` says it all."""
        return self.ended_at is None and timezone.now() < self.expires_at
