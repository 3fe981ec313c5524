"""Which services run, where they listen, and what they find in their environment."""

from __future__ import annotations

import errno
import os
import re
import shlex
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template

from django.conf import settings

from environment import variables as set_by
from environment.reading import Environment
from providers.registry import runs_here
from theway.launcher.console import Console
from theway.launcher.ready import READY
from theway.processes import ports
from theway.processes.process import Process
from theway.processes.watchdog import Watchdog
from theway.web_addresses import loopback_host


class PlanError(Exception):
    """The services cannot be started like this. The message says what to change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the launcher needs to know, read once from the environment."""

    host: str
    port: int
    trainer_port: int
    trainer_host: str  # "" where another trainer is used, or none
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
        trainer_host = _trainer_host(trainer_port)
        if not trainer_host:
            commands.pop("trainer", None)
        return cls(
            host=env.get(set_by.WEB_HOST),
            port=env.get(set_by.PORT),
            trainer_port=trainer_port,
            trainer_host=trainer_host,
            commands=commands,
        )

    @property
    def address(self) -> str:
        """Where the site is found on this machine."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return _url(host, self.port)

    @property
    def notes(self) -> list[str]:
        """What somebody may wonder about, in sentences."""
        if self.trainer_host:
            return []
        others = [one["base_url"] for key, one in settings.PROVIDERS.items() if runs_here(key)]
        reason = f"TRAINER_URL is {others[0]}" if others else "TRAINER_URL is empty"
        own = f"http://127.0.0.1:{self.trainer_port}"
        return [f"The bundled trainer is not started: {reason}, and not {own}."]

    def check_ports(self) -> None:
        """Raise PlanError if the site or the trainer could not listen, with the true cause."""
        if self.trainer_host and self.port == self.trainer_port:
            raise PlanError(f"PORT and TRAINER_PORT are both {self.port}; they must differ.")
        wanted = [("PORT", "WEB_HOST", self.host, self.port)]
        if self.trainer_host:
            wanted.append(("TRAINER_PORT", "TRAINER_URL", self.trainer_host, self.trainer_port))
        for port_name, host_name, host, port in wanted:
            if error := ports.lasting_obstacle(host, port):
                raise PlanError(_why_not(error, port_name, host_name, host, port))

    def services(self, console: Console, watchdog: Watchdog) -> list[Process]:
        """Return the processes, not launched yet, with their output on `console`.

        `$NAME` in a command is taken from the environment. Raise KeyError if it is not there.
        """
        env = self.environment()
        urls = {
            # Not a page for people: rules about hosts and HTTPS are not for our own probe.
            "web": f"{self.address}/healthz",
            "trainer": f"{_url(self.trainer_host, self.trainer_port)}/healthz",
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
            "TRAINER_HOST": self.trainer_host or "127.0.0.1",
            "TRAINER_API_KEYS": _bundled_trainer(self.trainer_port).get("api_key", ""),
        }
        # What is set to nothing is not set; only TRAINER_URL means something then.
        filled = {name: text for name, text in os.environ.items() if text or name not in defaults}
        return defaults | filled | shared


def _bundled_trainer(port: int) -> dict[str, str]:
    """Return the options of the provider that is the trainer we start; {} where none is."""
    found = settings.PROVIDERS.values()
    return next((one for one in found if loopback_host(one["base_url"], port)), {})


def _trainer_host(port: int) -> str:
    return loopback_host(_bundled_trainer(port).get("base_url", ""), port)


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _why_not(error: OSError, port_name: str, host_name: str, host: str, port: int) -> str:
    """Say in a sentence or two why nobody can listen there, and what to change."""
    if ports.is_taken(error):
        return (
            f"Port {port} on {host} is already in use. Stop the program that uses it, "
            f"or choose another port: {port_name}={port + 1} make run"
        )
    if isinstance(error, PermissionError):
        return (
            f"This account may not open port {port} on {host}. Ports below 1024 are for the "
            f"system: choose another one, say {port_name}={port + 8000}, and put a proxy in front."
        )
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{host_name} is {host}, which is no address of this machine ({error.strerror})."
    return f"Port {port} on {host} cannot be opened: {error.strerror or error}."


def _words(command: str, env: Mapping[str, str]) -> list[str]:
    """Return a command's words; `python` is ours, whatever PATH and the project's folder are."""
    words = [Template(word).substitute(env) for word in shlex.split(command)]
    return [sys.executable, *words[1:]] if words[0] == "python" else words
