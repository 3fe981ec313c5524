"""What a model at Replicate takes now: the latest version of it, and its published inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from providers.errors import RequestRejectedError, TrainerGoneError
from providers.hosted.input_schema import problem_with
from providers.http.calls import Call

Json = Mapping[str, Any]
TRAINING_INPUT = "TrainingInput"
PICTURE_INPUT = "Input"
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Published:
    """One version of a model. Where it publishes no schema, nothing is known of its inputs."""

    version: str
    schemas: Json = field(default_factory=dict)  # `components.schemas` of its OpenAPI document

    def fields(self, name: str) -> Json | None:
        """Return the inputs of that name (`TrainingInput`, `Input`); None where not published."""
        schema = self.schemas.get(name)
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        return properties if isinstance(properties, Mapping) else None

    def problem_with(self, inputs: Json, name: str) -> str:
        """Return what it would refuse about `inputs`, in a sentence; "" where nothing."""
        if not self.schemas:
            return ""
        schema = self.schemas.get(name)
        if not isinstance(schema, Mapping):
            return _("It publishes no %(name)s.") % {"name": name}
        return problem_with(inputs, schema, self.schemas)

    def takes(self, name: str, inputs: Json) -> bool:
        """Whether every one of `inputs` is known to it and has a value that it allows."""
        known = self.fields(name)
        if known is None:
            return True
        return not problem_with(inputs, {"properties": known}, self.schemas)


class Directory:
    """The models of everybody, as far as the account may see them.

    `ask` makes a free call and reads its answer; what it raises, each of these raises.
    """

    def __init__(self, provider: str, ask: Callable[[Call, Callable[[Json], Any]], Any]) -> None:
        self._provider = provider
        self._ask = ask

    def latest(self, model: str) -> Published:
        """Return the newest version of `owner/name`. Raises `TrainerGoneError`."""
        return self._found(Call("GET", f"/models/{model}"), _latest, model)

    def version(self, ref: str) -> Published:
        """Return the version `owner/name:version`. Raises `TrainerGoneError`."""
        return self._found(Call("GET", version_path(ref)), _published, ref)

    def _found(self, call: Call, parse: Callable[[Json], Published | None], name: str) -> Published:
        try:
            found: Published | None = self._ask(call, parse)
        except RequestRejectedError as error:
            if error.status_code != NOT_FOUND:
                raise
            found = None
        if found is None:
            text = _("It is not there any more (%(name)s).") % {"name": name}
            raise TrainerGoneError(self._provider, text)
        return found


def version_path(ref: str) -> str:
    """Return the path of `owner/name:version`."""
    model, _colon, version = ref.partition(":")
    owner, _slash, name = model.partition("/")
    quoted = (quote(part, safe="") for part in (owner, name, version))
    return "/models/{}/{}/versions/{}".format(*quoted)


def _latest(model: Json) -> Published | None:
    version = model.get("latest_version")
    return _published(version) if isinstance(version, Mapping) else None


def _published(version: Json) -> Published:
    name = version["id"]
    if not isinstance(name, str) or not name:
        raise ValueError("the version has no id")
    document = version.get("openapi_schema")
    components = document.get("components") if isinstance(document, Mapping) else None
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    return Published(name, schemas if isinstance(schemas, Mapping) else {})
