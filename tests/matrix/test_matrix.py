"""Every address, asked by six people with every method, with and without the form's token."""

from __future__ import annotations

import uuid

import pytest

from tests.matrix.asking import SAFE, SESSIONS, UNSAFE, Answer, ask, undone
from tests.matrix.expected import Expected, Whose, expected, stale
from tests.matrix.routes import Route, routes
from tests.matrix.rows import rows
from tests.matrix.values import values_for
from tests.matrix.world import FULL, SMALL, WORD, Somebody, World, build
from tests.webhooks.hooked import enable

ROUTES = routes()
# What a stranger could guess: everything that names one row.
IDS = {
    "model_id",
    "photo_id",
    "image_id",
    "picture_id",
    "batch_id",
    "endpoint_id",
    "job_id",
    "pk",
    "id",
    "object_id",
    "session_id",
    "token",
    "token_id",
    "upload_id",
}
APPS = {"auth", "accounts", "jobs", "models_app", "generation"}
SIGN_IN = "/accounts/login/"


@pytest.fixture
def world(db, settings, monkeypatch) -> World:
    """The people and their rows; and a site that others can reach."""
    settings.SITE_IS_PUBLIC = settings.MAIL_IS_SET_UP = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    enable(monkeypatch.setattr)
    return build()


def unknown(values: dict[str, object]) -> dict[str, object]:
    """Return values of the same kind that name nothing."""
    return {name: _unlike(value) if name in IDS else value for name, value in values.items()}


def _unlike(value: object) -> object:
    if isinstance(value, uuid.UUID):
        return uuid.uuid4()
    return 987_654 if isinstance(value, int) else "forged-too"


def may_have(somebody: Somebody, said: Expected) -> bool:
    """Return whether the owner's words may be in what `somebody` gets there."""
    is_operators = said.whose is Whose.OPERATOR
    return somebody.name == "owner" or (is_operators and somebody.name == "operator")


class Visit:
    """All that is asked at one address. Collects what is wrong instead of stopping at it."""

    def __init__(self, world: World, route: Route, said: Expected) -> None:
        self.world, self.route, self.said = world, route, said
        self.values = values_for(route, world)
        self.unknown = unknown(self.values)
        self.ours = OURS | said.methods
        self.wrong: list[str] = []
        self.changed: set[str] = set()

    def make(self) -> None:
        with undone():
            before = without_sessions(rows())
            for somebody in self.world.people:
                for method in SAFE + UNSAFE:
                    self._judge(somebody, method, has_token=False)
            self._check(without_sessions(rows()) == before, "something changed without a token")
        for somebody in self.world.people:
            for method in UNSAFE:
                self._judge(somebody, method, has_token=True)

    def _judge(self, somebody: Somebody, method: str, *, has_token: bool) -> None:
        with undone():
            answer = self._ask(somebody, method, self.values, has_token=has_token)
            is_mine = may_have(somebody, self.said)
            if answer.written and not is_mine:
                # Who was deactivated still signs out of their own session.
                owned = without_sessions(self.world.owned)
                owned = owned if somebody.is_deactivated else self.world.owned
                self._check(owned <= rows(), "the owner's rows changed", somebody)
        about = f"{method} by {somebody.name}, {'with' if has_token else 'no'} token"
        about += f": {answer.status}"
        self._check_secrets(answer, somebody, about)
        self._check_writes(answer, somebody, method, about, has_token=has_token)
        self._check_head(answer, somebody, method, about)
        if self.said.whose is Whose.OWNER and not is_mine and method in self.ours:
            with undone():
                other = self._ask(somebody, method, self.unknown, has_token=has_token)
            same = answer.without(self.values) == other.without(self.unknown)
            self._check(same, about, f"unlike for an unknown id: {other.status}")
            is_nothing = answer.status in {302, 403, 404, 405, 415, 422} and method != "GET"
            is_nothing |= answer.status in {404, 405} or not somebody.is_signed_in
            self._check(is_nothing, about, "there is something")

    def _ask(
        self, somebody: Somebody, method: str, values: dict[str, object], *, has_token: bool
    ) -> Answer:
        with self.world.as_seen_by(somebody):
            path = self.route.path(values)
            return ask(somebody, method, path, self.said.data, has_token=has_token)

    def _check_secrets(self, answer: Answer, somebody: Somebody, about: str) -> None:
        found = answer.everything
        if not may_have(somebody, self.said):
            self._check(WORD.encode() not in found, about, "the owner's words")
        if somebody.name != "owner":
            self._check(FULL.lower() not in found, about, "the owner's bytes")
        if not may_have(somebody, self.said):
            self._check(SMALL.lower() not in found, about, "the owner's thumbnail")

    def _check_writes(
        self, answer: Answer, somebody: Somebody, method: str, about: str, *, has_token: bool
    ) -> None:
        written = answer.written - SESSIONS
        changing = {"POST"} | self.said.methods
        if has_token and method in changing and somebody.is_signed_in:
            if somebody.name == ("operator" if self.said.whose is Whose.OPERATOR else "owner"):
                self.changed |= answer.written if self.said.is_about_sessions else written
            return
        self._check(not written, about, f"wrote to {sorted(written)}")
        if not has_token and not (self.said.keeps_challenge and method in SAFE):
            self._check(not answer.written, about, f"wrote to {sorted(answer.written)}")

    def _check_head(self, answer: Answer, somebody: Somebody, method: str, about: str) -> None:
        self._check(answer.status < 500 or self.said.may_be_away, about)
        if somebody.cookies:
            kept = answer.headers.get("Cache-Control", "")
            self._check("no-store" in kept, about, f"may be kept: {kept}")
        if method not in self.ours:
            self._check(answer.status == 405, about, "is no method of ours")
        if not somebody.is_signed_in and self.said.whose not in OPEN:
            self._check(is_refused(answer), about, "is let in")
        if somebody.name == "owner" and self.said.whose is Whose.OPERATOR:
            self._check(is_refused(answer), about, "is let in")

    def _check(self, is_right: bool, *about: object) -> None:
        if not is_right:
            self.wrong.append(" ".join(getattr(one, "name", str(one)) for one in about))


OURS = {"GET", "HEAD", "POST"}
OPEN = {Whose.EVERYBODY, Whose.ENTRANCE, Whose.BEARER}


def without_sessions(found: frozenset[tuple[object, ...]]) -> frozenset[tuple[object, ...]]:
    return frozenset(row for row in found if row[0] not in SESSIONS)


def is_refused(answer: Answer) -> bool:
    """Return whether nothing but a refusal came: the sign-in, or a status that says no."""
    if answer.status == 302:
        return (
            SIGN_IN in answer.headers["Location"] or "/admin/login/" in answer.headers["Location"]
        )
    return answer.status in {400, 401, 403, 404, 405, 503}


def room_of(route: Route) -> str:
    """Addresses of one kind share a world, which takes a while to build."""
    first, _, rest = route.pattern.partition("/")
    kind = rest.partition("/")[0]
    return f"{first}/{kind}" if first == "dashboard" or kind in APPS else first


ROOMS = sorted({room_of(route) for route in ROUTES})


def test_every_address_says_whose_it_is():
    assert [route.name for route in ROUTES if expected(route) is None] == []
    assert stale() == set()


@pytest.mark.parametrize("room", ROOMS)
def test_nobody_gets_or_changes_what_is_not_theirs(world, room):
    wrong: list[str] = []
    for route in ROUTES:
        if room_of(route) == room and (said := expected(route)):
            visit = Visit(world, route, said)
            visit.make()
            wrong += [f"{route.pattern}: {one}" for one in visit.wrong]
            if said.changes and not visit.changed:
                wrong.append(f"{route.pattern}: who may click there changed nothing: no proof")
    assert not wrong, "\n".join(wrong)
