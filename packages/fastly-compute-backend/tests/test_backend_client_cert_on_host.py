import pytest
from wit_world.imports import secret_store

from fastly_compute.backend import (
    Backend,
    BackendConfigRefused,
    ClientCert,
    DynamicBackendConfig,
)
from fastly_compute.core import HandleClosed
from fastly_compute.secret_store import Secret, SecretStore


def test_a_client_key_is_passed_to_the_host_without_being_read(sandbox, monkeypatch, pki):
    def plaintext(self, max_len):
        raise AssertionError("the key was read")

    monkeypatch.setattr(secret_store.Secret, "plaintext", plaintext)
    for key in (SecretStore.open("tls")["key"], Secret.from_bytes(pki.key)):
        client_cert = ClientCert(certificate=pki.certificate, key=key)

        backend = Backend.create_dynamic("mutual.example", client_cert=client_cert)
        assert sandbox.dynamic_backends[backend.name].client_key == pki.key
        shown = repr(client_cert) + repr(backend) + repr(backend.config) + str(backend.describe())
        assert "BEGIN" not in shown
        assert repr(key) in shown
    assert len(sandbox.dynamic_backends) == 2


def test_the_certificate_and_the_keys_origin_are_part_of_a_backend(sandbox, pki):
    store = SecretStore.open("tls")
    names = [
        Backend.create_dynamic(
            "mutual.example", client_cert=ClientCert(certificate=certificate, key=key)
        ).name
        for certificate, key in [
            (pki.certificate, store["key"]),
            (pki.certificate, store["key"]),
            (pki.certificate, store["same-key"]),
            (pki.certificate, Secret.from_bytes(pki.key)),
            (pki.certificate, Secret.from_bytes(pki.key)),
            (pki.certificate, Secret.from_bytes(pki.key + b"\n")),
            (pki.other_certificate, store["key"]),
        ]
    ]

    assert len(set(names)) == 5
    assert names[0] == names[1]
    assert names[3] == names[4]


def test_client_certificates_are_equal_by_content(sandbox, pki):
    store = SecretStore.open("tls")
    one = ClientCert(certificate=pki.certificate, key=store["key"])

    assert one == ClientCert(certificate=pki.certificate, key=store["key"])
    assert hash(one) == hash(ClientCert(certificate=pki.certificate, key=store["key"]))
    assert one != ClientCert(certificate=pki.certificate, key=store["same-key"])


def test_a_key_may_be_closed_once_its_backend_is_registered(sandbox, pki):
    with SecretStore.open("tls")["key"] as key:
        client_cert = ClientCert(certificate=pki.certificate, key=key)
        Backend.create_dynamic("closed.example", client_cert=client_cert)

    assert Backend.create_dynamic("closed.example", client_cert=client_cert).is_tls
    with pytest.raises(HandleClosed, match=r"^this Secret is closed$"):
        Backend.create_dynamic("late.example", client_cert=client_cert)
    assert len(sandbox.dynamic_backends) == 1


def test_a_failed_registration_leaves_no_handles_open(sandbox, pki):
    bad = ClientCert(certificate=pki.certificate, key=SecretStore.open("tls")["no-key"])
    good = ClientCert(certificate=pki.certificate, key=SecretStore.open("tls")["key"])

    for _ in range(2):
        with pytest.raises(BackendConfigRefused, match="the host rejected the target or an option"):
            Backend.create_dynamic("fails.example", client_cert=bad)
        with pytest.raises(BackendConfigRefused):
            Backend.register_dynamic(
                "fails", DynamicBackendConfig(target="fails.example", client_cert=bad)
            )
    assert sandbox.dynamic_backends == {}
    assert not Backend.exists("fails")
    config = DynamicBackendConfig(target="fails.example", client_cert=good)
    assert Backend.register_dynamic("fails", config).config == config
