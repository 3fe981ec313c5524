"""An account's one address: whose it is, and how it changes.

A change takes the password, a click in the old mailbox and a click in the new one, both by
somebody who is signed in to the account, within a day.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from enum import StrEnum

from allauth.account.models import EmailAddress
from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import mail
from accounts.errands import errand
from accounts.later import later
from accounts.models import AddressChange, User

CHANGE_EXPIRES = timedelta(days=1)
_SALT = "accounts.addresses.change"


class End(StrEnum):
    """The two mailboxes of a change."""

    OLD = "old"
    NEW = "new"


class Outcome(StrEnum):
    """What a click on a link led to."""

    WAITING = "waiting"  # for the other mailbox
    CHANGED = "changed"
    IMPOSSIBLE = "impossible"  # another account has the address by now


@transaction.atomic
def claim(user: User) -> None:
    """Note that the user's address is confirmed, and drop every other row about it or them.

    Rows of the library for this address under other accounts are left over: the address is
    nobody else's `User.email`.
    """
    rows = EmailAddress.objects
    rows.filter(user=user).exclude(email=user.email).delete()
    rows.filter(email=user.email).exclude(user=user).delete()
    rows.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def drop(user: User) -> None:
    """Forget that any address of the user is confirmed: an operator wrote another one."""
    EmailAddress.objects.filter(user=user).delete()


def is_confirmed(user: User) -> bool:
    """Return whether the owner of the mailbox confirmed the account's address."""
    rows = EmailAddress.objects.filter(user=user, email=user.email, verified=True)
    return bool(rows.exists())


def ask_for_change(user: User, new_email: str) -> None:
    """Begin a change, in place of any other under way, and send both links after the answer.

    Whether the new address is free is looked up only then: the answer does not depend on it.
    """
    AddressChange.objects.filter(user=user).delete()
    change = AddressChange.objects.create(
        user=user, old_email=user.email, new_email=User.objects.normalize_email(new_email)
    )
    later(send_links, change.pk)


@errand()
def send_links(change_id: uuid.UUID | str) -> None:
    """Send the link to the old address, and to the new one its link or, if taken, a warning."""
    change = AddressChange.objects.select_related("user").filter(pk=change_id).first()
    if change is None:
        return
    addresses = {"old_email": change.old_email, "new_email": change.new_email}
    old = {"link": _link(change, End.OLD)} | addresses
    mail.send("account/email/address_change_old", change.old_email, old)
    if User.objects.filter(email=change.new_email).exists():
        mail.send("account/email/address_taken", change.new_email, {})
        return
    new = {"link": _link(change, End.NEW)} | addresses
    mail.send("account/email/address_change_new", change.new_email, new)


def change_under_way(user: User) -> AddressChange | None:
    """Return the user's change that waits for clicks; None without one."""
    since = timezone.now() - CHANGE_EXPIRES
    changes = AddressChange.objects.filter(user=user, created_at__gt=since)
    return changes.order_by("-created_at").first()


def change_of_link(user: User, token: str) -> tuple[AddressChange, End] | None:
    """Return the change a link belongs to, and which end; None for any but the user's own."""
    try:
        change_id, end = signing.loads(token, salt=_SALT, max_age=CHANGE_EXPIRES)
    except signing.BadSignature:
        return None
    change = change_under_way(user)
    if change is None or str(change.pk) != change_id:
        return None
    return change, End(end)


def agree(change: AddressChange, end: End) -> Outcome:
    """Note that one mailbox agreed, and change the address once both have."""
    column = "approved_by_old" if end is End.OLD else "confirmed_by_new"
    AddressChange.objects.filter(pk=change.pk).update(**{column: True})
    change.refresh_from_db()
    if not (change.approved_by_old and change.confirmed_by_new):
        return Outcome.WAITING
    try:
        return _apply(change)
    except IntegrityError:  # somebody else confirmed the address in this moment
        AddressChange.objects.filter(pk=change.pk).delete()
        return Outcome.IMPOSSIBLE


@transaction.atomic
def _apply(change: AddressChange) -> Outcome:
    user = User.objects.select_for_update().get(pk=change.user_id)
    AddressChange.objects.filter(user=user).delete()
    if user.email != change.old_email:  # an operator changed it in the meantime
        return Outcome.IMPOSSIBLE
    user.email = change.new_email
    user.save(update_fields=["email"])
    claim(user)
    return Outcome.CHANGED


def prune() -> None:
    """Delete changes that nobody completed."""
    AddressChange.objects.filter(created_at__lt=timezone.now() - CHANGE_EXPIRES).delete()


def _link(change: AddressChange, end: End) -> str:
    token = signing.dumps([str(change.pk), end.value], salt=_SALT)
    return mail.absolute(reverse("account_change_address_link", args=[token]))
