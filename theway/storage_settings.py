"""Where photos, weights and pictures are: a folder, or a bucket that speaks S3."""

from __future__ import annotations

from typing import Any

from environment import variables as set_by
from environment.reading import Environment

Storage = dict[str, Any]


def file_storages(env: Environment) -> dict[str, Storage]:
    """Return the entries of STORAGES for people's files: `default`, `disk`, and `bucket` where one
    is named. Both are there while files move from one to the other.

    Raises SettingError where what is set cannot be meant.
    """
    disk: Storage = {"BACKEND": "models_app.synced_storage.SyncedStorage"}
    if not env.get(set_by.S3_BUCKET):
        if env.get(set_by.FILE_STORAGE) == "bucket":
            raise env.refusal(set_by.FILE_STORAGE, "disk where no S3_BUCKET is named")
        return {"default": disk, "disk": disk}
    _refuse_halves(env)
    bucket: Storage = {
        "BACKEND": "models_app.buckets.storage.BucketStorage",
        "OPTIONS": bucket_options(env),
    }
    is_on_disk = env.get(set_by.FILE_STORAGE) == "disk"
    return {"default": disk if is_on_disk else bucket, "disk": disk, "bucket": bucket}


def bucket_options(env: Environment) -> Storage:
    """Return the options of the bucket, by django-storages' names."""
    ca_file = env.get(set_by.S3_CA_FILE)
    return {
        "bucket_name": env.get(set_by.S3_BUCKET),
        "endpoint_url": env.get(set_by.S3_ENDPOINT_URL) or None,
        "region_name": env.get(set_by.S3_REGION),
        "access_key": env.get(set_by.S3_ACCESS_KEY_ID) or None,
        "secret_key": env.get(set_by.S3_SECRET_ACCESS_KEY) or None,
        "addressing_style": env.get(set_by.S3_ADDRESSING),
        "verify": str(ca_file) if ca_file else None,
        "object_parameters": _encryption(env),
    }


def _encryption(env: Environment) -> dict[str, str]:
    found = {
        "ServerSideEncryption": env.get(set_by.S3_ENCRYPTION) or "",
        "SSEKMSKeyId": env.get(set_by.S3_KMS_KEY_ID),
    }
    return {name: value for name, value in found.items() if value}


def _refuse_halves(env: Environment) -> None:
    """Raise SettingError for what is set without what it needs."""
    if env.is_set(set_by.S3_ACCESS_KEY_ID) != env.is_set(set_by.S3_SECRET_ACCESS_KEY):
        raise env.refusal(set_by.S3_SECRET_ACCESS_KEY, "set together with S3_ACCESS_KEY_ID")
    if env.is_set(set_by.S3_KMS_KEY_ID) and env.get(set_by.S3_ENCRYPTION) != "aws:kms":
        raise env.refusal(set_by.S3_ENCRYPTION, "aws:kms where S3_KMS_KEY_ID is set")
    ca_file = env.get(set_by.S3_CA_FILE)
    if ca_file and not ca_file.is_file():
        raise env.refusal(set_by.S3_CA_FILE, "a file that exists")
