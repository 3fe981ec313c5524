"""Every variable there is, once; `.env.example` says what each is for.

Only providers declare their own (`providers/<name>/provider.py`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from environment.databases import Database
from environment.hosts import Host, Hosts, Mailbox, Networks, Places
from environment.urls import Address, MailServer, Origin, Redis
from environment.values import (
    ROOT,
    Amount,
    Bucket,
    Choice,
    File,
    Flag,
    Folder,
    Key,
    Keys,
    Money,
    Number,
    Seconds,
    Text,
    Variable,
    Word,
)

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# --- starting ---
PORT = Number("PORT", 8000, low=1, high=65_535)
WEB_HOST = Host("WEB_HOST", "127.0.0.1")
THEWAY_DATA_DIR = Folder("THEWAY_DATA_DIR", ROOT)
STATIC_DIR = Folder("STATIC_DIR")  # in the data folder

# --- the site ---
PUBLIC_URL = Origin("PUBLIC_URL", "")
TRUSTED_PROXIES = Networks("TRUSTED_PROXIES", ["127.0.0.1", "::1"])
HSTS_INCLUDE_SUBDOMAINS = Flag("HSTS_INCLUDE_SUBDOMAINS", False)
HSTS_PRELOAD = Flag("HSTS_PRELOAD", False)
DJANGO_ALLOWED_HOSTS = Hosts("DJANGO_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
DJANGO_SECRET_KEY = Text("DJANGO_SECRET_KEY", "", secret=True)
DJANGO_SECRET_KEY_FALLBACKS = Keys("DJANGO_SECRET_KEY_FALLBACKS", (), secret=True)
SESSION_IDLE_DAYS = Number("SESSION_IDLE_DAYS", 14, low=1, high=3650)
SESSION_DAYS = Number("SESSION_DAYS", 30, low=1, high=3650)
SITE_LANGUAGE = Word("SITE_LANGUAGE", "en")
DJANGO_DEBUG = Flag("DJANGO_DEBUG", False)
MAX_REQUEST_MB = Number("MAX_REQUEST_MB", 1024, low=1, high=1_000_000)
INSIDE_ADDRESSES = Places("INSIDE_ADDRESSES", ())
CAPTION_COMMAND = Text("CAPTION_COMMAND", "")
CAPTION_SECONDS = Seconds("CAPTION_SECONDS", 60, low=1, high=3600)
CAPTION_MEMORY_MB = Number("CAPTION_MEMORY_MB", 4096, low=16, high=1_000_000)
FIRST_PICTURE = Flag("FIRST_PICTURE", True)
PHOTO_SECONDS = Seconds("PHOTO_SECONDS", 1.8, low=0.1, high=600)
# These hold on a public site; one for oneself has no limits that are not set.
LIMIT_PHOTOS_PER_DAY = Amount("LIMIT_PHOTOS_PER_DAY", 500)
LIMIT_STORAGE_MB = Amount("LIMIT_STORAGE_MB", 5000)
LIMIT_DRAFTS = Amount("LIMIT_DRAFTS", 20)
LIMIT_TRAININGS_PER_DAY = Amount("LIMIT_TRAININGS_PER_DAY", 10)
LIMIT_PICTURES_PER_DAY = Amount("LIMIT_PICTURES_PER_DAY", 200)
LIMIT_STREAMS = Amount("LIMIT_STREAMS", 20)
LIMIT_REQUESTS_PER_MINUTE = Amount("LIMIT_REQUESTS_PER_MINUTE", 1200)
LIMIT_REQUESTS_PER_TOKEN = Amount("LIMIT_REQUESTS_PER_TOKEN", 600)
# In a calendar month, at providers that charge; none where they are not set.
BUDGET_USD = Money("BUDGET_USD")
BUDGET_PER_PERSON_USD = Money("BUDGET_PER_PERSON_USD")
CONNECTIONS_PER_ADDRESS = Number("CONNECTIONS_PER_ADDRESS", 500, low=1)
SIGNUP_OPEN = Flag("SIGNUP_OPEN")  # not on a public site
EMAIL_VERIFICATION = Choice("EMAIL_VERIFICATION", words=("none", "mandatory"))  # as EMAIL_URL says

# --- database and broker ---
DATABASE_URL = Database("DATABASE_URL", secret=True)  # a file of SQLite's in the data folder
REDIS_URL = Redis("REDIS_URL", "", secret=True)

# --- files ---
FILE_STORAGE = Choice("FILE_STORAGE", words=("disk", "bucket"))  # a bucket where one is named
S3_BUCKET = Bucket("S3_BUCKET", "")
S3_ENDPOINT_URL = Address("S3_ENDPOINT_URL", "")  # Amazon's
S3_REGION = Word("S3_REGION", "us-east-1")
S3_ACCESS_KEY_ID = Key("S3_ACCESS_KEY_ID", "", secret=True)
S3_SECRET_ACCESS_KEY = Key("S3_SECRET_ACCESS_KEY", "", secret=True)
S3_ADDRESSING = Choice("S3_ADDRESSING", "auto", words=("auto", "path", "virtual"))
S3_CA_FILE = File("S3_CA_FILE")  # the system's
S3_ENCRYPTION = Choice("S3_ENCRYPTION", words=("AES256", "aws:kms"))  # as the bucket says
S3_KMS_KEY_ID = Key("S3_KMS_KEY_ID", "")

# --- e-mail ---
EMAIL_URL = MailServer("EMAIL_URL", MailServer("").parse("consolemail://"), secret=True)
EMAIL_FROM = Mailbox("EMAIL_FROM", "TheWay <theway@localhost>")

# --- the bundled trainer ---
TRAINER_HOST = Host("TRAINER_HOST", "127.0.0.1")
TRAINER_PORT = Number("TRAINER_PORT", 8100, low=0, high=65_535)  # 0: any free one
TRAINER_DIR = Folder("TRAINER_DIR", ROOT / "var" / "trainer")
TRAINER_API_KEYS = Keys("TRAINER_API_KEYS", ("local",), secret=True)
TRAINER_ENGINE = Choice("TRAINER_ENGINE", "auto", words=("auto", "simulated", "diffusers"))
TRAINER_PYTHON = File("TRAINER_PYTHON", ROOT / ".venv-diffusers" / "bin" / "python")
TRAINER_MODELS = Folder("TRAINER_MODELS", ROOT / "var" / "models")
HF_HOME = Folder("HF_HOME", Path(os.path.expanduser("~/.cache/huggingface")))  # noqa: PTH111 - no home is no error
TRAINER_SECONDS = Seconds("TRAINER_SECONDS", 30.0, low=0.1)
TRAINER_IMAGE_SECONDS = Seconds("TRAINER_IMAGE_SECONDS", 1.5, high=600.0)
TRAINER_KEEP_SECONDS = Seconds("TRAINER_KEEP_SECONDS", 300.0, high=86_400.0)
TRAINER_SLOTS = Number("TRAINER_SLOTS", 2, low=1, high=10_000)
TRAINER_PUBLIC_URL = Address("TRAINER_PUBLIC_URL", "")
TRAINER_LOG_LEVEL = Choice("TRAINER_LOG_LEVEL", "INFO", words=LEVELS)

# --- monitoring ---
METRICS_TOKEN = Key("METRICS_TOKEN", "", secret=True)
LOG_FORMAT = Choice("LOG_FORMAT", "line", words=("line", "json"))
LOG_LEVEL = Choice("LOG_LEVEL", "INFO", words=LEVELS)

ALL: tuple[Variable[Any], ...] = tuple(
    value for value in list(vars().values()) if isinstance(value, Variable)
)
TRAINERS = tuple(variable for variable in ALL if variable.name.startswith("TRAINER_"))
