"""An installation with people in it: the owner's words and bytes are unmistakable."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.signing import dumps
from django.urls import reverse
from django.utils import timezone

from accounts import addresses, invitations, sessions, tokens
from accounts.models import AddressChange, BrowserSession, Errand, Invitation, User
from accounts.outgoing.endpoints import make_endpoint
from accounts.outgoing.outbox import announce
from accounts.outgoing.rows import WebhookEndpoint
from jobs.models import JobEvent, OrphanRun, RemoteDeletion, WebhookReceipt
from models_app import partial_uploads, phone_links
from models_app.archive_fetch import ArchiveFetch
from models_app.models import PartialUpload, TrainingImage, UserModel
from models_app.partial_uploads import Announced
from providers.catalog import SDXL
from tests.conftest import client_of
from tests.dashboard.rows import PICTURES, describe_local_trainer, unet_weights
from tests.factories import (
    PASSWORD,
    GeneratedImageFactory,
    JobFactory,
    PaidCallFactory,
    TrainingImageFactory,
    TrainingSampleFactory,
    UserFactory,
    UserModelFactory,
    jpeg,
)
from tests.matrix.passkey import stored_passkey
from tests.matrix.rows import rows

WORD = "quetzalcoatl"  # in every text of the owner's
INVITATION = uuid.UUID(int=0xC0A71)  # an open one, which an operator made
PROGRAM = uuid.UUID(int=0x70CE17)  # the owner's, for a program
FULL, SMALL = b"QUETZALCOATL-FULL-SIZE", b"QUETZALCOATL-THUMBNAIL"


@dataclass
class Somebody:
    """One of those who ask: their cookies, and a change to the world while they do."""

    name: str
    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    is_signed_in: bool = True
    is_deactivated: bool = False


@dataclass
class World:
    """The owner's rows, and everybody who asks for them."""

    owner: User
    values: dict[str, dict[str, object]]
    people: list[Somebody]
    owned: frozenset[tuple[object, ...]]  # rows, as they are and have to stay

    @contextmanager
    def as_seen_by(self, somebody: Somebody) -> Iterator[None]:
        """While it lasts, the owner's account is as `somebody` has it."""
        rows = User.objects.filter(pk=self.owner.pk)
        if somebody.is_deactivated:
            rows.update(is_active=False)
        try:
            yield
        finally:
            if somebody.is_deactivated:
                rows.update(is_active=True)


def build() -> World:
    """Fill the database; call it within a transaction that is rolled back."""
    describe_local_trainer()
    Group.objects.create(name="a group")
    owner = _person("owner", WORD)
    values = _rows_of(owner)
    ended = client_of(owner).cookies
    sessions.end(owner, BrowserSession.objects.get(user=owner).pk)
    here, elsewhere = _just_signed_in(owner), client_of(owner)
    row = BrowserSession.objects.get(session_key=elsewhere.session.session_key)
    values["account_end_session"] = {"session_id": row.pk}
    owned = rows()
    stranger, operator = _person("other"), _operator()
    values["account_invitation"] = {"token": _invitation_by(operator)}
    UserModelFactory(owner=stranger)
    people = [
        Somebody("owner", here),
        Somebody("anonymous", is_signed_in=False),
        Somebody("another person", _just_signed_in(stranger)),
        Somebody("operator", _just_signed_in(operator)),
        Somebody("deactivated", here, is_signed_in=False, is_deactivated=True),
        Somebody("ended session", ended, is_signed_in=False),
    ]
    return World(owner, values, people, owned)


def _person(name: str, word: str = "somebody", **fields: Any) -> User:
    user = UserFactory(email=f"{name}.{word}@example.org", **fields)
    addresses.claim(user)
    return user


def _operator() -> User:
    user = _person("operator", operator=True)
    TOTP.activate(user, generate_totp_secret())
    return user


def _invitation_by(operator: User) -> str:
    """Return the secret part of its link; the note is for operators only."""
    invitation = Invitation(pk=INVITATION, email="invited@example.org", note=f"a {WORD} note")
    return invitations.issue(invitation, by=operator).rstrip("/").rpartition("/")[2]


def _just_signed_in(user: User) -> SimpleCookie:
    """A session whose password was entered a moment ago, so no page asks for it again."""
    client = client_of(user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client.cookies


def _rows_of(owner: User) -> dict[str, dict[str, object]]:
    """Return what stands in the addresses, by the names of the addresses; "" is the rest."""
    ready, draft = _ready(owner), _draft(owner)
    running, failed, unknown = _jobs(owner)
    picture = GeneratedImageFactory(model=ready, prompt=f"a {WORD} prompt", **_files())
    sample = TrainingSampleFactory(model=ready, prompt=f"a {WORD} sample", **_files())
    # A mail that waits: its words and whom it is for are nobody's to see, operators included.
    Errand.objects.create(
        work="send", arguments=[WORD], email=owner.email, useful_until=timezone.now()
    )
    # Of an address that is fetched, too.
    ArchiveFetch.objects.create(model=ready, url=f"https://files.example.com/{WORD}", status="done")
    # A webhook that waits: of its address nobody but the owner may see more than the host.
    endpoint = _webhook(owner)
    change = AddressChange.objects.create(
        user=owner, old_email=owner.email, new_email=f"new.{WORD}@example.org"
    )
    device = stored_passkey(f"{WORD} phone")
    TOTP.activate(owner, generate_totp_secret())
    RecoveryCodes.activate(owner)
    passkey = Authenticator.objects.create(user=owner, type="webauthn", data=device)
    phone = phone_links.token_of(phone_links.issue(draft))
    token = dumps([str(change.pk), "old"], salt=addresses._SALT)
    tokens.make(owner, name=f"{WORD} script", scope="spend", expires_in=None, token_id=PROGRAM)
    general = {
        "model_id": ready.pk,
        "photo_id": draft.photos.all()[0].pk,
        "image_id": picture.pk,
        "picture_id": picture.pk,
        "batch_id": failed.pk,
        "endpoint_id": endpoint.pk,
        "sample_id": sample.pk,
        "job_id": running.pk,
        "pk": passkey.pk,
        "token_id": PROGRAM,
        "size": "full",
        "step": "about",
        "about": "cancel",
    }
    return {
        "": general,
        "dashboard:kohya_weights": {"model_id": _stable_diffusion(owner).pk},
        "dashboard:wizard": {"model_id": draft.pk},
        "dashboard:photo_upload": {"model_id": draft.pk},
        "dashboard:captions": {"model_id": draft.pk},
        "dashboard:photo_parts": {"model_id": draft.pk},
        "dashboard:photo_part": {"model_id": draft.pk, "upload_id": _arriving(draft).pk},
        "dashboard:phone_make": {"model_id": draft.pk},
        "dashboard:phone_end": {"model_id": draft.pk},
        "dashboard:photos_live": {"model_id": draft.pk},
        "dashboard:phone_page": {"token": phone},
        "dashboard:phone_upload": {"token": phone},
        "dashboard:phone_remove": {"token": phone},
        "dashboard:phone_parts": {"token": phone},
        "dashboard:phone_part": {"token": phone, "upload_id": _arriving(draft).pk},
        "dashboard:job_retry": {"job_id": failed.pk},
        "dashboard:job_abandon": {"job_id": unknown.pk},
        "dashboard:job_not_started": {"job_id": unknown.pk},
        "account_change_address_link": {"token": token},
        "admin:photo_thumbnail": {"pk": general["photo_id"]},
        "admin:image_thumbnail": {"pk": general["image_id"]},
    }


def _files() -> dict[str, ContentFile[bytes]]:
    full, small = jpeg() + FULL, jpeg(96, 96) + SMALL
    name = f"{uuid.uuid4()}.jpg"
    return {"file": ContentFile(full, name=name), "thumbnail": ContentFile(small, name=name)}


def _ready(owner: User, number: int = 1) -> UserModel:
    weights = ContentFile(FULL, name="w.safetensors")
    return UserModelFactory(
        owner=owner,
        ready=True,
        name=f"{WORD} ready",
        description=f"about {WORD}",
        trigger_word=f"{WORD}_k{number}",
        weights=weights,
    )


def _stable_diffusion(owner: User) -> UserModel:
    weights = ContentFile(unet_weights(trigger_word=WORD), name="sd.safetensors")
    return UserModelFactory(
        owner=owner, ready=True, name=f"{WORD} sdxl", base_model=SDXL, weights=weights
    )


def _draft(owner: User) -> UserModel:
    model = UserModelFactory(
        owner=owner, name=f"{WORD} draft", answers={"about": {"description": WORD}}
    )
    for number in range(2):
        _photo(model, number)
    return model


def _arriving(model: UserModel) -> PartialUpload:
    file = Announced(f"{WORD}.jpg", 9, chosen=1_000, caption=f"a {WORD} caption")
    return partial_uploads.begin(model, file)


def _webhook(owner: User) -> WebhookEndpoint:
    address = f"https://hooks.example.com/{WORD}"
    endpoint, _secret = make_endpoint(owner, url=address, events=["model.ready"])
    announce(endpoint.owner_id, "model.ready", {"modelId": WORD})
    return endpoint


def _photo(model: UserModel, number: int) -> TrainingImage:
    return TrainingImageFactory(
        model=model,
        caption=f"a {WORD} caption",
        original_filename=f"{WORD}.jpg",
        position=number,
        **_files(),
    )


def _jobs(owner: User) -> tuple[Any, Any, Any]:
    """One of each state that a button is for. What is failed can be tried again."""
    about = {"error_detail": f"refused {WORD}", "payload": PICTURES | {"prompt": WORD}}
    models = [UserModelFactory(owner=owner, name=f"{WORD} {n}", training=True) for n in range(2)]
    running = JobFactory(model=models[0], running=True, run_id="ft-run", **about)
    unknown = JobFactory(model=models[1], unknown=True, **about)
    failed = JobFactory(model=_ready(owner, 2), kind="generation", failed=True, **about)
    for job in (running, failed, unknown):
        JobEvent.objects.create(job=job, kind="note", text=f"about {WORD}")
    OrphanRun.objects.create(job=running, run_id=f"ft-{WORD}")
    PaidCallFactory(job=running, owner=running.owner, billed=WORD)
    RemoteDeletion.objects.create(provider="local", kind="dataset", remote_id=f"ft-{WORD}")
    WebhookReceipt.objects.create(provider="local", delivery_id=WORD, run_id="ft-1", job=running)
    return running, failed, unknown
