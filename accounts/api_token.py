"""Personal tokens, with which programs call the API for a person."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a token may do; each includes what stands before it."""

    READ = "read", _("Read")
    WRITE = "write", _("Read and change")
    SPEND = "spend", _("Read, change and spend")


class State(models.TextChoices):
    """Where a token is in its life."""

    LIVE = "live", _("In use")
    REVOKED = "revoked", _("Revoked")
    ENDED = "ended", _("Ended")


_ORDER = list(Scope.values)


class ApiToken(models.Model):
    """One token: kept as a hash, so that nobody who reads the database can use it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(_("name"), max_length=60)
    scope = models.CharField(_("may do"), max_length=5, choices=Scope)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    # Its last characters, by which its owner tells it from others.
    hint = models.CharField(_("ends with"), max_length=4)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    last_used_from = models.GenericIPAddressField(_("last used from"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens for programs")
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints = [
            models.CheckConstraint(name="api_token_known_scope", condition=Q(scope__in=_ORDER))
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> State:
        """Where it is in its life, this moment."""
        if self.revoked_at is not None:
            return State.REVOKED
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return State.ENDED if is_over else State.LIVE

    @property
    def is_live(self) -> bool:
        """Whether it counts: neither revoked nor over."""
        return self.state is State.LIVE

    def allows(self, scope: str) -> bool:
        """Whether it may do what needs `scope`."""
        return _ORDER.index(self.scope) >= _ORDER.index(scope)
