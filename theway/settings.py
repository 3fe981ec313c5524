"""Settings, read from the environment (and `.env`, which never overrides it).

With no environment at all everything runs embedded: SQLite, a broker in a folder, files on
disk, the bundled trainer. Each variable switches one part to the real thing; `.env.example`
lists them all.
"""

import os
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from providers.registry import from_environment as providers_from_environment
from theway.secret_key import load_secret_key

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

# --- core and security -------------------------------------------------------------------
DEBUG = env.bool("DJANGO_DEBUG", False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", "") or load_secret_key(VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

# The address people use. Needed behind a proxy, in e-mails, and for links given to providers.
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")
IS_HTTPS = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
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
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "theway.urls"
ASGI_APPLICATION = "theway.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n"],
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
USE_TZ = True

# --- accounts ----------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard:home"
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", True)
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", "none")
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# A password reset reveals no account, and sends no mail to addresses without one. Sign-up
# has to reveal a taken address unless EMAIL_VERIFICATION=mandatory explains it by mail.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "TheWay <theway@localhost>")

# --- database ----------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets pages read while a task writes; IMMEDIATE makes writers queue instead of fail.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: what is committed before a paid call survives a power cut.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }

if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A worker frozen within a transaction must not hold its row, and so the sweep, forever.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
        "-c idle_in_transaction_session_timeout=20s -c lock_timeout=2s -c statement_timeout=60s"
        " -c synchronous_commit=on"
    )
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
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
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
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for days
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    # No expiry: it would be read by the worker's wall clock. One sweep too many is harmless.
    "sweep": {"task": "jobs.tasks.sweep_jobs", "schedule": 2.0},
    "prune": {"task": "jobs.tasks.prune_events", "schedule": 3600.0},
}

# --- live pages --------------------------------------------------------------------------
# Open streams of one person at one web process; a page beyond that asks now and then instead.
LIVE_STREAMS_PER_PERSON = env.int("LIVE_STREAMS_PER_PERSON", 20)

# --- storage and uploads -----------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "models_app.synced_storage.SyncedStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG:
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
SERVESTATIC_USE_FINDERS = SERVESTATIC_AUTOREFRESH = DEBUG
# One request's body in bytes; the ASGI handler spools it to disk before any view sees it.
MAX_REQUEST_BYTES = env.int("MAX_REQUEST_MB", 1024) * 1024 * 1024
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
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(job)s %(run)s",
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["job", "redact"],
            "formatter": env.str("LOG_FORMAT", "line"),
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # A line per sweep would hide everything else.
        "celery": {"level": "WARNING"},
    },
}
