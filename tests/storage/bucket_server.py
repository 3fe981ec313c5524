"""A real S3 service on loopback: SeaweedFS in a process of its own, which checks signatures,
rights and checksums."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.storage.certificates import Certificate, own_certificate
from theway.processes.ports import unused_port
from theway.processes.process import Process
from theway.processes.waiting import wait_until

KEY, SECRET = "theway-key", "theway-secret-words"
READER, READER_SECRET = "reader-key", "reader-secret-words"
REGION = "us-east-1"
DOMAIN = "s3.localhost"
PARTS = ("master", "volume", "filer", "s3")


def _identity(name: str, key: str, secret: str, *actions: str) -> dict[str, Any]:
    credentials = [{"accessKey": key, "secretKey": secret}]
    return {"name": name, "credentials": credentials, "actions": list(actions)}


RIGHTS = {
    "identities": [
        _identity("theway", KEY, SECRET, "Admin"),
        _identity("reader", READER, READER_SECRET, "Read", "List"),
    ]
}


def weed() -> str:
    """Return where SeaweedFS is; "" where it is not installed."""
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else (shutil.which("weed") or "")


@dataclass
class BucketServer:
    """The running service."""

    process: Process
    ports: dict[str, int]
    certificate: Certificate

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3.port']}"

    def secure_address(self, host: str = "127.0.0.1") -> str:
        """Return the same with TLS, by a certificate that nobody knows; DOMAIN has buckets as
        names below it."""
        return f"https://{host}:{self.ports['s3.port.https']}"

    def limit(self, bucket: str, megabytes: int) -> str:
        """Give a bucket a quota (0 for none), enforce it, and return what the service says."""
        wanted = f"-op=set -sizeMB={megabytes}" if megabytes else "-op=remove"
        enforced = "s3.bucket.quota.enforce -apply"
        lines = ["lock", f"s3.bucket.quota -name={bucket} {wanted}", enforced, "unlock", "exit", ""]
        services = [
            f"-{name}=127.0.0.1:{self.ports[f'{name}.port']}.{self.ports[f'{name}.port.grpc']}"
            for name in ("master", "filer")
        ]
        done = subprocess.run(
            [weed(), "shell", *services],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=60,
            env={"HOME": str(self.process.cwd)},
        )
        return done.stdout + done.stderr

    def client(self, key: str = KEY, secret: str = SECRET) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.address,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            region_name=REGION,
            config=Config(connect_timeout=2, read_timeout=20, retries={"max_attempts": 1}),
        )

    def new_bucket(self) -> str:
        name = f"theway-{uuid.uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def empty(self, bucket: str) -> list[str]:
        """Delete every object, as somebody could behind the application's back."""
        client, names = self.client(), []
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            names += [found["Key"] for found in page.get("Contents", ())]
        for name in names:
            client.delete_object(Bucket=bucket, Key=name)
        return names

    def names_in(self, bucket: str) -> list[str]:
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def variables(self, bucket: str, **more: str) -> dict[str, str]:
        """Return the environment of an installation whose files are there."""
        return {
            "S3_BUCKET": bucket,
            "S3_ENDPOINT_URL": self.address,
            "S3_ACCESS_KEY_ID": KEY,
            "S3_SECRET_ACCESS_KEY": SECRET,
        } | more


def options(address: str, bucket: str, key: str = KEY, secret: str = SECRET) -> dict[str, Any]:
    """Return the options of the storage, as the settings make them."""
    return {
        "bucket_name": bucket,
        "endpoint_url": address,
        "region_name": REGION,
        "access_key": key,
        "secret_key": secret,
        "addressing_style": "path",
        "verify": None,
        "object_parameters": {},
    }


def start(folder: Path) -> BucketServer:
    rights = folder / "rights.json"
    rights.write_text(json.dumps(RIGHTS))
    (folder / "data").mkdir()
    certificate = own_certificate(folder, "127.0.0.1", DOMAIN, f"*.{DOMAIN}")
    names = [f"{part}.port{kind}" for part in PARTS for kind in ("", ".grpc")] + ["s3.port.https"]
    ports = {name: unused_port() for name in names}
    numbers = [f"-{name}={port}" for name, port in ports.items()]
    # Each bucket takes seven volumes of its own, and each test a bucket.
    command = [
        weed(), "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-filer", "-s3", f"-s3.config={rights}", "-s3.iam=false", "-s3.port.iceberg=0",
        "-s3.port.lance=0", f"-s3.domainName={DOMAIN}",
        f"-s3.cert.file={certificate.file}", f"-s3.key.file={certificate.key_file}",
        "-master.volumeSizeLimitMB=64", "-volume.max=5000", "-master.telemetry=false", *numbers,
    ]  # fmt: skip
    process = Process("weed", command, folder, {"HOME": str(folder)}, log_file=folder / "weed.log")
    process.start()
    server = BucketServer(process, ports, certificate)
    _wait_until_it_stores(server)
    return server


def _wait_until_it_stores(server: BucketServer) -> None:
    def stores() -> bool:
        with suppress(Exception):
            server.client().put_object(Bucket=server.new_bucket(), Key="x", Body=b"x")
            return True
        return not server.process.is_alive

    wait_until(stores, 60)
    assert server.process.is_alive, server.process.log


@pytest.fixture(scope="session")
def bucket_server(tmp_path_factory):
    if not weed():
        pytest.skip("SeaweedFS (weed) is not installed")
    server = start(tmp_path_factory.mktemp("bucket-server"))
    yield server
    server.process.kill()
