"""Django's rules for passwords, each saying in a line what to do where one does not meet it."""

from __future__ import annotations

from django.contrib.auth import password_validation as django_rules
from django.utils.translation import gettext, ngettext


class LongEnough(django_rules.MinimumLengthValidator):
    """Refuses short passwords."""

    def get_error_message(self) -> str:
        text = ngettext(
            "Too short. Use at least %d character.",
            "Too short. Use at least %d characters.",
            self.min_length,
        )
        return text % self.min_length


class UnlikeTheAddress(django_rules.UserAttributeSimilarityValidator):
    """Refuses passwords that are much like something else of the account."""

    def get_error_message(self) -> str:
        # Django fills in the name of the field.
        return gettext("Too much like your %(verbose_name)s. Choose words that are not in it.")


class NotOnlyDigits(django_rules.NumericPasswordValidator):
    """Refuses passwords of digits alone."""

    def get_error_message(self) -> str:
        return gettext("Digits alone are easy to guess. Add a few words.")
