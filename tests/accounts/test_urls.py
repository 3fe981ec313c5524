"""Only the pages that we link exist; the library has others, and some are dangerous."""

from __future__ import annotations

import pytest

from tests.matrix.routes import routes

OURS = {
    "account": "account/",
    "account_change_address": "account/address/",
    "account_change_address_link": "account/address/<str:token>/",
    "account_confirm": "accounts/confirm/<str:token>/",
    "account_end_other_sessions": "account/sessions/end/",
    "account_invitation": "accounts/invitation/<str:token>/",
    "account_tokens": "account/tokens/",
    "account_revoke_token": "account/tokens/<uuid:token_id>/revoke/",
    "account_end_session": "account/sessions/<int:session_id>/end/",
}
# Names the library leads to when it is done; both lead on to the account page.
ONWARD = {"mfa_index": "account/second-step/", "mfa_list_webauthn": "account/passkeys/"}
LIBRARY = {
    "account_login": "accounts/login/",
    "account_logout": "accounts/logout/",
    "account_signup": "accounts/signup/",
    "account_email_verification_sent": "accounts/confirm/",
    "account_reset_password": "accounts/password/reset/",
    "account_reset_password_done": "accounts/password/reset/done/",
    "account_reset_password_from_key": (
        "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$"
    ),
    "account_reset_password_from_key_done": "accounts/password/reset/key/done/",
    "account_change_password": "account/password/",
    "account_reauthenticate": "account/again/",
    "mfa_authenticate": "accounts/login/code/",
    "mfa_login_webauthn": "accounts/login/passkey/",
    "mfa_reauthenticate": "account/again/code/",
    "mfa_reauthenticate_webauthn": "account/again/passkey/",
    "mfa_activate_totp": "account/codes/add/",
    "mfa_deactivate_totp": "account/codes/remove/",
    "mfa_add_webauthn": "account/passkeys/add/",
    "mfa_remove_webauthn": "account/passkeys/<int:pk>/remove/",
    "mfa_view_recovery_codes": "account/recovery-codes/",
    "mfa_generate_recovery_codes": "account/recovery-codes/new/",
}
GONE = [
    "/accounts/",
    "/accounts/email/",
    "/accounts/inactive/",
    "/accounts/password/set/",
    "/accounts/password/change/",
    "/accounts/login/code/confirm/",
    "/accounts/confirm-email/x/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/keys/1/edit/",
    "/accounts/2fa/recovery-codes/download/",
    "/accounts/sessions/",
    "/account/passkeys/1/edit/",
]


ROUTES = routes()


def test_the_pages_about_accounts_are_these_and_no_others():
    found = {route.name: route.pattern for route in ROUTES if route.pattern.startswith("account")}
    assert found == OURS | ONWARD | LIBRARY


def test_no_page_of_the_library_exists_anywhere_else():
    names = {route.name for route in ROUTES if route.module.startswith("allauth")}
    assert names <= set(LIBRARY)


@pytest.mark.parametrize("address", GONE)
def test_the_librarys_other_pages_do_not_exist(address, owner_client, anonymous_client):
    assert owner_client.get(address).status_code == 404
    assert (
        owner_client.post(address, {"email": "b@example.org", "action_add": ""}).status_code == 404
    )
    assert anonymous_client.get(address).status_code in {302, 404}


def test_what_the_library_leads_to_is_our_account_page(owner_client):
    for route in ONWARD.values():
        assert owner_client.get(f"/{route}").url == "/account/"
