"""The settings of accounts that are the same everywhere; the others are in settings.py."""

from datetime import timedelta

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    # In this order: a form shows the first that is not met.
    {"NAME": "accounts.password_rules.LongEnough"},
    {"NAME": "accounts.password_rules.UnlikeTheAddress"},
    {"NAME": "accounts.password_rules.NotOnlyDigits"},
    {"NAME": "accounts.passwords.GuessablePasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard:home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "signup": "accounts.forms.SignUpForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reauthenticate": "accounts.forms.AgainForm",
    "reset_password": "accounts.forms.ResetForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the session that knew the old password stays
ACCOUNT_PREVENT_ENUMERATION = True
# Beside the library's own. Anybody can have mails sent to any address: what is too much is not
# sent, and while it is, a link of the last hour lies there and works.
_MAILS = "1/3m/key,5/h/key"
ACCOUNT_RATE_LIMITS = {
    "confirm_email": _MAILS,
    "reset_mail": _MAILS,
    "address_change": "5/h/user",
    "login_failed_everywhere": "50/h/key",  # all failures at one account (accounts/guesses.py)
}
# The library's own also writes rows when a link is opened; this one, too, ends with the
# password, with the address and with the next sign-in.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())
MFA_ADAPTER = "accounts.second_step.SecondStepAdapter"
MFA_FORMS = {
    "add_webauthn": "accounts.passkey_forms.AddForm",
    "login_webauthn": "accounts.passkey_forms.SignInForm",
    "authenticate_webauthn": "accounts.passkey_forms.SecondStepForm",
    "reauthenticate_webauthn": "accounts.passkey_forms.AgainForm",
    "authenticate": "accounts.one_time_codes.SecondStepForm",
    "reauthenticate": "accounts.one_time_codes.AgainForm",
    "activate_totp": "accounts.one_time_codes.TurnOnForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "TheWay"
# A phone's clock is some seconds off, and typing takes some: the codes of the half minutes before
# and after are taken, too (RFC 6238, 5.2 and 6).
MFA_TOTP_TOLERANCE = 1
