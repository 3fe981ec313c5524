"""The variables as they are set: in the real environment, or else in `.env`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

from environment import env_file
from environment.errors import SettingError, UnfitError
from environment.values import ROOT, Variable

T = TypeVar("T")
# How like a known name an unknown one must be to count as its misspelling (difflib's ratio); in the
# real environment are the names of other programs too.
_LIKE_IN_FILE, _LIKE = 0.75, 0.85
# What Kubernetes writes into TRAINER_PORT where a service is called `trainer`; nobody has set that.
_SERVICE_LINK = re.compile(r"(tcp|udp|sctp)://[0-9A-Fa-f.:\[\]]+:[0-9]+")


class Environment:
    """Texts by name, read through the declarations of variables."""

    def __init__(
        self, texts: Mapping[str, str], lines: Mapping[str, env_file.Line] | None = None
    ) -> None:
        self._texts = texts
        self._lines = lines or {}

    @classmethod
    def load(cls, path: Path = ROOT / ".env") -> Environment:
        """Return the process's environment, completed from the file. Raise SettingError.

        A name that the real environment has, be it empty, is not read from the file. The rest is
        added to `os.environ`, for the processes we start and for names that libraries read.
        """
        lines = {name: line for name, line in env_file.read(path).items() if name not in os.environ}
        os.environ.update({name: line.value for name, line in lines.items()})
        return cls(dict(os.environ), lines)

    def get(self, variable: Variable[T], default: T | None = None) -> T:
        """Return a variable's value: as set, else `default`, else its own default.

        Raise SettingError, one sentence with the name and without the value.
        """
        text = self._text(variable)
        if text.strip():
            return self._parsed(variable, text)
        if variable.name in self._texts and variable.empty_means is not None:
            return variable.empty_means
        return cast(T, variable.default if default is None else default)

    def is_set(self, variable: Variable[Any]) -> bool:
        """Return whether it is set to something."""
        return bool(self._text(variable).strip())

    def _text(self, variable: Variable[Any]) -> str:
        text = self._texts.get(variable.name, "")
        is_link = variable.name.endswith("_PORT") and _SERVICE_LINK.fullmatch(text)
        return "" if is_link else text

    def check(self, variables: Iterable[Variable[Any]]) -> None:
        """Raise SettingError for the first of these that cannot be meant as it is written."""
        for variable in variables:
            self.get(variable)

    def misspelt(self, variables: Iterable[Variable[Any]]) -> list[str]:
        """Return a sentence for each name that is unknown and like one of these."""
        known = [variable.name for variable in variables]
        found = []
        for name in sorted(self._texts.keys() - set(known)):
            for near in self._near(name, known):
                found.append(f"{name}{self._where(name)} is not known. Is {near} meant?")
        return found

    def _near(self, name: str, known: list[str]) -> list[str]:
        """Return the one that is most like the name, or is it with a word more: SECRET_KEY."""
        is_in_file = name in self._lines
        upper, alike = name.upper(), _LIKE_IN_FILE if is_in_file else _LIKE
        longer = [one for one in known if f"_{upper}_" in f"_{one}_"] if is_in_file else []
        return get_close_matches(upper, known, 1, alike) or longer[:1]

    def refusal(self, variable: Variable[Any], what: str) -> SettingError:
        """Return the error that says what a variable must be."""
        return SettingError(f"{variable.name}{self._where(variable.name)} must be {what}.")

    def _parsed(self, variable: Variable[T], text: str) -> T:
        try:
            return variable.parse(text)
        except UnfitError as error:
            raise self.refusal(variable, str(error)) from None
        except ValueError:  # what Python says may hold the value
            raise self.refusal(variable, variable.what) from None

    def _where(self, name: str) -> str:
        return f" in line {self._lines[name].number} of .env" if name in self._lines else ""
