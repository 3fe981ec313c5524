"""Every address about accounts: our pages, and those of the library's that we link.

The library has more pages, and some let a signed-in person add somebody else's address. What
is not named here does not exist. Two names exist only because the library leads there when it
is done: they lead on to our account page.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts.pages.address import address_link, change_address
from accounts.pages.confirmation import confirm
from accounts.pages.invitation import invitation
from accounts.pages.overview import overview
from accounts.pages.recovery_codes import RecoveryCodes
from accounts.pages.sessions import end_other_sessions, end_session
from accounts.pages.tokens import api_tokens, revoke_token

to_account = RedirectView.as_view(pattern_name="account")

entrance = [
    path("login/", account.login, name="account_login"),
    path("login/code/", mfa.authenticate, name="mfa_authenticate"),
    path("login/passkey/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("logout/", account.logout, name="account_logout"),
    path("signup/", account.signup, name="account_signup"),
    path("invitation/<str:token>/", invitation, name="account_invitation"),
    path("confirm/", account.email_verification_sent, name="account_email_verification_sent"),
    path("confirm/<str:token>/", confirm, name="account_confirm"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]
own = [
    path("", overview, name="account"),
    path("again/", account.reauthenticate, name="account_reauthenticate"),
    path("again/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("again/passkey/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("address/", change_address, name="account_change_address"),
    path("address/<str:token>/", address_link, name="account_change_address_link"),
    path("password/", account.password_change, name="account_change_password"),
    path("sessions/end/", end_other_sessions, name="account_end_other_sessions"),
    path("sessions/<int:session_id>/end/", end_session, name="account_end_session"),
    path("tokens/", api_tokens, name="account_tokens"),
    path("tokens/<uuid:token_id>/revoke/", revoke_token, name="account_revoke_token"),
    path("codes/add/", totp.activate_totp, name="mfa_activate_totp"),
    path("codes/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("passkeys/add/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/remove/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path("recovery-codes/", RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/new/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("second-step/", to_account, name="mfa_index"),
    path("passkeys/", to_account, name="mfa_list_webauthn"),
]

urlpatterns = [path("accounts/", include(entrance)), path("account/", include(own))]
