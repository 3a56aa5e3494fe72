import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fastly_compute import core, secret_store
from fastly_compute.secret_store import InvalidName, Secret, SecretStore, SecretTooLarge
from fastly_compute.secret_store.errors import CLASSES

WIT = Path(__file__).parents[2] / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"

BAD_NAMES = ["", "a b", "ä", "a/b", "x" * 256, "a\n", "\0", "\u017f", "a:b"]


def interface(name: str) -> str:
    text = WIT.read_text(encoding="utf-8")
    (found,) = re.findall(rf"^interface {name} \{{$(.*?)^\}}$", text, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_store_name_that_cannot_exist_is_refused_before_the_host_is_called(name):
    with pytest.raises(
        InvalidName, match=r"^a store name has 1 to 255 of the characters"
    ) as caught:
        SecretStore.open(name)
    assert (caught.value.what, caught.value.name) == ("store name", name)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", [None, 1, b"name"])
def test_a_store_name_must_be_text(name):
    kind = type(name).__name__
    with pytest.raises(TypeError, match=rf"^a store name must be a str, not {kind}$"):
        SecretStore.open(name)


def test_a_larger_secret_is_refused_before_the_host_is_called():
    with pytest.raises(SecretTooLarge, match=r"^a secret holds at most 65536 bytes, not 65537$"):
        Secret.from_bytes(b"x" * 65537)


@pytest.mark.parametrize("value", ["s3cret", bytearray(b"s3cret"), memoryview(b"s3cret"), 7, None])
def test_a_secret_must_be_bytes_and_the_error_does_not_show_the_value(value):
    with pytest.raises(TypeError, match=r"^a secret is made of bytes, not ") as caught:
        Secret.from_bytes(value)
    assert "s3cret" not in str(caught.value)
    assert value not in caught.traceback[-1].frame.f_locals.values()


@pytest.mark.parametrize("kind", [Secret, SecretStore])
def test_handles_cannot_be_created_directly(kind):
    with pytest.raises(TypeError, match=rf"^{kind.__name__} cannot be created directly: use "):
        kind()


def test_every_error_of_the_wit_becomes_an_error_of_this_package():
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        error = kind("secret-store.store.open", case=case, subject="s")

        assert isinstance(error, secret_store.SecretStoreError)
        assert isinstance(error, core.HostError)
        assert f"({case})" in str(error)


@pytest.mark.parametrize("case", ["not-found", "unsupported"])
def test_an_error_is_also_the_one_of_the_core_where_that_matters(case):
    assert issubclass(CLASSES[case], core.errors.CLASSES[case])


@pytest.mark.parametrize("case", ["invalid-syntax", "name-too-long", "reserved"])
def test_a_name_that_the_host_refuses_is_a_value_error(case):
    assert issubclass(CLASSES[case], ValueError)


@pytest.mark.parametrize(
    "error",
    [
        InvalidName("key", "a b"),
        SecretTooLarge(65537),
        secret_store.SecretNotFound("credentials", "token"),
        secret_store.SecretNotText("<Secret from bytes>"),
        secret_store.SecretStoreNotFound("store.open", case="not-found", subject="s"),
    ],
)
def test_errors_keep_their_attributes_when_they_are_pickled(error):
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_key_error_of_this_package_reads_like_a_sentence():
    error = secret_store.SecretNotFound("credentials", "token")

    assert isinstance(error, KeyError)
    assert str(error) == "secret store 'credentials' has no secret 'token'"


def test_everything_that_the_wit_offers_is_used():
    declared = re.findall(r"^  (\w+) ([a-z-]+) \{$", interface("secret-store"), re.MULTILINE)
    assert declared == [("resource", "secret"), ("resource", "store")]
    assert not re.findall(r"^  [a-z-]+: (?:async )?func", interface("secret-store"), re.MULTILINE)
    functions = re.findall(
        r"^    ([a-z-]+): (?:static )?func", interface("secret-store"), re.MULTILINE
    )

    assert sorted(functions) == ["from-bytes", "get", "open", "plaintext"]
    source = Path(secret_store.__file__).parent
    code = (source / "secret.py").read_text() + (source / "store.py").read_text()
    for function in functions:
        assert re.search(rf"\.{function.replace('-', '_')}\b", code), function


def run(code):
    """Run code in a new interpreter, and return its output."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules():
    printed = run(
        "import sys; before = set(sys.modules); import fastly_compute.secret_store\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )

    assert printed == "[]\n"


def test_a_function_that_needs_a_host_says_so_without_one():
    printed = run(
        "from fastly_compute.core import HostUnavailable\n"
        "from fastly_compute.secret_store import Secret, SecretStore\n"
        "for use in (lambda: SecretStore.open('s'), lambda: Secret.from_bytes(b'x')):\n"
        "    try:\n"
        "        use()\n"
        "    except HostUnavailable as error:\n"
        "        print(error)\n"
    )

    assert [line.split(" needs a ")[0] for line in printed.splitlines()] == [
        "wit_world.imports.secret_store.Store",
        "wit_world.imports.secret_store.Secret",
    ]
