"""What is expected of every address: whose it is, and what changes something there.

An address that is not named here fails the matrix, so whoever adds one decides about it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import Enum, auto

from accounts.allowances import Limit
from tests.dashboard.wizard_drafts import ABOUT
from tests.factories import PASSWORD
from tests.matrix.routes import Route
from tests.matrix.world import INVITATION, PROGRAM


class Whose(Enum):
    """Who gets something there."""

    EVERYBODY = auto()  # the same for all
    ENTRANCE = auto()  # for who is not signed in
    BEARER = auto()  # for who holds an unforgeable link
    SIGNED_IN = auto()  # about the person who asks
    OWNER = auto()  # one row of one person's
    OPERATOR = auto()


@dataclass(frozen=True, slots=True)
class Expected:
    """`data` is what, sent by the owner (or operator) with a token, changes rows."""

    whose: Whose
    data: dict[str, object] = field(default_factory=dict)
    changes: bool = True
    # Methods beyond those that every address may have.
    methods: frozenset[str] = frozenset()
    # It changes sessions and nothing else.
    is_about_sessions: bool = False
    # Looking at it keeps a passkey's challenge, or a secret to confirm, in the session.
    keeps_challenge: bool = False
    # Answers 503 here: nothing sweeps, and no server continues a stream.
    may_be_away: bool = False


def _read(whose: Whose) -> Expected:
    return Expected(whose, changes=False)


def _click(whose: Whose, **data: object) -> Expected:
    return Expected(whose, data)


def _call(whose: Whose) -> Expected:
    return Expected(whose, changes=False, methods=frozenset({"PATCH", "DELETE"}))


E, S, O = Whose.ENTRANCE, Whose.SIGNED_IN, Whose.OWNER  # noqa: E741
NEW_PASSWORD = "another horse battery"
PICTURES = {
    "prompt": "on a boat",
    "ratio": "1:1",
    "count": "1",
    "strength": "1.0",
    "provider": "local",
    "idempotency_key": "matrix",
}
PAGES = {
    "landing": _read(Whose.EVERYBODY),
    "signed_weights": _read(Whose.BEARER),
    "new_model": _click(S, **ABOUT),
    "suggest_word": _read(S),
    "home": _read(S),
    "events": Expected(S, changes=False, may_be_away=True),
    "models": _read(S),
    "gallery": _read(S),
    "activity": _read(S),
    "data": _read(S),
    "data_export": _read(S),
    "stop_all": _click(S),
    "account_delete": Expected(S, {"password": "wrong"}, changes=False),
    "photo_upload": Expected(O, changes=False),
    "photo_parts": _click(O, name="a.jpg", length="9", chosen="1"),
    "photo_part": Expected(O, methods=frozenset({"PATCH", "DELETE"})),
    "phone_make": _click(O),
    "phone_end": _click(O),
    "photos_live": _read(O),
    "phone_page": _read(Whose.BEARER),
    "phone_upload": _read(Whose.BEARER),
    "phone_remove": _read(Whose.BEARER),
    "phone_parts": _read(Whose.BEARER),
    "phone_part": Expected(Whose.BEARER, changes=False, methods=frozenset({"PATCH", "DELETE"})),
    "wizard": _click(O, **ABOUT | {"name": "Another"}),
    "photo_advice": _read(O),
    "photo_remove": _click(O),
    "photo_move": _click(O, direction="later"),
    "photo_caption": _click(O, caption="another"),
    "captions": _click(O, **{"go": "apply", "shown-kind": "prepend", "shown-text": "a mug"}),
    "photo_crop": _click(O, preset="centre"),
    "model": _read(O),
    "model_live": _read(O),
    "generate": _click(O, **PICTURES),
    "model_question": _read(O),
    "model_delete": _click(O),
    "weights": _read(O),
    "kohya_weights": _read(O),
    "photo_file": _read(O),
    "image": _read(O),
    "image_file": _read(O),
    "image_delete": _click(O),
    "sample_file": _read(O),
    "job_question": _read(O),
    "job_cancel": _click(O),
    "job_retry": _click(O, idempotency_key="matrix"),
    "job_abandon": _click(O),
    "job_not_started": _click(O),
}
ACCOUNT_PAGES = {
    "account_login": _read(E),
    "account_signup": _read(E),
    "mfa_authenticate": _read(E),
    "mfa_login_webauthn": _read(E),
    "account_email_verification_sent": _read(E),
    "account_reset_password": _read(E),
    "account_reset_password_done": _read(E),
    "account_reset_password_from_key_done": _read(E),
    "account_logout": Expected(Whose.EVERYBODY, is_about_sessions=True),
    "account_confirm": _read(Whose.BEARER),
    "account_invitation": _read(Whose.BEARER),
    "account_reset_password_from_key": _read(Whose.BEARER),
    "account": _read(S),
    "account_reauthenticate": Expected(S, {"password": PASSWORD}, is_about_sessions=True),
    "mfa_reauthenticate": _read(S),
    "mfa_reauthenticate_webauthn": Expected(S, changes=False, keeps_challenge=True),
    "account_change_address": _click(S, email="other@example.org", password=PASSWORD),
    "account_change_address_link": _click(O),
    "account_change_password": _click(
        S, oldpassword=PASSWORD, password1=NEW_PASSWORD, password2=NEW_PASSWORD
    ),
    "account_end_other_sessions": _click(S),
    # Anybody else's number is nothing to end.
    "account_end_session": Expected(S, is_about_sessions=True),
    "account_tokens": _click(
        S, name="a script", scope="write", days="90", press=str(uuid.UUID(int=0x70CE))
    ),
    "account_revoke_token": _click(O),
    "mfa_activate_totp": Expected(S, changes=False, keeps_challenge=True),
    "mfa_deactivate_totp": _click(S),
    "mfa_add_webauthn": Expected(S, changes=False, keeps_challenge=True),
    "mfa_remove_webauthn": _click(O),
    "mfa_view_recovery_codes": _click(S),
    "mfa_generate_recovery_codes": _click(S),
    "mfa_index": _read(S),
    "mfa_list_webauthn": _read(S),
}
API_OF_PERSON = (
    "create_model",
    "add_training_images",
    "start_training",
    "train_model",
    "list_models",
    "list_jobs",
    "list_events",
    "list_batches",
    "list_pictures",
    "get_me",
    "get_photo_limits",
    "list_quotas",
    "get_spending",
    "get_catalog",
    "list_providers",
    "list_webhook_endpoints",
    "create_webhook_endpoint",
)
API_OF_ROW = (
    "get_model",
    "update_model",
    "delete_model",
    "get_estimate",
    "start_model",
    "list_photos",
    "get_photo",
    "update_photo",
    "delete_photo",
    "get_photo_file",
    "update_captions",
    "get_job",
    "list_job_events",
    "cancel_job",
    "abandon_job",
    "declare_not_started",
    "retry_job",
    "get_weights",
    "list_generators",
    "generate_pictures",
    "get_batch",
    "get_picture",
    "delete_picture",
    "get_picture_file",
    "get_webhook_endpoint",
    "delete_webhook_endpoint",
    "test_webhook_endpoint",
    "list_webhook_deliveries",
)
OTHERS = {
    "api:openapi": _read(Whose.EVERYBODY),
    "api:docs": _read(Whose.EVERYBODY),
    "api:api-root": _read(Whose.EVERYBODY),
    # Of providers: what is not signed by one changes nothing (tests/webhooks).
    "api:webhook": _read(Whose.EVERYBODY),
    "api:model_webhook": _read(Whose.EVERYBODY),
    # A form is no JSON: what these change is tested with programs (tests/api).
    **{f"api:{name}": _call(S) for name in API_OF_PERSON},
    **{f"api:{name}": _call(O) for name in API_OF_ROW},
    "api:stream_events": Expected(S, changes=False, may_be_away=True),
    "api:stream_job_events": Expected(O, changes=False, may_be_away=True),
    "admin:login": _read(E),
    "admin:logout": _read(Whose.EVERYBODY),
    "admin:accounts_invitation_add": _click(
        Whose.OPERATOR, email="invited.too@example.org", days="7", note=""
    ),
    "admin:accounts_invitation_changelist": _click(
        Whose.OPERATOR, action="withdraw", index="0", _selected_action=str(INVITATION)
    ),
    "admin:accounts_apitoken_changelist": _click(
        Whose.OPERATOR, action="revoke", index="0", _selected_action=str(PROGRAM)
    ),
    # Every field of the form; one of the limits is the person's own then.
    "admin:accounts_user_change": _click(
        Whose.OPERATOR,
        email="owner.renamed@example.org",
        is_active="on",
        **{limit.column: "3" for limit in Limit},
    ),
    "javascript-catalog": _read(Whose.EVERYBODY),
    "healthz": _read(Whose.EVERYBODY),
    "readyz": Expected(Whose.EVERYBODY, changes=False, may_be_away=True),
    "metrics": _read(Whose.EVERYBODY),
}
_ALL = {f"dashboard:{name}": said for name, said in PAGES.items()} | ACCOUNT_PAGES | OTHERS


def expected(route: Route) -> Expected | None:
    """Return what is expected of an address; None where nobody has said."""
    if route.pattern.startswith("admin/") and route.name not in _ALL:
        return _read(Whose.OPERATOR)
    return _ALL.get(route.name)


def stale() -> set[str]:
    """Return the names that no address has any more."""
    from tests.matrix.routes import routes

    return set(_ALL) - {route.name for route in routes()}
