"""Passwords: who has which, and which are too easy to guess."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.http import int_to_base36
from django.utils.translation import gettext

from accounts import mail
from accounts.errands import errand
from accounts.models import User

# What people write for letters to satisfy rules; guessing programs undo it first.
_DISGUISES = str.maketrans("013457@$!", "oleastasi")
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
# Characters of a password that are looked at; the rest of a longer one cannot make it worse.
JUDGED = 200
_NAMES = {"theway"}


def user_with(email: str, password: str) -> User | None:
    """Return the user with this address and password; None for any other pair.

    Always one query and one hash: an unknown address costs what a wrong password does.
    """
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    if user is None:
        make_password(password)
        return None
    return user if user.check_password(password) else None


@errand()
def send_reset_link(email: str) -> None:
    """Send the account with this address, if there is one, a link to set a new password."""
    user = User.objects.filter(email=User.objects.normalize_email(email), is_active=True).first()
    if user is None:
        return
    args = [int_to_base36(user.pk), default_token_generator.make_token(user)]
    link = mail.absolute(reverse("account_reset_password_from_key", args=args))
    mail.send("account/email/password_reset_key", user.email, {"link": link}, is_urgent=True)


class GuessablePasswordValidator:
    """Refuses common passwords, known from breaches, in their usual disguises.

    Django's list of 20,000 is searched for the word behind “P4ssword123!”, and passwords of
    few different characters or of neighbouring keys are refused. Nothing leaves the machine.
    """

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError for a password that guessing programs try early."""
        password = password[:JUDGED]
        words = _plain_words(password.lower())
        if words & (common_words() | _NAMES) or len(set(password)) < 4 or _is_run(password):
            raise ValidationError(
                gettext("Too easy to guess. Put several words together that nobody expects."),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return gettext("Your password can't be a common one, even with a few characters changed.")


@cache
def common_words() -> frozenset[str]:
    """Return Django's list of common passwords."""
    return frozenset(CommonPasswordValidator().passwords)


def _plain_words(password: str) -> set[str]:
    """Return what may be meant: without digits and signs around it, and without disguises."""
    edges = password.strip("".join({sign for sign in password if not sign.isalpha()}))
    plain = {password, edges, password.translate(_DISGUISES), edges.translate(_DISGUISES)}
    halves = {word[: len(word) // 2] for word in plain if word == word[: len(word) // 2] * 2}
    # Two letters that are left over are no word.
    return {word for word in plain | halves if len(word) > 3}


def _is_run(password: str) -> bool:
    """Return whether it is made of neighbours on the keyboard or in the alphabet only."""
    lower = password.lower()
    pairs = list(pairwise(lower))
    near = sum(any(a + b in run or b + a in run for run in _RUNS) for a, b in pairs)
    return bool(pairs) and near >= 0.8 * len(pairs)
