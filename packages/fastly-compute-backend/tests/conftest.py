from dataclasses import dataclass

import pytest
import trustme
from componentize_py_types import Err
from wit_world.imports import backend, types

from fastly_compute.local import BackendConfig, Health, Host, HostConfig


@dataclass
class Pki:
    """A certificate authority, two certificates that it issued, and the key of the first."""

    authority: str
    certificate: str
    other_certificate: str
    key: bytes


class NoTransport:
    """A transport that nothing uses: with it, the host sends no health checks."""


@pytest.fixture(scope="session")
def quiet_host():
    """A host for many examples, which prints nothing."""
    with Host(HostConfig(), output=lambda line: None, transport=NoTransport()) as host:
        yield host


@pytest.fixture(scope="session")
def pki():
    ca = trustme.CA()
    issued, other = ca.issue_cert("client.example"), ca.issue_cert("other.example")
    return Pki(
        authority=ca.cert_pem.bytes().decode(),
        certificate=issued.cert_chain_pems[0].bytes().decode(),
        other_certificate=other.cert_chain_pems[0].bytes().decode(),
        key=issued.private_key_pem.bytes(),
    )


@pytest.fixture
def host(pki):
    static = {
        "origin": BackendConfig(url="http://127.0.0.1:8080", health=Health.HEALTHY),
        "tls-origin": BackendConfig(
            url="https://origin.example", override_host="www.example", tls_min_version=0x0303
        ),
        "down": BackendConfig(url="http://192.0.2.1", health=Health.UNHEALTHY),
    }
    secrets = {"tls": {"key": pki.key, "same-key": pki.key, "no-key": b"not a key"}}
    config = HostConfig(backends=static, secret_stores=secrets)
    with Host(config, transport=NoTransport()) as host:
        yield host


@pytest.fixture
def sandbox(host):
    with host.guest_context() as sandbox:
        yield sandbox


@pytest.fixture
def wit(host):
    """The backend bindings, to patch in results that this host never returns."""
    return backend


@pytest.fixture(name="types")
def wit_types():
    """The error types of the bindings."""
    return types


@pytest.fixture
def refusing():
    """Make a host function that fails with an error."""

    def function(error):
        def refuse(*_):
            raise Err(error)

        return refuse

    return function
