"""Shields and the backends that lead to them, as a guest has them."""

import doctest
import importlib
import pickle
import pkgutil
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError
from datetime import timedelta
from pathlib import Path

import pytest
from componentize_py_types import Err
from hypothesis import given
from hypothesis import strategies as st
from wit_world.imports import types

from fastly_compute import core, shielding
from fastly_compute.core import HostUnavailable
from fastly_compute.http import IncomingRequest, Response, Reuse, service
from fastly_compute.local import Host, HostConfig, Incoming, NativeApp, ShieldingSite
from fastly_compute.shielding import (
    InvalidShieldName,
    InvalidShieldOption,
    Shield,
    ShieldBackendInUse,
    ShieldHasNoBackend,
    ShieldingCallFailed,
    ShieldingUnsupported,
    ShieldNotFound,
)
from fastly_compute.shielding.errors import CLASSES

WIT = Path(__file__).parents[2] / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
THERE = ShieldingSite(unencrypted="http://shield.example", encrypted="https://shield.example:8443")
CONFIG = HostConfig(shielding_sites={"here": None, "there": THERE})


@pytest.fixture
def host():
    with Host(CONFIG) as host, host.guest_context():
        yield host


def test_a_shield_says_whether_the_app_runs_on_it(host) -> None:
    here, there = Shield.find("here"), Shield.find("there")

    assert (here.name, here.running_on) == ("here", True)
    assert (there.name, there.running_on) == ("there", False)
    assert repr(there) == "Shield(name='there', running_on=False)"
    assert there == Shield.find("there") != here
    with pytest.raises(FrozenInstanceError):
        there.running_on = True


def test_a_shield_that_nobody_knows(host) -> None:
    with pytest.raises(ShieldNotFound) as caught:
        Shield.find("nowhere")

    assert isinstance(caught.value, LookupError)
    assert str(caught.value) == (
        "shielding.shield-info on 'nowhere' failed: no shield has this name (invalid-argument)"
    )


def test_both_backends_lead_to_the_shield(host) -> None:
    shield = Shield.find("there")
    encrypted, unencrypted = shield.encrypted_backend(), shield.unencrypted_backend()

    assert (encrypted.host, encrypted.port, encrypted.is_tls) == ("shield.example", 8443, True)
    assert (unencrypted.host, unencrypted.port, unencrypted.is_tls) == ("shield.example", 80, False)
    assert encrypted.is_dynamic
    assert encrypted != unencrypted


def test_options_take_effect(host) -> None:
    backend = Shield.find("there").encrypted_backend(
        first_byte_timeout=timedelta(seconds=2), between_bytes_timeout=0.5, cache_key="key"
    )

    assert backend.first_byte_timeout == timedelta(seconds=2)
    assert backend.between_bytes_timeout == timedelta(milliseconds=500)


def test_a_backend_is_made_once_and_found_again(host) -> None:
    made = []

    def count(name, function, args):
        if name == "shielding.backend_for_shield":
            made.append(args[0])
        return function(*args)

    host.interpose = count
    first = Shield.find("there").encrypted_backend(first_byte_timeout=1)
    again = Shield.find("there").encrypted_backend(first_byte_timeout=timedelta(seconds=1))

    assert again == first
    assert made == ["https://shield.example:8443/"]


@pytest.mark.parametrize(
    "options", [{}, {"first_byte_timeout": 2}, {"cache_key": "k"}, {"between_bytes_timeout": 1}]
)
def test_other_options_need_another_sandbox(host, options) -> None:
    shield = Shield.find("there")
    shield.encrypted_backend(first_byte_timeout=1)

    with pytest.raises(ShieldBackendInUse, match="use the same options for all requests"):
        shield.encrypted_backend(**options)
    assert shield.unencrypted_backend(**options).host == "shield.example"


def test_each_sandbox_makes_its_own_and_a_reused_one_finds_it() -> None:
    names = []

    @service(reuse=Reuse(max_requests=2))
    def app(request: IncomingRequest) -> Response:
        names.append(Shield.find("there").encrypted_backend().name)
        return Response.text("hello")

    with Host(CONFIG) as host:
        answers = host.requests(NativeApp(app), [Incoming() for _ in range(4)])

    assert [bytes(answer.body) for answer in answers] == [b"hello"] * 4
    assert len(names) == 4
    assert len(set(names)) == 1


def test_a_backend_that_the_host_forgot_is_made_again(host) -> None:
    from fastly_compute.local.runtime.sandbox import running

    first = Shield.find("there").encrypted_backend()
    running().dynamic_backends.clear()

    assert Shield.find("there").encrypted_backend() == first


def test_no_backend_leads_to_the_shield_that_the_app_runs_on(host) -> None:
    for make in (Shield.find("here").encrypted_backend, Shield.find("here").unencrypted_backend):
        with pytest.raises(ShieldHasNoBackend, match="'here', since the app runs on it") as caught:
            make()
        assert caught.value.name == "here"


NAME = re.compile(r"[!-~]{1,255}")


@given(st.text().filter(lambda name: not NAME.fullmatch(name)) | st.just("x" * 256))
def test_an_invalid_name_never_reaches_a_host(name) -> None:
    with pytest.raises(InvalidShieldName, match="a shield's name has 1 to 255 ") as caught:
        Shield.find(name)

    assert caught.value.name == name
    assert len(str(caught.value)) < 4000


@given(st.from_regex(NAME, fullmatch=True))
def test_a_valid_name_reaches_the_host(name) -> None:
    with Host(HostConfig(shielding_sites={name: None})) as host, host.guest_context():
        assert Shield.find(name).running_on


@pytest.mark.parametrize("name", [None, 1, b"there"])
def test_a_name_of_another_type_is_refused(name) -> None:
    with pytest.raises(
        TypeError, match=rf"a shield's name must be a str, not {type(name).__name__}"
    ):
        Shield.find(name)


BAD_DURATION = st.one_of(
    st.floats(max_value=-1e-9),
    st.just(float("inf")),
    st.just(float("nan")),
    st.integers(min_value=2**32 // 1000 + 1),
    st.timedeltas(max_value=timedelta(microseconds=-1)),
)


@given(st.sampled_from(["first_byte_timeout", "between_bytes_timeout"]), BAD_DURATION)
def test_a_duration_that_no_backend_can_have_is_refused(option, value) -> None:
    shield = Shield("there", False, "http://a/", "https://a/")
    with pytest.raises(InvalidShieldOption, match=rf"^{option}: must be ") as caught:
        shield.encrypted_backend(**{option: value})

    assert caught.value.option == option
    assert isinstance(caught.value, ValueError)


@given(st.text(max_size=20).filter(lambda key: not key or re.search("[\0\r\n\ud800-\udfff]", key)))
def test_a_cache_key_that_cannot_be_is_refused(key) -> None:
    shield = Shield("there", False, "http://a/", "https://a/")
    with pytest.raises(InvalidShieldOption, match=r"^cache_key: must not be empty"):
        shield.unencrypted_backend(cache_key=key)


@pytest.mark.parametrize(
    "options", [{"first_byte_timeout": "1"}, {"between_bytes_timeout": True}, {"cache_key": b"k"}]
)
def test_an_option_of_another_type_is_refused(options) -> None:
    shield = Shield("there", False, "http://a/", "https://a/")
    with pytest.raises(TypeError, match=f"^{next(iter(options))} must be "):
        shield.encrypted_backend(**options)


@pytest.mark.parametrize(
    "info", ["", "\0", "\0a\0b", "\2a\0b\0", "\0a\0b\0c", "\0a\0b\0\0", "a\0b\0"]
)
def test_a_malformed_answer_of_the_host_is_an_error(host, info) -> None:
    host.interpose = lambda name, function, args: info

    with pytest.raises(ShieldingCallFailed, match="a malformed answer"):
        Shield.find("there")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (types.Error_Unsupported(), ShieldingUnsupported),
        (types.Error_GenericError(), ShieldingCallFailed),
        (types.Error_LimitExceeded(), ShieldingCallFailed),
    ],
)
def test_each_error_of_the_host_has_its_exception(host, error, kind) -> None:
    there = Shield.find("there")

    def refuse(name, function, args):
        if name in ("shielding.shield_info", "shielding.backend_for_shield"):
            raise Err(error)
        return function(*args)

    host.interpose = refuse
    for call in (lambda: Shield.find("there"), there.encrypted_backend, there.unencrypted_backend):
        with pytest.raises(kind) as caught:
            call()
        assert type(caught.value) is kind
        assert caught.value.subject == "there"


def test_every_error_of_the_wit_becomes_an_error_of_this_package() -> None:
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        assert issubclass(kind, shielding.ShieldingError), case


@pytest.mark.parametrize(
    "error",
    [
        InvalidShieldName("a b"),
        InvalidShieldOption("cache_key", "must not be empty"),
        ShieldHasNoBackend("here"),
        ShieldNotFound("shielding.shield-info", case="invalid-argument", subject="x"),
    ],
)
def test_errors_keep_their_attributes_when_they_are_pickled(error) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_a_shield_is_not_looked_up_at_import() -> None:
    with pytest.raises(HostUnavailable, match="Move the call into the handler"):
        Shield.find("there")


def test_everything_that_the_wit_offers_is_used() -> None:
    text = WIT.read_text(encoding="utf-8")
    (interface,) = re.findall(r"^interface shielding \{$(.*?)^\}$", text, re.DOTALL | re.MULTILINE)
    functions = re.findall(r"^ +([a-z-]+): func", interface, re.MULTILINE)
    code = (Path(shielding.__file__).parent / "_wit.py").read_text()

    assert len(functions) == 5
    for function in functions:
        assert f".{function.replace('-', '_')}(" in code, function


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules() -> None:
    code = (
        "import sys; before = set(sys.modules); import fastly_compute.shielding\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local', 'fastly_compute.http'} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "name", [module.name for module in pkgutil.iter_modules(shielding.__path__)]
)
def test_the_examples_of_a_module_run(name) -> None:
    result = doctest.testmod(importlib.import_module(f"fastly_compute.shielding.{name}"))

    assert result.failed == 0
