"""Making an account where addresses are confirmed: asking for one, and confirming it.

Asking does the same whether or not there is an account: one hash, one row. Which mail follows
is decided after the answer. The link in it leads to a page that asks for the password chosen
when asking, so that nobody confirms an account that somebody else prepared for their address.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import addresses, invitations, mail
from accounts.errands import errand
from accounts.invitations import InvitationOverError
from accounts.later import later
from accounts.models import Invitation, SignUp, User

EXPIRES = timedelta(days=1)
_SALT = "accounts.sign_up.confirm"


def ask(
    request: HttpRequest, email: str, password: str, invitation: Invitation | None = None
) -> None:
    """Keep the wish for an account, and send a mail about it after the answer.

    An invitation is not used up by asking: only by the account.
    """
    wish = SignUp.objects.create(
        email=User.objects.normalize_email(email),
        password=make_password(password),
        invitation=invitation,
    )
    if mail.may_be_sent(request, "confirm_email", wish.email):
        later(send_mail_about, wish.pk)


@errand()
def send_mail_about(wish_id: uuid.UUID | str) -> None:
    """Send the link that confirms, or say that there is an account already."""
    wish = SignUp.objects.filter(pk=wish_id).first()
    if wish is None:
        return
    if User.objects.filter(email=wish.email).exists():
        wish.delete()
        link = mail.absolute(reverse("account_reset_password"))
        mail.send("account/email/account_already_exists", wish.email, {"link": link})
        return
    mail.send("account/email/confirm", wish.email, {"link": _link("wish", str(wish.pk))})


@errand()
def send_confirmation(user_id: int | str) -> None:
    """Send the link that confirms the address of an account an operator made."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user and not addresses.is_confirmed(user):
        link = _link("user", f"{user.pk} {user.email}")
        mail.send("account/email/confirm", user.email, {"link": link})


def unconfirmed(token: str) -> SignUp | User | None:
    """Return what a link from a mail would confirm; None if it is used, expired or forged."""
    try:
        kind, value = signing.loads(token, salt=_SALT, max_age=EXPIRES)
    except signing.BadSignature:
        return None
    if kind == "wish":
        wish = SignUp.objects.select_related("invitation").filter(pk=value).first()
        return wish if wish is not None and _may_become_an_account(wish) else None
    user_id, email = value.split(" ", 1)
    user = User.objects.filter(pk=user_id, email=email, is_active=True).first()
    return None if user is None or addresses.is_confirmed(user) else user


def _may_become_an_account(wish: SignUp) -> bool:
    """An invitation that has expired since still counts: the mail promises a day."""
    if wish.invitation is not None and not wish.invitation.is_left:
        return False
    return not User.objects.filter(email=wish.email).exists()


def confirm(found: SignUp | User, password: str) -> User | None:
    """Return the account, confirmed from now on; None for another password than the chosen one.

    Also None if another link for the same address, or by the same invitation, was quicker.
    """
    if not check_password(password, found.password):
        return None
    if isinstance(found, User):
        addresses.claim(found)
        return found
    try:
        return _account_from(found)
    except (IntegrityError, InvitationOverError):
        return None


@transaction.atomic
def _account_from(wish: SignUp) -> User:
    user = User.objects.create(email=wish.email, password=wish.password)
    if wish.invitation is not None:
        invitations.use(wish.invitation, user)
    addresses.claim(user)
    SignUp.objects.filter(email=wish.email).delete()
    return user


def prune() -> None:
    """Delete what was never confirmed."""
    SignUp.objects.filter(created_at__lt=timezone.now() - EXPIRES).delete()


def _link(kind: str, value: str) -> str:
    token = signing.dumps([kind, value], salt=_SALT)
    return mail.absolute(reverse("account_confirm", args=[token]))
