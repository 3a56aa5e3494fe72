import copy
import logging
import pickle
import traceback
from pathlib import Path

import pytest
from componentize_py_types import Err
from wit_world.imports import secret_store as secret_store_wit
from wit_world.imports import types

from fastly_compute.core import HandleClosed, HostUnavailable, NotFound
from fastly_compute.local import Host, HostConfig
from fastly_compute.secret_store import (
    InvalidName,
    Secret,
    SecretNotFound,
    SecretNotText,
    SecretStore,
    SecretStoreCallFailed,
    SecretStoreError,
    SecretStoreNotFound,
)

PLAINTEXT = b"correct horse battery staple"
SECRETS = {
    "credentials": {
        "token": PLAINTEXT,
        "umlaut": "größe".encode(),
        "binary": b"correct horse \xff\xfe",
        "large": bytes(range(256)) * 256,
        "empty": b"",
    },
    "other": {"token": PLAINTEXT},
}


@pytest.fixture
def host():
    with Host(HostConfig(secret_stores=SECRETS)) as host, host.guest_context():
        yield host


@pytest.fixture
def store(host):
    with SecretStore.open("credentials") as store:
        yield store


@pytest.mark.parametrize("key", ["token", "binary", "large", "empty"])
def test_a_secret_is_read_as_it_was_stored(store, key):
    assert store[key].plaintext() == SECRETS["credentials"][key]
    assert store.get(key).plaintext() == SECRETS["credentials"][key]


def test_a_secret_can_be_read_as_text(store):
    assert store["umlaut"].text() == "größe"
    assert store["empty"].text() == ""


def test_a_missing_key(store):
    assert store.get("missing") is None
    assert "missing" not in store
    assert "token" in store
    with pytest.raises(SecretNotFound) as caught:
        store["missing"]
    assert isinstance(caught.value, KeyError)
    assert (caught.value.store, caught.value.key) == ("credentials", "missing")
    assert str(caught.value) == "secret store 'credentials' has no secret 'missing'"


@pytest.mark.parametrize("look_up", ["get", "__getitem__", "__contains__"])
def test_a_key_that_cannot_exist_is_refused(store, look_up):
    with pytest.raises(InvalidName, match=r"^a key has 1 to 255 of the characters"):
        getattr(store, look_up)("a key")
    with pytest.raises(TypeError, match=r"^a key must be a str, not int$"):
        getattr(store, look_up)(0)


@pytest.mark.parametrize("name", ["a", "A-Z_0.9", ".", "-", "x" * 255])
def test_every_valid_name_can_be_looked_up(name):
    with Host(HostConfig(secret_stores={name: {name: b"here"}})) as host, host.guest_context():
        assert SecretStore.open(name)[name].plaintext() == b"here"


@pytest.mark.parametrize("kept", [True, False])
def test_refused_bytes_are_in_no_traceback(monkeypatch, kept):
    def refuse(plaintext):
        del plaintext
        raise Err(types.Error_GenericError())

    def make(content):
        try:
            Secret.from_bytes(content)
        finally:
            del content  # ours to hide, as the rest is the package's

    with Host(HostConfig()) as host:
        if kept:  # by a host that refuses; otherwise there is no request to make a secret in
            monkeypatch.setattr(secret_store_wit.Secret, "from_bytes", refuse)
            with host.guest_context(), pytest.raises(SecretStoreCallFailed) as caught:
                make(PLAINTEXT)
        else:
            with pytest.raises(HostUnavailable) as caught:  # type: ignore[assignment]
                make(PLAINTEXT)

    frames = [
        frame
        for link in (caught.value, caught.value.__context__)
        if link is not None
        for frame, _ in traceback.walk_tb(link.__traceback__)
        if "secret_store/secret.py" in frame.f_code.co_filename
    ]
    assert frames
    assert all(PLAINTEXT not in frame.f_locals.values() for frame in frames)
    assert "horse" not in str(caught.value)


def test_a_log_line_about_a_secret_does_not_hold_it(store, caplog):
    secret = store["token"]
    secret.plaintext()
    logging.getLogger("app").warning("using %s, %r", secret, {"key": secret})

    assert "horse" not in caplog.text
    assert "<Secret 'token' of store 'credentials'>" in caplog.text


def test_nothing_is_opened_while_no_request_is_being_handled():
    with Host(HostConfig(secret_stores=SECRETS)):
        with pytest.raises(HostUnavailable):
            SecretStore.open("credentials")
        with pytest.raises(HostUnavailable):
            Secret.from_bytes(PLAINTEXT)


def test_a_missing_store(host):
    with pytest.raises(SecretStoreNotFound) as caught:
        SecretStore.open("missing")
    assert isinstance(caught.value, NotFound)
    assert isinstance(caught.value, LookupError)
    assert isinstance(caught.value, SecretStoreError)
    assert str(caught.value) == (
        "secret-store.store.open on 'missing' failed: the secret store does not exist, or is not "
        "linked to this version of the service (not-found)"
    )


def test_a_secret_outlives_its_store(store):
    secret = store["token"]
    store.close()

    assert secret.plaintext() == PLAINTEXT
    with pytest.raises(HandleClosed, match=r"^this SecretStore is closed$"):
        store.get("token")
    assert store.name == "credentials"


def test_a_closed_secret_cannot_be_read_even_if_it_was_before(store):
    secret = store["token"]
    secret.plaintext()
    secret.close()

    with pytest.raises(HandleClosed, match=r"^this Secret is closed$"):
        secret.plaintext()
    with pytest.raises(HandleClosed):
        secret.text()


def test_a_secret_is_read_from_the_host_once_and_only_on_demand():
    with Host(HostConfig(secret_stores=SECRETS)) as host:
        with host.guest_context():
            read = SecretStore.open("credentials")["token"]
            unread = SecretStore.open("credentials")["token"]
            read.plaintext()

        # The host refuses calls while no request is being handled.
        assert read.plaintext() == PLAINTEXT
        with pytest.raises(HostUnavailable):
            unread.plaintext()


def test_a_secret_made_of_bytes_holds_them(host):
    assert Secret.from_bytes(PLAINTEXT).plaintext() == PLAINTEXT
    assert Secret.from_bytes(b"\0" * 65536).plaintext() == b"\0" * 65536


def test_neither_repr_nor_str_shows_the_content(store):
    for secret in (store["token"], Secret.from_bytes(PLAINTEXT)):
        secret.plaintext()

        for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
            assert "horse" not in shown
    assert repr(store["token"]) == "<Secret 'token' of store 'credentials'>"
    assert repr(Secret.from_bytes(PLAINTEXT)) == "<Secret from bytes>"
    assert repr(store) == "<SecretStore 'credentials'>"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_secrets_and_stores_are_neither_copied_nor_pickled(store, duplicate):
    for handle in (store, store["token"], Secret.from_bytes(PLAINTEXT)):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            duplicate(handle)


def test_a_secret_that_is_not_text_is_refused_without_showing_it(store):
    with pytest.raises(SecretNotText) as caught:
        store["binary"].text()
    error = caught.value
    assert str(error) == (
        "<Secret 'binary' of store 'credentials'> is not UTF-8 text: read it with plaintext()"
    )
    assert isinstance(error, ValueError)
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    assert "horse" not in shown


def test_secrets_are_equal_by_where_they_come_from(host):
    credentials, other = SecretStore.open("credentials"), SecretStore.open("other")

    assert credentials["token"] == credentials["token"]
    assert hash(credentials["token"]) == hash(credentials["token"])
    assert credentials["token"] != other["token"]
    assert credentials["token"] != credentials["empty"]
    assert credentials["token"] != Secret.from_bytes(PLAINTEXT)
    assert credentials["token"] != PLAINTEXT
    assert Secret.from_bytes(PLAINTEXT) == Secret.from_bytes(PLAINTEXT)
    assert Secret.from_bytes(PLAINTEXT) != Secret.from_bytes(PLAINTEXT + b"!")


def test_the_example_of_the_readme_runs(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out.startswith("Bearer an example")
