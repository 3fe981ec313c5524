"""`manage.py up`: the whole installation in one terminal."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from accounts.models import User
from theway import in_use
from theway.checks import INSTALLATION
from theway.launcher.console import Console
from theway.launcher.plan import Plan, PlanError
from theway.launcher.preparation import AlreadyRunningError, launcher_lock, prepare
from theway.launcher.static_files import ForeignFolderError
from theway.launcher.supervisor import StartError, Supervisor
from theway.processes.open_files import raise_limit
from theway.processes.watchdog import Watchdog

# Each says in a sentence what to change.
_REFUSALS = (PlanError, AlreadyRunningError, in_use.InUseError, ForeignFolderError, StartError)


class Command(BaseCommand):
    # All other checks are about the code, which `make check` has seen.
    requires_system_checks = (INSTALLATION,)
    help = (
        "Start the web server, the worker, the scheduler and the bundled trainer in this terminal. "
        "Ctrl-C stops all of them. PORT (8000), WEB_HOST (127.0.0.1) and TRAINER_PORT (8100) "
        "are read from the environment."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = Plan.from_environment()
            plan.check_ports()
            in_use.hold()
            with launcher_lock():
                self._run(plan)
        except _REFUSALS as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            reason = str(error).strip().partition("\n")[0]
            raise CommandError(f"The database cannot be used: {reason}.") from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise CommandError(f"{error.filename or 'A file'} cannot be used: {reason}.") from error
        except KeyboardInterrupt:
            raise SystemExit(130) from None

    def _run(self, plan: Plan) -> None:
        raise_limit()
        console = Console(list(plan.commands))
        for note in plan.notes:
            console.write(note)
        prepare(console.write)
        with Watchdog() as watchdog:
            Supervisor(
                plan.services(console, watchdog),
                console=console,
                on_ready=lambda: self._write_address(plan, console),
            ).run()

    def _write_address(self, plan: Plan, console: Console) -> None:
        console.write("")
        console.write(f"Open {settings.PUBLIC_URL or plan.address} — Ctrl-C stops everything.")
        if not User.objects.filter(is_superuser=True).exists():
            console.write("To create an operator account, run in another terminal: make operator")
