"""Links for phones: made, found by their token, used and ended.

Whoever has such a link may add photos to one draft and nothing else. It ends with its hour, when it
is withdrawn or another is made, when the training begins, and with what ends the sessions of the
owner: another password, signing out everywhere, a deactivated or deleted account.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.encryption import cipher
from accounts.models import User
from models_app.errors import NotEditableError
from models_app.models import PhoneLink, TrainingImage, UserModel
from models_app.services import remove_photo

EXPIRES = timedelta(hours=1)
# Of one link: a draft takes 50 photos, and some are refused or sent again.
MOST_TRIES = 200
_NONCE_BYTES, _TOKEN_BYTES, _ID_BYTES = 24, 24, 16
_SALT = "models_app.phone_links"


@transaction.atomic
def issue(model: UserModel) -> PhoneLink:
    """Make the draft's link anew; one of before ends. Raises NotEditableError."""
    owner, nonce, now = model.owner, secrets.token_urlsafe(_NONCE_BYTES), timezone.now()
    current = UserModel.objects.select_for_update().filter(pk=model.pk).first()
    if current is None or not current.is_editable:
        raise NotEditableError
    values = {
        "token_hash": _hash_of(_token(model.pk, nonce, settings.SECRET_KEY)),
        "nonce": nonce,
        "seal": owner.get_session_auth_hash(),
        "created_at": now,
        "expires_at": now + EXPIRES,
        "ended_at": None,
        "tries": 0,
        "photo_count": 0,
    }
    link, is_new = PhoneLink.objects.get_or_create(pk=model.pk, defaults=values)
    if not is_new:
        PhoneLink.objects.filter(pk=link.pk).update(**values, version=F("version") + 1)
        link.refresh_from_db()
    return link


def token_of(link: PhoneLink) -> str:
    """Return the token of a link; "" where the secret key that made it is gone."""
    for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        token = _token(link.pk, link.nonce, key)
        if hmac.compare_digest(_hash_of(token), link.token_hash):
            return token
    return ""


def open_link(token: str) -> PhoneLink | None:
    """Return what a token stands for, with its model and owner; None for one that is over.

    Why it is over is told to nobody: it would say whether there is a model.
    """
    links = PhoneLink.objects.select_related("model__owner")
    link = links.filter(token_hash=_hash_of(token)).first()
    return link if link and can_be_used(link) else None


def link_of(model: UserModel) -> PhoneLink | None:
    """Return the draft's link, open or over, with its model and owner."""
    return PhoneLink.objects.select_related("model__owner").filter(pk=model.pk).first()


def can_be_used(link: PhoneLink) -> bool:
    """Return whether photos can be added with it now."""
    owner = link.model.owner
    return link.is_open and link.model.is_editable and owner.is_active and _is_sealed(link, owner)


def end(model: UserModel) -> None:
    """End the draft's link, if it has one: it was withdrawn, or the training begins."""
    left = PhoneLink.objects.filter(pk=model.pk, ended_at=None)
    left.update(ended_at=timezone.now(), version=F("version") + 1)


def take_try(link: PhoneLink) -> bool:
    """Count a file that is sent; return False where too many were."""
    left = PhoneLink.objects.filter(pk=link.pk, nonce=link.nonce, tries__lt=MOST_TRIES)
    return bool(left.update(tries=F("tries") + 1))


def note_added(link: PhoneLink) -> None:
    """Note that a photo came by the link."""
    _count(link, 1)


def receipt_for(link: PhoneLink, photo_id: UUID) -> str:
    """Return with what whoever sent a photo can take it back.

    It is encrypted: who sends one that the draft holds already would know it by its id. So it says
    as well nothing where the photo did not come by this link.
    """
    return cipher(_SALT).encrypt(photo_id.bytes + link.nonce.encode()).decode()


@transaction.atomic
def remove_added(link: PhoneLink, receipt: str) -> None:
    """Take back a photo: it is removed if it came by this link, and stays otherwise, unseen.

    One that is gone already is no error, and neither is a forged receipt. Raises NotEditableError.
    """
    photo = _receipted(link, receipt)
    if photo is None:
        return
    if photo.came_by == link.nonce:
        remove_photo(photo)
        _count(link, -1)
    else:  # what is told of uploads that have become it ends as well, as if it were removed
        photo.partial_uploads.filter(by_phone=True).delete()


def _receipted(link: PhoneLink, receipt: str) -> TrainingImage | None:
    """Return the photo that a receipt of this link is for; None where there is none."""
    try:
        made = cipher(_SALT).decrypt(receipt.encode(), ttl=int(EXPIRES.total_seconds()))
    except InvalidToken:
        return None
    photo_id, nonce = made[:_ID_BYTES], made[_ID_BYTES:].decode()
    photos = TrainingImage.objects.select_related("model").filter(model=link.model)
    return photos.filter(pk=UUID(bytes=photo_id)).first() if nonce == link.nonce else None


def _count(link: PhoneLink, photos: int) -> None:
    same = PhoneLink.objects.filter(pk=link.pk, nonce=link.nonce)
    same.update(photo_count=F("photo_count") + photos, version=F("version") + 1)


def versions(model_ids: set[UUID]) -> dict[UUID, int]:
    """Return the version of each of these drafts' links."""
    return dict(PhoneLink.objects.filter(pk__in=model_ids).values_list("pk", "version"))


def prune() -> None:
    """Delete links that are over."""
    PhoneLink.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()


def _is_sealed(link: PhoneLink, owner: User) -> bool:
    seals = [owner.get_session_auth_hash(), *owner.get_session_auth_fallback_hash()]
    return any(hmac.compare_digest(link.seal, seal) for seal in seals)


def _token(model_id: UUID, nonce: str, key: str | bytes) -> str:
    made = salted_hmac(_SALT, f"{model_id}:{nonce}", secret=key, algorithm="sha256")
    return signing.b64_encode(made.digest()[:_TOKEN_BYTES]).decode()


def _hash_of(token: str) -> str:
    # 24 bytes that nobody can guess: neither salt nor a slow hash is needed.
    return hashlib.sha256(token.encode()).hexdigest()
