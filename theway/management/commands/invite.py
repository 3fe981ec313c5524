"""`manage.py invite`: a link with which one person can create an account."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext

from accounts import invitations
from accounts.invite_form import InviteForm
from accounts.models import Invitation
from theway.machine_zone import local_text


class Command(BaseCommand):
    help = (
        "Make an invitation and print its link, which is kept nowhere: whoever has it can create "
        "one account. With --email only that address can be used, and where mail is set up the "
        "link is mailed there too. Exit code 1 if the invitation is refused or the mail fails."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", default="", help="the only address that can be used")
        parser.add_argument(
            "--days",
            type=int,
            default=invitations.EXPIRES.days,
            help=f"how long it works: 1 to {invitations.LONGEST.days}, normally %(default)s",
        )
        parser.add_argument("--note", default="", help="for the operators' list")

    def handle(self, *args: Any, **options: Any) -> None:
        form = InviteForm({name: options[name] for name in ("email", "days", "note")})
        if not form.is_valid():
            errors = [
                f"--{name}: {' '.join(map(str, texts))}" for name, texts in form.errors.items()
            ]
            raise CommandError("\n".join(errors))
        invitation: Invitation = form.save(commit=False)
        link = invitations.issue(invitation, lasts=form.lasts())
        self.stdout.write(link)
        until = local_text(invitation.expires_at)
        self.stderr.write(gettext("It works once, until %(until)s.") % {"until": until})
        if invitations.is_mailed(invitation):
            invitations.send(invitation, link)
            text = gettext("It is also mailed to %(email)s.")
            self.stderr.write(text % {"email": invitation.email})
