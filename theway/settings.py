"""Settings, read from the environment (and `.env`, which never overrides it).

With no environment at all everything runs embedded: SQLite, a broker in a folder, files on
disk, the bundled trainer. Each variable switches one part to the real thing; `.env.example`
lists them all.
"""

import hashlib
import os
from datetime import timedelta
from pathlib import Path

from django.conf import global_settings

from environment import variables as set_by
from environment.reading import Environment
from environment.urls import name_of
from environment.values import Variable
from providers import registry
from theway.account_settings import *  # noqa: F403
from theway.celery_settings import *  # noqa: F403
from theway.celery_settings import folder_options, redis_options
from theway.database_settings import sqlite_in, with_options
from theway.logging_settings import logging
from theway.private_folders import close_installation, keep_temporary_files_in
from theway.secret_key import load_secret_key
from theway.security_settings import *  # noqa: F403
from theway.storage_settings import file_storages

# Photos of people: what we write is for this account only, whatever the machine's habit.
os.umask(0o077)

# --- paths and environment ---------------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment.load()
VARIABLES = (*set_by.ALL, *registry.variables())
env.check(VARIABLES)  # all of them: the first to be wrong ends the start with a sentence
MISSPELT = env.misspelt(VARIABLES)  # said by theway/checks.py

# Everything the installation owns lives below these two folders (or in the bucket).
DATA_DIR = env.get(set_by.THEWAY_DATA_DIR)
VAR_DIR = DATA_DIR / "var"
MEDIA_ROOT = DATA_DIR / "media"
# Answers to paid calls that the database would not take, and the mark of what was paid: on the
# storage that all workers share.
JOURNAL_DIR = VAR_DIR / "journal"
LOG_DIR = VAR_DIR / "log"
close_installation(DATA_DIR, VAR_DIR, MEDIA_ROOT, LOG_DIR)
# Everything that is not kept: uploads, bodies, downloads until they are checked.
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"
keep_temporary_files_in(FILE_UPLOAD_TEMP_DIR)
# What has arrived of photos whose rest is still to come. Web processes share it.
PARTIAL_DIR = VAR_DIR / "partial"

# --- core and security -------------------------------------------------------------------
DEBUG = env.get(set_by.DJANGO_DEBUG)
SECRET_KEY = env.get(set_by.DJANGO_SECRET_KEY) or load_secret_key(VAR_DIR / "secret_key")
# Keys of before: what they signed or encrypted is still read. Nothing new is written with them.
SECRET_KEY_FALLBACKS = [*env.get(set_by.DJANGO_SECRET_KEY_FALLBACKS)]
ALLOWED_HOSTS = env.get(set_by.DJANGO_ALLOWED_HOSTS)

# The address people use. Needed behind a proxy, in e-mails, and for links given to providers.
PUBLIC_URL = env.get(set_by.PUBLIC_URL)
IS_HTTPS = PUBLIC_URL.startswith("https://")
if PUBLIC_URL:
    ALLOWED_HOSTS = [*dict.fromkeys([*ALLOWED_HOSTS, name_of(PUBLIC_URL)])]
# Whether anybody but this machine can reach the site: then accounts need confirmed addresses.
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]", "::1", ".localhost"}
WEB_HOST = env.get(set_by.WEB_HOST)
SITE_IS_PUBLIC = bool(PUBLIC_URL or {*ALLOWED_HOSTS, WEB_HOST} - LOOPBACK_HOSTS)
# What links in mails begin with; never the Host header of a request.
OWN_NAMES = [name for name in ("localhost", "127.0.0.1", "[::1]") if name in ALLOWED_HOSTS]
OWN_ADDRESS = f"http://{(OWN_NAMES or ['localhost'])[0]}:{env.get(set_by.PORT)}"
SITE_ORIGIN = PUBLIC_URL or OWN_ADDRESS
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
# Where https is: whoever asks by another name of the machine would find none at that.
SECURE_SSL_HOST = PUBLIC_URL.partition("://")[2] or None
# Probes are answered at once; the API is refused over plain http (theway/plain_http.py).
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$", "^api/"]
# Names of this installation's own: another one on the same machine signs nobody out here. The
# prefix makes browsers refuse cookies that another host of the domain has set.
_COOKIES = hashlib.sha256([SECRET_KEY, *SECRET_KEY_FALLBACKS][-1].encode()).hexdigest()[:8]
_HOST_ONLY = "__Host-" if IS_HTTPS else ""
SESSION_ENGINE = "accounts.session_store"
# A session ends after so long without use, and at the latest so long after the sign-in; the
# cookie may be kept as long, as the server is who decides.
SESSION_IDLE = timedelta(days=env.get(set_by.SESSION_IDLE_DAYS))
SESSION_LONGEST = timedelta(days=env.get(set_by.SESSION_DAYS))
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_NAME = f"{_HOST_ONLY}theway-session-{_COOKIES}"
CSRF_COOKIE_NAME = f"{_HOST_ONLY}theway-csrf-{_COOKIES}"
# Whether a request came by https is what uvicorn says, which believes TRUSTED_PROXIES only.
SECURE_PROXY_SSL_HEADER = None
# This host only: what else runs on the domain is not ours to decide.
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.get(set_by.HSTS_INCLUDE_SUBDOMAINS)
SECURE_HSTS_PRELOAD = env.get(set_by.HSTS_PRELOAD)
# Browsers take it from https and from their own machine; elsewhere it is an error in the console.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if IS_HTTPS or not SITE_IS_PUBLIC else None

# --- apps --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "theway",
    "dashboard",
    "api",
    "live",
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
    "api.middleware.api_answers",
    "theway.health.open_to_probes",
    "django.middleware.security.SecurityMiddleware",
    # Before what forbids to keep anything: these files are the same for everybody.
    "servestatic.middleware.ServeStaticMiddleware",
    "theway.privacy_headers.privacy_headers",
    "theway.plain_http.no_plain_api",
    "csp.middleware.CSPMiddleware",
    "theway.methods.known_methods",
    "theway.request_texts.RequestTexts",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sign_in_first.SignInFirst",
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
LANGUAGE_CODE = env.get(set_by.SITE_LANGUAGE).lower()
if LANGUAGE_CODE not in dict(global_settings.LANGUAGES):
    raise env.refusal(set_by.SITE_LANGUAGE, "the code of a language, such as en, de or pt-br")
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
MACHINE_TZ = os.environ.get("TZ")  # Django overwrites it: theway/machine_zone.py
USE_TZ = True

# --- accounts ----------------------------------------------------------------------------
# Into a public site people come by invitation.
SIGNUP_OPEN = env.get(set_by.SIGNUP_OPEN, not SITE_IS_PUBLIC)
# Without a mail server mails are printed in the terminal.
EMAIL_CONFIG = env.get(set_by.EMAIL_URL)
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.get(set_by.EMAIL_FROM)
MAIL_IS_SET_UP = EMAIL_CONFIG["EMAIL_BACKEND"].split(".")[-2] not in {"console", "dummy"}
ACCOUNT_EMAIL_VERIFICATION = env.get(
    set_by.EMAIL_VERIFICATION, "mandatory" if MAIL_IS_SET_UP else "none"
)
ACCOUNT_EMAIL_NOTIFICATIONS = MAIL_IS_SET_UP
# Where addresses are not confirmed there is nothing to wait for.
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"

# --- database ----------------------------------------------------------------------------
DATABASES = {"default": with_options(env.get(set_by.DATABASE_URL, sqlite_in(VAR_DIR)))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- cache and Celery: the broker only wakes workers, the database is the queue -----------
REDIS_URL = env.get(set_by.REDIS_URL)
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
if not REDIS_URL:
    (BROKER_DIR / "queue").mkdir(parents=True, exist_ok=True)
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = redis_options() if REDIS_URL else folder_options(BROKER_DIR)
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")


# --- what one person may use (accounts/limits.py) ----------------------------------------
def _limit(variable: Variable[int | None]) -> int | None:
    return env.get(variable) if SITE_IS_PUBLIC or env.is_set(variable) else None


LIMIT_PHOTOS_PER_DAY = _limit(set_by.LIMIT_PHOTOS_PER_DAY)
LIMIT_STORAGE_MB = _limit(set_by.LIMIT_STORAGE_MB)
LIMIT_DRAFTS = _limit(set_by.LIMIT_DRAFTS)
LIMIT_TRAININGS_PER_DAY = _limit(set_by.LIMIT_TRAININGS_PER_DAY)
LIMIT_PICTURES_PER_DAY = _limit(set_by.LIMIT_PICTURES_PER_DAY)
# At one web process; a page beyond that asks for news now and then instead.
LIMIT_STREAMS = _limit(set_by.LIMIT_STREAMS)
# A page of sixty pictures is sixty requests, as nothing of a person's is kept by browsers.
LIMIT_REQUESTS_PER_MINUTE = _limit(set_by.LIMIT_REQUESTS_PER_MINUTE)
LIMIT_REQUESTS_PER_TOKEN = _limit(set_by.LIMIT_REQUESTS_PER_TOKEN)
BUDGET_USD = env.get(set_by.BUDGET_USD)
BUDGET_PER_PERSON_USD = env.get(set_by.BUDGET_PER_PERSON_USD)

# --- connections: how many one client address may have open (theway/addresses.py) ----------
CONNECTIONS_PER_ADDRESS = env.get(set_by.CONNECTIONS_PER_ADDRESS)

# --- storage and uploads -----------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.get(set_by.STATIC_DIR, DATA_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = file_storages(env) | {"staticfiles": {"BACKEND": "theway.static_storage.StaticStorage"}}
if DEBUG:
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
SERVESTATIC_USE_FINDERS = SERVESTATIC_AUTOREFRESH = DEBUG
# One upload's body in bytes, which waits on the disk; every other body is small
# (theway/bodies/rules.py).
MAX_REQUEST_BYTES = env.get(set_by.MAX_REQUEST_MB) * 1024 * 1024
# The processor's seconds that opening one photo may take; a phone's photo takes half of one.
PHOTO_SECONDS = env.get(set_by.PHOTO_SECONDS)
# The operator's own program that describes photos, and what it may take for one.
CAPTION_COMMAND = env.get(set_by.CAPTION_COMMAND)
CAPTION_SECONDS = env.get(set_by.CAPTION_SECONDS)
CAPTION_MEMORY_MB = env.get(set_by.CAPTION_MEMORY_MB)
# Whether a model's first picture is made by itself where that costs nothing.
FIRST_PICTURE = env.get(set_by.FIRST_PICTURE)
# Photos of people: readable by the installation's own account only, served only by our views.
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- providers: off until configured; the bundled trainer is the embedded default --------
PROVIDERS = registry.from_environment(env)

# --- addresses that people name: services inside that they may, as host:port -----------------
INSIDE_ADDRESSES = env.get(set_by.INSIDE_ADDRESSES)

# --- monitoring: who may read /metrics (without a token only this machine may) --------------
METRICS_TOKEN = env.get(set_by.METRICS_TOKEN)

# --- logging -----------------------------------------------------------------------------
LOGGING = logging(LOG_DIR, env.get(set_by.LOG_FORMAT), env.get(set_by.LOG_LEVEL))
