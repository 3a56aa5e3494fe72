"""Inspecting requests, as a guest does it."""

import doctest
import importlib
import ipaddress
import json
import pickle
import pkgutil
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from componentize_py_types import Err
from hypothesis import given
from hypothesis import strategies as st
from wit_world.imports import types

from fastly_compute import core, security
from fastly_compute.core import HandleClosed, HostUnavailable
from fastly_compute.http import IncomingRequest, Response, service
from fastly_compute.local import Host, HostConfig, Incoming, NativeApp, WafVerdict
from fastly_compute.security import (
    InvalidInspectOption,
    SecurityCallFailed,
    SecurityUnsupported,
    Verdict,
    inspect,
)
from fastly_compute.security.errors import CLASSES

WIT = Path(__file__).parents[2] / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
ALLOWED = WafVerdict()
NAMES = {"corp": "corp", "workspace": "site"}


def inspected(verdict=ALLOWED, use=inspect, interpose=None, **options):
    """Return or raise what a handler finds."""
    outcomes: list[object] = []

    @service
    def app(request: IncomingRequest) -> Response:
        try:
            outcomes.append(use(request, **{**NAMES, **options}))
        except Exception as error:
            outcomes.append(error)
        return Response.text("done")

    with Host(HostConfig(waf_verdict=verdict)) as host:
        host.interpose = interpose
        host.request(NativeApp(app), Incoming(method="POST", body=b"a body"))
    (outcome,) = outcomes
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def answering(text):
    def answer(name, function, args):
        return text if name == "security.inspect" else function(*args)

    return answer


def test_the_local_hosts_allow_every_request() -> None:
    found = inspected()

    assert found.verdict is Verdict.ALLOW
    assert (found.status, found.redirect_url, found.tags) == (200, None, ())
    assert found.decision_time == timedelta(0)
    assert found.is_allowed
    assert not found.is_redirect


@given(
    st.sampled_from(["allow", "block", "unauthorized"])
    | st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.integers(100, 999),
    st.sampled_from(["", "https://www.example.com/"]),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]))),
    st.integers(0, 10**6),
)
def test_the_verdict_is_the_one_that_was_set(verdict, status, url, tags, ms) -> None:
    configured = WafVerdict(
        verdict=verdict, status=status, redirect_url=url, tags=tags, decision_ms=ms
    )
    found = inspected(configured)

    assert found.verdict == verdict
    assert isinstance(found.verdict, Verdict) == (verdict in {*Verdict})
    assert (found.status, found.tags) == (status, tuple(tags))
    assert found.decision_time == timedelta(milliseconds=ms)
    assert found.is_allowed == (verdict == "allow")
    assert found.redirect_url == (url if verdict == "block" and url else None)
    assert found.is_redirect == (found.redirect_url is not None and 300 <= status <= 309)


def test_a_large_verdict_is_read_whole() -> None:
    tags = [f"TAG-{number}" for number in range(10_000)]

    assert list(inspected(WafVerdict(tags=tags)).tags) == tags


def test_the_host_gets_the_names_and_the_address() -> None:
    seen = []

    def watch(name, function, args):
        if name == "security.inspect":
            seen.append(args[2])
        return function(*args)

    for address in (None, "192.0.2.1", ipaddress.ip_address("2001:db8::7")):
        inspected(interpose=watch, client_ip=address)

    assert [(options.corp, options.workspace) for options in seen] == [("corp", "site")] * 3
    assert [options.override_client_ip for options in seen] == [
        None,
        types.IpAddress_Ipv4((192, 0, 2, 1)),
        types.IpAddress_Ipv6((0x2001, 0xDB8, 0, 0, 0, 0, 0, 7)),
    ]


@given(st.ip_addresses())
def test_every_address_reaches_the_host_as_it_is(address) -> None:
    from fastly_compute.http._wit import address_of
    from fastly_compute.security._wit import _address

    assert ipaddress.ip_address(address_of(_address(address))) == address


def test_the_body_can_be_read_after_the_inspection() -> None:
    def use(request, **options):
        inspect(request, **options)
        inspect(request, **options)
        return request.body.read()

    assert inspected(use=use) == b"a body"


def read_all(body):
    body.read()


def read_a_line(body):
    next(body.iter_lines())


def read_a_part(body):
    with body.file() as file:
        file.read(1)


@pytest.mark.parametrize("read", [read_all, read_a_line, read_a_part])
def test_a_body_that_was_read_is_not_inspected(read) -> None:
    def use(request, **options):
        read(request.body)
        return inspect(request, **options)

    with pytest.raises(HandleClosed, match=r"^this Body (was already read|is closed)"):
        inspected(use=use)


PRINTABLE = re.compile(r"[!-~]{1,255}")


@given(
    st.sampled_from(["corp", "workspace"]),
    st.text().filter(lambda name: not PRINTABLE.fullmatch(name)) | st.just("x" * 256),
)
def test_a_name_that_cannot_be_never_reaches_the_host(option, name) -> None:
    with pytest.raises(InvalidInspectOption, match=rf"^{option}: must have 1 to 255 ") as caught:
        inspected(**{option: name}, interpose=answering("never"))

    assert caught.value.option == option
    assert isinstance(caught.value, ValueError)


def is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text).packed) and "%" not in text
    except ValueError:
        return False


@given(
    st.text().filter(lambda text: not is_address(text))
    | st.sampled_from(["fe80::1%eth0", "192.0.2.1:80", "[::1]", "192.0.2.0/24", "1"])
)
def test_what_is_not_an_address_is_refused(address) -> None:
    with pytest.raises(InvalidInspectOption, match=r"^client_ip: must (not|be an IPv4)"):
        inspected(client_ip=address)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"corp": None}, "corp must be a str, not NoneType"),
        ({"workspace": b"site"}, "workspace must be a str, not bytes"),
        ({"client_ip": 1}, "client_ip must be a str or an IP address, not int"),
    ],
)
def test_a_value_of_another_type_is_refused(options, message) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        inspected(**options)


@pytest.mark.parametrize("other", [None, "GET /"])
def test_only_the_clients_request_is_inspected(other) -> None:
    with pytest.raises(TypeError, match=r"^request must be an IncomingRequest, not "):
        inspect(other, **NAMES)


GOOD = {"waf_response": 200, "redirect_url": "", "tags": [], "verdict": "allow", "decision_ms": 0}
MALFORMED = [
    "[]",
    "{",
    "nothing",
    "[" * 100_000,
    *(json.dumps({name: value for name, value in GOOD.items() if name != left}) for left in GOOD),
    *(
        json.dumps({**GOOD, name: value})
        for name, value in {
            "waf_response": "200",
            "redirect_url": 7,
            "tags": "SQLI",
            "verdict": None,
            "decision_ms": True,
        }.items()
    ),
    json.dumps({**GOOD, "tags": [1]}),
    json.dumps({**GOOD, "decision_ms": 10**30}),
]


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: text[:30])
def test_a_malformed_verdict_is_an_error_and_not_a_pass(text) -> None:
    with pytest.raises(SecurityCallFailed, match=r"\(a malformed verdict\)$"):
        inspected(interpose=answering(text))


def test_no_verdict_is_an_error_and_not_a_pass() -> None:
    with pytest.raises(SecurityCallFailed, match=r"\(no verdict\)$"):
        inspected(interpose=answering(""))


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_any_other_json_is_an_error(value) -> None:
    with pytest.raises(SecurityCallFailed):
        inspected(interpose=answering(json.dumps(value)))


@pytest.mark.parametrize("change", [{"more": [1]}, {"redirect_url": None}])
def test_what_a_later_waf_adds_is_not_an_error(change) -> None:
    assert inspected(interpose=answering(json.dumps({**GOOD, **change}))).is_allowed


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (types.Error_Unsupported(), SecurityUnsupported),
        (types.Error_GenericError(), SecurityCallFailed),
        (types.Error_InvalidArgument(), SecurityCallFailed),
    ],
)
def test_each_error_of_the_host_has_its_exception(error, kind) -> None:
    def refuse(name, function, args):
        if name == "security.inspect":
            raise Err(error)
        return function(*args)

    with pytest.raises(kind) as caught:
        inspected(interpose=refuse)
    assert type(caught.value) is kind
    assert (caught.value.operation, caught.value.subject) == ("security.inspect", "site")


def test_every_error_of_the_wit_becomes_an_error_of_this_package() -> None:
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        error = kind("security.inspect", case=case, subject="site")
        again = pickle.loads(pickle.dumps(error))

        assert isinstance(error, security.SecurityError)
        assert (type(again), str(again)) == (type(error), str(error))


def test_an_invalid_option_can_be_pickled() -> None:
    error = InvalidInspectOption("corp", "must not be empty")
    again = pickle.loads(pickle.dumps(error))

    assert (str(again), again.option) == ("corp: must not be empty", "corp")


def test_a_request_cannot_be_inspected_after_the_sandbox() -> None:
    kept = []
    inspected(use=lambda request, **options: kept.append(request))

    with pytest.raises((HandleClosed, HostUnavailable)):
        inspect(kept[0], **NAMES)


def test_everything_that_the_wit_offers_is_used() -> None:
    text = WIT.read_text(encoding="utf-8")
    (interface,) = re.findall(r"^interface security \{$(.*?)^\}$", text, re.DOTALL | re.MULTILINE)

    assert re.findall(r"^ +([a-z-]+): func", interface, re.MULTILINE) == ["inspect"]
    assert re.findall(r"^    ([a-z-]+): option", interface, re.MULTILINE) == [
        "corp",
        "workspace",
        "override-client-ip",
        "extra",
    ]


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules() -> None:
    code = (
        "import fastly_compute.http, sys; before = set(sys.modules)\n"
        "import fastly_compute.security\n"
        "print(sorted({'asyncio', 'logging', 'email', 'ssl', 'socket', 'wit_world',"
        " 'fastly_compute.local'} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


MODULES = [module.name for module in pkgutil.iter_modules(security.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name) -> None:
    result = doctest.testmod(importlib.import_module(f"fastly_compute.security.{name}"))

    assert result.failed == 0


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ({"verdict": ""}, ValueError, "verdict: must not be empty"),
        ({"status": 99}, ValueError, "status: must be from 100 to 999, not 99"),
        ({"decision_ms": -1}, ValueError, "decision_ms: must be 0 or more, not -1"),
        ({"tags": "SQLI"}, TypeError, "tags: must be a sequence of tags, not one of them"),
    ],
)
def test_a_verdict_that_no_waf_has_cannot_be_set(values, kind, message) -> None:
    with pytest.raises(kind, match=message):
        WafVerdict(**values)
