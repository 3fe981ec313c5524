"""Models: the published ones of others, and the account's own with their trained versions."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from emulators.faults.plan import Plan
from emulators.hosted.agenda import Agenda
from emulators.hosted.clock import Clock
from emulators.hosted.records import Records
from emulators.replicate.errors import Refusal, not_found
from emulators.replicate.inputs import component, openapi
from emulators.replicate.published import COG_VERSION, Published, Version
from emulators.replicate.runners import RUNNERS
from emulators.replicate.times import stamp
from emulators.replicate.trainers import TRAINERS

Json = dict[str, Any]

ACCOUNT = "emulated"
PUBLISHED = {one.name: one for one in (*TRAINERS, *RUNNERS)}
TRAINER_NAMES = frozenset(one.name for one in TRAINERS)
HARDWARE = {
    "cpu": "CPU",
    "gpu-t4": "Nvidia T4 GPU",
    "gpu-l40s": "Nvidia L40S GPU",
    "gpu-a100-large": "Nvidia A100 (80GB) GPU",
    "gpu-h100": "Nvidia H100 GPU",
}
MAX_MODELS = 1_000
DELETION_SECONDS = 0.5  # versions are deleted later: the answer is a 202
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
# Faults of a trainer: it is not there any more; it names its dataset in another way.
GONE, CHANGED = "trainer_gone", "changed_schema"


@dataclass(frozen=True, slots=True)
class Drawer:
    """Something that makes pictures: a published model, or a version that was trained here."""

    model: str
    version: str
    schema: Json


class Models:
    """All models. Used on the event loop only; `on_deleted` is told of a version that went."""

    def __init__(
        self,
        models: Records,
        versions: Records,
        agenda: Agenda,
        clock: Clock,
        plan: Plan,
        on_deleted: Callable[[Json], Awaitable[None]],
    ) -> None:
        self._models = models
        self._versions = versions
        self._agenda = agenda
        self._clock = clock
        self._plan = plan
        self._on_deleted = on_deleted

    def resume(self) -> None:
        """Go on deleting what an earlier process was asked to delete."""
        for version in self._versions:
            if version["is_going"]:
                self._agenda.at(self._clock.now(), partial(self._remove_version, version["id"]))

    def own(self) -> list[Json]:
        """Return the account's own models, the newest first."""
        return [model for model in self._models.newest_first() if not model["is_deleted"]]

    def get_own(self, name: str) -> Json:
        """Return one of the account's own models; raise a 404 where there is none."""
        model = self._models.get(name)
        if model is None or model["is_deleted"]:
            raise not_found()
        return model

    def published(self, name: str) -> Published:
        """Return a model of others; raise a 404 where there is none, or not any more."""
        if name not in PUBLISHED or self._plan.befalls(GONE, name):
            raise not_found()
        return PUBLISHED[name]

    def schema(self, model: Published, version: Version) -> Json:
        """Return what a version publishes, and is checked against."""
        is_changed = bool(model.dataset) and self._plan.befalls(CHANGED, model.name)
        return version.schema(model.name, is_changed=is_changed, dataset=model.dataset)

    async def create(self, body: Json) -> Json:
        """Make a model of the account's own; raise a 4xx saying why not."""
        name = f"{body.get('owner')}/{body.get('name')}"
        _check_new(body)
        if self._models.get(name):  # also a deleted one: its name stays taken
            raise Refusal(409, "A model with that name and owner already exists", "Conflict")
        if len(self.own()) >= MAX_MODELS:
            raise Refusal(422, f"You may have at most {MAX_MODELS} models")
        kept = ("description", "github_url", "paper_url", "license_url", "cover_image_url")
        model = {
            "owner": body["owner"],
            "name": body["name"],
            "visibility": body["visibility"],
            "hardware": body["hardware"],
            "created_at": self._clock.now(),
            "is_deleted": False,
            **{field: body.get(field) for field in kept},
        }
        await self._models.save(name, model)
        return model

    async def delete(self, name: str) -> None:
        """Delete an own model; its name stays taken. Raises a 4xx saying why not."""
        model = self.get_own(name)
        if self.versions_of(name):
            raise Refusal(422, "You cannot delete a model that has versions.")
        if model["visibility"] != "private":
            raise Refusal(422, "You can only delete private models.")
        model["is_deleted"] = True
        await self._models.save(name, model)

    def versions_of(self, name: str) -> list[Json]:
        """Return the trained versions of an own model, the newest first."""
        return [one for one in self._versions.newest_first() if one["model"] == name]

    async def add_version(self, version: Json) -> None:
        """Keep a version that was trained."""
        await self._versions.save(version["id"], {**version, "is_going": False})

    async def delete_version(self, name: str, version_id: str) -> None:
        """Let a version be deleted soon; raise a 404 where there is none."""
        self.get_own(name)
        version = self._versions.get(version_id)
        if version is None or version["model"] != name:
            raise not_found()
        version["is_going"] = True
        await self._versions.save(version_id, version)
        moment = self._clock.now() + DELETION_SECONDS
        self._agenda.at(moment, partial(self._remove_version, version_id))

    async def _remove_version(self, version_id: str) -> None:
        if version := self._versions.get(version_id):
            await self._on_deleted(version)
            await self._versions.remove(version_id)

    def own_version(self, version_id: str) -> Json | None:
        """Return a version that was trained here, None where there is none."""
        version = self._versions.get(version_id)
        return version if version and not version["is_going"] else None

    def drawer(self, reference: str) -> Drawer:
        """Return what draws for "hash" or "owner/name:hash"; raise the 422 where nothing does."""
        name, _, version_id = reference.rpartition(":")
        own = self.own_version(version_id)
        if own and name in {"", own["model"]}:
            return Drawer(own["model"], version_id, own_schema(own))
        for model in PUBLISHED.values():
            version = model.version(version_id)
            if version and name in {"", model.name} and model.name not in TRAINER_NAMES:
                return Drawer(model.name, version_id, self.schema(model, version))
        raise invalid_version()

    def model_answer(self, model: Json, base: str) -> Json:
        """Return an own model as the API does."""
        name = f"{model['owner']}/{model['name']}"
        versions = self.versions_of(name)
        latest = own_version_answer(versions[0]) if versions else None
        shown = {key: model[key] for key in ("owner", "name", "description", "visibility")}
        links = ("github_url", "paper_url", "license_url", "cover_image_url")
        return {
            "url": f"{base}/{name}",
            **shown,
            **{link: model[link] for link in links},
            "created_at": stamp(model["created_at"]),
            "run_count": 0,
            "is_official": False,
            "default_example": None,
            "latest_version": latest,
        }

    def published_answer(self, model: Published, base: str) -> Json:
        """Return a model of others as the API does."""
        owner, _, name = model.name.partition("/")
        return {
            "url": f"{base}/{model.name}",
            "owner": owner,
            "name": name,
            "description": f"{model.about} (emulated)",
            "visibility": "public",
            "github_url": None,
            "paper_url": None,
            "license_url": None,
            "cover_image_url": None,
            "run_count": 0,
            "is_official": model.name not in TRAINER_NAMES,
            "default_example": None,
            "latest_version": self.version_answer(model, model.versions[0]),
        }

    def version_answer(self, model: Published, version: Version) -> Json:
        """Return a version of a published model as the API does."""
        schema = self.schema(model, version)
        return _version_answer(version.id, version.created_at, schema)


def own_schema(version: Json) -> Json:
    """Return what a version takes that was trained here."""
    trained = PUBLISHED[version["trainer"]].trained
    return openapi(version["model"], component("Input", trained))


def own_version_answer(version: Json) -> Json:
    """Return a version that was trained here as the API does."""
    return _version_answer(version["id"], stamp(version["created_at"]), own_schema(version))


def invalid_version() -> Refusal:
    """Return the 422 for a version that is not there, or cannot do this."""
    return Refusal(
        422,
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
        "Invalid version or not permitted",
    )


def _version_answer(version_id: str, created_at: str | None, schema: Json) -> Json:
    return {
        "id": version_id,
        "created_at": created_at,
        "cog_version": COG_VERSION,
        "openapi_schema": schema,
    }


def _check_new(body: Json) -> None:
    if body.get("owner") != ACCOUNT:
        raise Refusal(403, "You can only create models for an account that you own.")
    if not isinstance(body.get("name"), str) or not NAME.fullmatch(body["name"]):
        raise Refusal(422, "name: must be lowercase letters, numbers, dashes, underscores, dots")
    if body.get("visibility") not in {"public", "private"}:
        raise Refusal(422, "visibility: must be public or private")
    if body.get("hardware") not in HARDWARE:
        raise Refusal(422, "hardware: is not an available SKU")
