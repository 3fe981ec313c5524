"""The users of the installation, and what is kept about how they get in.

The email address is the login, and an account has exactly one: `User.email`. The accounts
library keeps a row of its own beside it, which says whether the address is confirmed
(`accounts.addresses`).
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.api_token import ApiToken as ApiToken  # Django finds it here
from accounts.errand import Errand as Errand
from accounts.outgoing.rows import (
    WebhookDelivery as WebhookDelivery,
    WebhookEndpoint as WebhookEndpoint,
)
from accounts.own_limits import OwnLimits
from accounts.visitors import BROWSER_LENGTH, name_of


class UserManager(BaseUserManager["User"]):
    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the whole address in lower case, so that one address is one account.

        Django lowercases the domain only. It calls this for every form that edits a user.
        """
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create and return a user. Raises ValueError without an address."""
        if not email:
            raise ValueError("A user needs an email address")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create and return an operator. Who has the terminal needs no mail to confirm it."""
        from accounts import addresses

        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        addresses.claim(user)
        return user


class User(OwnLimits, AbstractUser):
    username = None  # type: ignore[assignment]
    email = models.EmailField(_("email address"), unique=True)
    # Part of what a session is checked against: one more, and all sessions of before are over.
    session_generation = models.PositiveIntegerField(default=0, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        salt = "accounts.models.User.session"
        value = f"{self.password}{self.session_generation}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()


class Invitation(models.Model):
    """Lets one person make an account, until a date; by a link whose token is kept nowhere."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        USED = "used", _("Used")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    # Where it is given, the account can only be made with this address.
    email = models.EmailField(_("email address"), blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    withdrawn_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_left(self) -> bool:
        """Whether it is neither used nor withdrawn; it may have expired."""
        return self.used_at is None and self.withdrawn_at is None

    @property
    def state(self) -> State:
        if self.used_at is not None:
            return self.State.USED
        if self.withdrawn_at is not None:
            return self.State.WITHDRAWN
        return self.State.OPEN if timezone.now() < self.expires_at else self.State.EXPIRED


class SignUp(models.Model):
    """Somebody asked for an account; there is none until the mailbox's owner confirms.

    Several may exist for one address: the link in each mail leads to one of them, and only
    with the password that was chosen for that one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    password = models.CharField(max_length=128)
    # Goes with its invitation: without one it would be worth what an open sign-up is.
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return str(self.pk)


class AddressChange(models.Model):
    """A change of an account's address: it takes both mailboxes. Only the newest counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    old_email = models.EmailField()
    new_email = models.EmailField()
    approved_by_old = models.BooleanField(default=False)
    confirmed_by_new = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return str(self.pk)


class SeenFrom(models.Model):
    """Something that came from a browser."""

    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=BROWSER_LENGTH, blank=True)

    class Meta:
        abstract = True

    @property
    def browser_name(self) -> str:
        return name_of(self.browser)


class BrowserSession(SeenFrom):
    """A session as its owner knows it: where, with what, since when."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    session_key = models.CharField(max_length=40, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.pk)


class SignIn(SeenFrom):
    """One attempt to sign in to an account that exists."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    succeeded = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["user", "-at"])]

    def __str__(self) -> str:
        return str(self.pk)
