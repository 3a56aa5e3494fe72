"""A host, and guest code in this thread."""

from collections.abc import Iterator

import pytest

from fastly_compute.kv_store import KVStore
from fastly_compute.local import Host, HostConfig, KvItem

STORES = {"shelf": {"seed": KvItem(data=b"planted", metadata="beside")}, "empty": {}}


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that runs the code of the test as its guest."""
    with Host(HostConfig(kv_stores=STORES)) as host, host.guest_context():
        yield host


@pytest.fixture
def store(host: Host) -> Iterator[KVStore]:
    """The store with something in it."""
    with KVStore.open("shelf") as store:
        yield store
