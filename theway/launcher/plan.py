"""Which services run, where they listen, and what they find in their environment."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template

from django.conf import settings

from environment import variables as set_by
from environment.reading import Environment
from theway.launcher.console import Console
from theway.launcher.ready import READY
from theway.processes import ports
from theway.processes.process import Process
from theway.processes.watchdog import Watchdog


class PlanError(Exception):
    """The services cannot be started like this. The message says what to change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the launcher needs to know, read once from the environment."""

    host: str
    port: int
    trainer_port: int
    commands: Mapping[str, str]

    @classmethod
    def from_environment(cls) -> Plan:
        """Read PORT, WEB_HOST, TRAINER_PORT and the Procfile. Raise PlanError."""
        env = Environment(os.environ)
        trainer_port = env.get(set_by.TRAINER_PORT)
        if not trainer_port:
            raise PlanError("TRAINER_PORT must be a port number from 1 to 65535 here.")
        procfile = (settings.BASE_DIR / "Procfile").read_text()
        commands = dict(re.findall(r"^([\w-]+):\s*(.+)$", procfile, re.MULTILINE))
        if not _bundled_trainer(trainer_port):
            commands.pop("trainer", None)
        return cls(
            host=env.get(set_by.WEB_HOST),
            port=env.get(set_by.PORT),
            trainer_port=trainer_port,
            commands=commands,
        )

    @property
    def address(self) -> str:
        """Where the site is found on this machine."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def check_ports(self) -> None:
        """Raise PlanError if a port is taken."""
        wanted = [("PORT", self.host, self.port)]
        if "trainer" in self.commands:
            wanted.append(("TRAINER_PORT", "127.0.0.1", self.trainer_port))
        for name, host, port in wanted:
            if not ports.becomes_free(host, port):
                raise PlanError(
                    f"Port {port} on {host} is already in use. Stop the program that uses it, "
                    f"or choose another port: {name}={port + 1} make run"
                )
        if "trainer" in self.commands and self.port == self.trainer_port:
            raise PlanError(f"PORT and TRAINER_PORT are both {self.port}; they must differ.")

    def services(self, console: Console, watchdog: Watchdog) -> list[Process]:
        """Return the processes, not launched yet, with their output on `console`.

        `$NAME` in a command is taken from the environment. Raise KeyError if it is not there.
        """
        env = self.environment()
        urls = {
            "web": f"{self.address}/",
            "trainer": f"http://127.0.0.1:{self.trainer_port}/healthz",
        }
        return [
            Process(
                name,
                _words(command, env),
                cwd=settings.BASE_DIR,
                env=env,
                ready_url=urls.get(name, ""),
                ready_line="" if name in urls else READY,
                on_line=partial(console.write, name=name),
                watchdog=watchdog,
            )
            for name, command in self.commands.items()
        ]

    def environment(self) -> dict[str, str]:
        """Return the services' environment: ours, with the defaults they share."""
        shared = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
            "WEB_HOST": self.host,
            "PORT": str(self.port),
            "TRAINER_PORT": str(self.trainer_port),
        }
        proxies = Environment(os.environ).get(set_by.TRUSTED_PROXIES)
        shared["TRUSTED_PROXIES"] = ",".join(proxies)
        defaults = {
            "TRAINER_DIR": str(settings.VAR_DIR / "trainer"),
            # A line per request would hide everything else.
            "TRAINER_LOG_LEVEL": "WARNING",
            "TRAINER_API_KEYS": _bundled_trainer(self.trainer_port).get("api_key", ""),
        }
        # What is set to nothing is not set; only TRAINER_URL means something then.
        filled = {name: text for name, text in os.environ.items() if text or name not in defaults}
        return defaults | filled | shared


def _bundled_trainer(port: int) -> dict[str, str]:
    """Return the options of the provider that is the trainer we start; {} where none is."""
    url = f"http://127.0.0.1:{port}"
    return next((one for one in settings.PROVIDERS.values() if one["base_url"] == url), {})


def _words(command: str, env: Mapping[str, str]) -> list[str]:
    """Return a command's words; `python` is ours, whatever PATH and the project's folder are."""
    words = [Template(word).substitute(env) for word in shlex.split(command)]
    return [sys.executable, *words[1:]] if words[0] == "python" else words
