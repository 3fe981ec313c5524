"""Settings, read from the environment (and `.env`, which never overrides it).

With no environment at all everything runs embedded: SQLite, a broker in a folder, files on
disk, the bundled trainer. Each variable switches one part to the real thing; `.env.example`
lists them all.
"""

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from providers.registry import from_environment as providers_from_environment
from theway.private_folders import close_file, close_folder, keep_temporary_files_in
from theway.secret_key import load_secret_key
from theway.web_addresses import without_default_port

# Photos of people: what we write is for this account only, whatever the machine's habit.
os.umask(0o077)

# --- paths and environment ---------------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

# Everything the installation owns lives below these two folders (or in the bucket).
DATA_DIR = Path(env.str("THEWAY_DATA_DIR", str(BASE_DIR)))
VAR_DIR = DATA_DIR / "var"
MEDIA_ROOT = DATA_DIR / "media"
# Answers to paid calls that the database would not take, and the mark of what was paid: on the
# storage that all workers share.
JOURNAL_DIR = VAR_DIR / "journal"
LOG_DIR = VAR_DIR / "log"
for folder in (VAR_DIR, MEDIA_ROOT, LOG_DIR):
    close_folder(folder)
# Everything that is not kept: uploads, bodies, downloads until they are checked.
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"
keep_temporary_files_in(FILE_UPLOAD_TEMP_DIR)

# --- core and security -------------------------------------------------------------------
DEBUG = env.bool("DJANGO_DEBUG", False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", "") or load_secret_key(VAR_DIR / "secret_key")
# Keys of before: what they signed or encrypted is still read. Nothing new is written with them.
SECRET_KEY_FALLBACKS = env.list("DJANGO_SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

# The address people use. Needed behind a proxy, in e-mails, and for links given to providers.
PUBLIC_URL = without_default_port(env.str("PUBLIC_URL", ""))
IS_HTTPS = PUBLIC_URL.startswith("https://")
# Whether anybody but this machine can reach the site: then accounts need confirmed addresses.
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]", "::1", ".localhost"}
SITE_IS_PUBLIC = bool(
    PUBLIC_URL or {*ALLOWED_HOSTS, env.str("WEB_HOST", "") or "127.0.0.1"} - LOOPBACK_HOSTS
)
# What links in mails begin with; never the Host header of a request.
OWN_NAMES = [name for name in ("localhost", "127.0.0.1", "[::1]") if name in ALLOWED_HOSTS]
OWN_ADDRESS = f"http://{(OWN_NAMES or ['localhost'])[0]}:{env.str('PORT', '') or 8000}"
SITE_ORIGIN = PUBLIC_URL or OWN_ADDRESS
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
# Names of this installation's own: another one on the same machine signs nobody out here. The
# prefix makes browsers refuse cookies that another host of the domain has set.
_COOKIES = hashlib.sha256([SECRET_KEY, *SECRET_KEY_FALLBACKS][-1].encode()).hexdigest()[:8]
_HOST_ONLY = "__Host-" if IS_HTTPS else ""
SESSION_ENGINE = "accounts.session_store"
# A session ends after so long without use, and at the latest so long after the sign-in; the
# cookie may be kept as long, as the server is who decides.
SESSION_IDLE = timedelta(days=env.int("SESSION_IDLE_DAYS", 14))
SESSION_LONGEST = timedelta(days=env.int("SESSION_DAYS", 30))
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_NAME = f"{_HOST_ONLY}theway-session-{_COOKIES}"
CSRF_COOKIE_NAME = f"{_HOST_ONLY}theway-csrf-{_COOKIES}"
# Whether a request came by https is what uvicorn says, which believes TRUSTED_PROXIES only.
SECURE_PROXY_SSL_HEADER = None
# This host only: what else runs on the domain is not ours to decide.
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_REDIRECT_EXEMPT = ["^api/"]  # refused over plain http instead (theway/plain_http.py)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # that want both of these
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- apps --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "theway",
    "dashboard",
    "api",
    "training",
    "generation",
    "jobs",
    "models_app",
    "accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "ninja",  # brings the API page's own script and style: nothing comes from elsewhere
    "theway.admin_app.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "theway.answered_by.answered_by",
    "theway.health.open_to_probes",
    "django.middleware.security.SecurityMiddleware",
    "theway.privacy_headers.privacy_headers",
    "theway.plain_http.no_plain_api",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "theway.methods.known_methods",
    "theway.request_texts.RequestTexts",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "theway.refused_access.refused_access",
    "theway.request_limit.RequestLimit",
    "accounts.middleware.last_use",
]
ROOT_URLCONF = "theway.urls"
ASGI_APPLICATION = "theway.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "models_app.templatetags.texts"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
LANGUAGE_CODE = env.str("SITE_LANGUAGE", "en")
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
MACHINE_TZ = os.environ.get("TZ")  # Django overwrites it: theway/machine_zone.py
USE_TZ = True

# --- accounts ----------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    *(
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in (
            "UserAttributeSimilarityValidator",
            "MinimumLengthValidator",
            "NumericPasswordValidator",
        )
    ),
    {"NAME": "accounts.passwords.GuessablePasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard:home"
# Into a public site people come by invitation.
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", not SITE_IS_PUBLIC)
# Without a mail server mails are printed in the terminal.
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "TheWay <theway@localhost>")
MAIL_IS_SET_UP = EMAIL_CONFIG["EMAIL_BACKEND"].split(".")[-2] not in {"console", "dummy"}
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignUpForm",
    "reset_password": "accounts.forms.ResetForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", "") or (
    "mandatory" if MAIL_IS_SET_UP else "none"
)
ACCOUNT_EMAIL_NOTIFICATIONS = MAIL_IS_SET_UP
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
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "TheWay"
# Where addresses are not confirmed there is nothing to wait for.
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"

# --- database ----------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets pages read while a task writes; IMMEDIATE makes writers queue instead of fail.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: what is committed before a paid call survives a power cut.
        # Deleted rows are overwritten: they are words of people.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
        ),
    }

    for suffix in ("", "-wal", "-shm"):
        close_file(Path(f"{DATABASES['default']['NAME']}{suffix}"))

if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    from theway.transaction_settings import cursor_with

    DATABASES["default"].setdefault("OPTIONS", {})["cursor_factory"] = cursor_with(
        {
            # A worker frozen within a transaction must not hold its row, and so the sweep, forever.
            "idle_in_transaction_session_timeout": "20s",
            "lock_timeout": "2s",
            "statement_timeout": "60s",
            "synchronous_commit": "on",
        }
    )
    # A cursor of the server's belongs to a connection, which a pooler gives away in between.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
    # A connection that nothing answers any more ends within seconds, packets dropped or refused.
    DATABASES["default"]["OPTIONS"] |= {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,  # milliseconds
    }

# --- cache and Celery: the broker only wakes workers, the database is the queue -----------
REDIS_URL = env.str("REDIS_URL", "")
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},  # pages wait for it
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # Enough that nobody's many addresses push out the counts of failed sign-ins.
            "OPTIONS": {"MAX_ENTRIES": 50_000},
        }
    )
}
BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost//"
if not REDIS_URL:
    (BROKER_DIR / "queue").mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "polling_interval": 0.1,  # seconds between checks of the folder; the default is 1
    }
else:
    # A broker that hangs is one that is away; workers wait for messages in shorter turns.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 3, "socket_timeout": 10}
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Two kinds of workers, so that calls that hang never hold up sweeping and polling. A worker that
# is started without naming a queue serves both.
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"calls": {}, "polls": {}}
CELERY_TASK_DEFAULT_QUEUE = "polls"
CELERY_TASK_ROUTES = {
    "jobs.tasks.submit_job": {"queue": "calls"},
    "jobs.tasks.collect_job": {"queue": "calls"},
    "jobs.tasks.delete_at_provider": {"queue": "calls"},
    "jobs.tasks.delete_files": {"queue": "calls"},
    "accounts.tasks.send_mails": {"queue": "calls"},
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for days
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    # No expiry: it would be read by the worker's wall clock. One sweep too many is harmless.
    "sweep": {"task": "jobs.tasks.sweep_jobs", "schedule": 2.0},
    "prune": {"task": "jobs.tasks.prune_old_rows", "schedule": 3600.0},
    "upload counts": {"task": "models_app.tasks.sweep_upload_counts", "schedule": 3600.0},
    "purge": {"task": "jobs.tasks.purge_database", "schedule": 1800.0},
    "uploads": {"task": "models_app.tasks.sweep_uploads", "schedule": 3600.0},
    "prune accounts": {"task": "accounts.tasks.prune", "schedule": 3600.0},
}


# --- what one person may use (accounts/limits.py) ----------------------------------------
def _limit(name: str, if_public: int) -> int | None:
    """Return a limit; None, which is none, where it is empty or `none`, and for oneself."""
    value = env.str(f"LIMIT_{name}", str(if_public) if SITE_IS_PUBLIC else "").strip().lower()
    if value in {"", "none"}:
        return None
    if not value.isdecimal():
        raise ImproperlyConfigured(f"LIMIT_{name} must be a whole number, or none.")
    return int(value)


LIMIT_PHOTOS_PER_DAY = _limit("PHOTOS_PER_DAY", 500)
LIMIT_STORAGE_MB = _limit("STORAGE_MB", 5000)
LIMIT_DRAFTS = _limit("DRAFTS", 20)
LIMIT_TRAININGS_PER_DAY = _limit("TRAININGS_PER_DAY", 10)
LIMIT_PICTURES_PER_DAY = _limit("PICTURES_PER_DAY", 200)
# At one web process; a page beyond that asks for news now and then instead.
LIMIT_STREAMS = _limit("STREAMS", 20)
# A page of sixty pictures is sixty requests, as nothing of a person's is kept by browsers.
LIMIT_REQUESTS_PER_MINUTE = _limit("REQUESTS_PER_MINUTE", 1200)

# --- connections: how many one client address may have open (theway/addresses.py) ----------
CONNECTIONS_PER_ADDRESS = env.int("CONNECTIONS_PER_ADDRESS", 500)

# --- storage and uploads -----------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_DIR", "") or DATA_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "models_app.synced_storage.SyncedStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG:
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
SERVESTATIC_USE_FINDERS = SERVESTATIC_AUTOREFRESH = DEBUG
# One upload's body in bytes, which waits on the disk; every other body is small
# (theway/bodies/rules.py).
MAX_REQUEST_BYTES = env.int("MAX_REQUEST_MB", 1024) * 1024 * 1024
# The processor's seconds that opening one photo may take; a phone's photo takes half of one.
PHOTO_SECONDS = env.float("PHOTO_SECONDS", 1.8)
# Photos of people: readable by the installation's own account only, served only by our views.
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- providers: off until configured; the bundled trainer is the embedded default --------
PROVIDERS = providers_from_environment(os.environ)

# --- monitoring: who may read /metrics (without a token only this machine may) --------------
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# --- logging -----------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "job": {"()": "jobs.log_context.AddJob"},
        "redact": {"()": "theway.log_redaction.RedactSecrets"},
    },
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "datefmt": "%Y-%m-%d %H:%M:%S%z",
        },
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(job)s %(run)s",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["job", "redact"],
            "formatter": env.str("LOG_FORMAT", "line"),
        },
        "security": {
            # Follows a file that logrotate has moved away; several processes append to it.
            "class": "logging.handlers.WatchedFileHandler",
            "filename": LOG_DIR / "security.log",
            "delay": True,
            "filters": ["redact"],
            "formatter": "line",
        },
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "theway.security": {"handlers": ["security"], "level": "INFO", "propagate": False},
        # Forged hosts, missing tokens, odd cookies: as Django names them.
        "django.security": {"handlers": ["security"], "level": "INFO"},
        # A line per sweep would hide everything else.
        "celery": {"level": "WARNING"},
    },
}
