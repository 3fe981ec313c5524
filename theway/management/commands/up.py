"""`manage.py up`: the whole installation in one terminal."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from theway.checks import INSTALLATION
from theway.launcher.console import Console
from theway.launcher.plan import Plan, PlanError
from theway.launcher.preparation import AlreadyRunning, only_launcher, prepare
from theway.launcher.supervisor import CannotStart, Supervisor


class Command(BaseCommand):
    # All other checks are about the code, which `make check` has seen.
    requires_system_checks = (INSTALLATION,)
    help = (
        "Start the web server, the worker, its clock and the bundled trainer in this terminal. "
        "Ctrl-C stops all of them. PORT (8000), WEB_HOST (127.0.0.1) and TRAINER_PORT (8100) "
        "are read from the environment."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = Plan.from_environment()
            plan.check_ports()
            with only_launcher():
                self._run(plan)
        except (PlanError, AlreadyRunning, CannotStart) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise SystemExit(130) from None

    def _run(self, plan: Plan) -> None:
        console = Console(list(plan.commands))
        prepare(console.say)
        Supervisor(
            plan.services(console),
            env=plan.environment(),
            folder=settings.BASE_DIR,
            console=console,
            on_ready=lambda: self._welcome(plan, console),
        ).run()

    def _welcome(self, plan: Plan, console: Console) -> None:
        console.say("")
        console.say(f"Open {settings.PUBLIC_URL or plan.address} — Ctrl-C stops everything.")
        if not User.objects.filter(is_superuser=True).exists():
            console.say("Become the operator, in another terminal: make operator")
