"""The models of others that this emulator knows, as Replicate publishes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from emulators.replicate.inputs import Input, component, openapi

Json = dict[str, Any]
COG_VERSION = "0.14.12"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a published model. `steps` names its input with the number of steps."""

    id: str
    created_at: str
    inputs: tuple[Input, ...] = ()
    training_inputs: tuple[Input, ...] = ()
    steps: str = "steps"

    def schema(self, title: str, *, is_changed: bool = False, dataset: str = "") -> Json:
        """Return the published document; a changed one wants its dataset by another name."""
        schemas = {"Input": {"type": "object", "title": "Input", "properties": {}}}
        schemas |= component("Input", self.inputs)
        if self.training_inputs:
            training = component("TrainingInput", self.training_inputs)
            if is_changed:
                _rename(training["TrainingInput"], dataset, f"{dataset}_url")
            schemas |= training | {"TrainingOutput": {"type": "object", "title": "TrainingOutput"}}
        return openapi(title, schemas)


@dataclass(frozen=True, slots=True)
class Published:
    """One model of others, newest version first.

    A trainer has `dataset`, the name of its input with the ZIP; `width` is the hidden size of the
    transformer it trains, `progress` what stands before its progress bars, `archive` the name of
    its output, and `trained` what the versions that it makes take.
    """

    name: str
    about: str
    versions: tuple[Version, ...]
    dataset: str = ""
    width: int = 3072
    progress: str = ""
    archive: str = ""
    trained: tuple[Input, ...] = ()

    def version(self, version_id: str) -> Version | None:
        """Return one version, None where there is none."""
        return next((one for one in self.versions if one.id == version_id), None)


def made_up_id(text: str) -> str:
    """Return a version id of the real form for a version whose real one is not known here."""
    return hashlib.sha256(f"emulated {text}".encode()).hexdigest()


def _rename(schema: Json, old: str, new: str) -> None:
    properties = schema["properties"]
    schema["properties"] = {new if name == old else name: one for name, one in properties.items()}
    if old in schema.get("required", ()):
        schema["required"] = [new if name == old else name for name in schema["required"]]
