"""Fastly Object Storage, or any other that speaks S3, with boto3."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.session import Session

from fastly_compute.secret_store import SecretStore

REGION = "us-east"
ENDPOINT = f"https://{REGION}.object.fastlystorage.app"
BUCKET = "files"
READ_AGAIN = timedelta(hours=1)  # a sandbox that is reused gets a rotated key after that
# A sandbox has one thread, in which boto3 uploads one part after the other.
IN_PARTS = TransferConfig(
    use_threads=False, multipart_threshold=5 << 20, multipart_chunksize=5 << 20
)


def read_keys() -> dict[str, str | None]:
    """Read the keys of the storage, as botocore expects them."""
    with SecretStore.open("storage") as store:
        return {
            "access_key": store["access-key-id"].text(),
            "secret_key": store["secret-access-key"].text(),
            "token": None,
            "expiry_time": (datetime.now(UTC) + READ_AGAIN).isoformat(),
        }


class FromSecretStore(CredentialProvider):
    """Reads keys when a request is signed, so that none is part of the component."""

    METHOD = CANONICAL_NAME = "secret-store"

    def load(self) -> Any:
        return DeferredRefreshableCredentials(refresh_using=read_keys, method=self.METHOD)


def make_client() -> Any:
    """Make the client while the app is imported: reading S3's description takes long."""
    session = Session()
    session.register_component("credential_provider", CredentialResolver([FromSecretStore()]))
    settings = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 2},
        s3={"addressing_style": "path"},
    )
    return boto3.Session(botocore_session=session, region_name=REGION).client(
        "s3", endpoint_url=ENDPOINT, config=settings
    )


client = make_client()
pages = client.get_paginator("list_objects_v2")
