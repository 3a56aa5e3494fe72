import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastly_compute.backend import (
    Backend,
    BackendError,
    BackendNotAllowed,
    BackendNotFound,
    BackendOptionTypeError,
    DynamicBackendConfig,
    InvalidBackendName,
    InvalidBackendOption,
    allow_dynamic_backends,
    enforce_explicit_backends,
)
from fastly_compute.backend.policy import instead_of_dynamic
from fastly_compute.backend.target import parse_url


@pytest.fixture(autouse=True)
def _all_is_open_again():
    yield
    enforce_explicit_backends()
    allow_dynamic_backends()


def allowed(host):
    try:
        return instead_of_dynamic(parse_url(f"https://{host}/")[1]) is None
    except BackendNotAllowed:
        return False


def test_by_default_every_url_has_a_dynamic_backend(sandbox):
    assert Backend.for_url("https://anywhere.example/").is_dynamic
    assert Backend.for_url("http://192.0.2.1/").is_dynamic


def test_backends_from_urls_can_be_forbidden(sandbox):
    enforce_explicit_backends()

    with pytest.raises(BackendNotAllowed) as caught:
        Backend.for_url("https://anywhere.example/path?token=hunter2")
    assert caught.value.host == "anywhere.example"
    assert str(caught.value) == (
        "no dynamic backend for 'anywhere.example': the app does not allow one for this host. Name "
        "a backend, or add the host to allow_dynamic_backends"
    )
    assert isinstance(caught.value, BackendError)
    assert isinstance(caught.value, PermissionError)
    assert sandbox.dynamic_backends == {}


def test_the_refusal_keeps_its_facts_when_it_is_pickled():
    again = pickle.loads(pickle.dumps(BackendNotAllowed("a.example")))

    assert (type(again), again.host) == (BackendNotAllowed, "a.example")
    assert "'a.example'" in str(again)


def test_backends_that_the_app_registers_itself_are_allowed(sandbox):
    enforce_explicit_backends()

    assert Backend.create_dynamic("a.example", use_tls=True).is_dynamic
    config = DynamicBackendConfig(target="a.example")
    assert Backend.register_dynamic("mine", config).is_dynamic
    with pytest.raises(BackendNotAllowed):
        Backend.for_url("https://a.example/")


def test_the_default_backend_gets_requests_to_hosts_that_are_not_allowed(sandbox):
    enforce_explicit_backends("origin")
    allow_dynamic_backends(hosts=["a.example"])

    assert Backend.for_url("https://a.example/").is_dynamic
    assert Backend.for_url("https://b.example/") == Backend.open("origin")
    assert len(sandbox.dynamic_backends) == 1


@pytest.mark.parametrize("hosts_first", [True, False])
def test_the_order_of_the_two_does_not_matter(sandbox, hosts_first):
    if hosts_first:
        allow_dynamic_backends(hosts=["a.example"])
    enforce_explicit_backends("origin")
    if not hosts_first:
        allow_dynamic_backends(hosts=["a.example"])

    assert Backend.for_url("https://a.example/").is_dynamic
    assert Backend.for_url("https://b.example/").name == "origin"


def test_a_list_of_hosts_alone_refuses_all_others(sandbox):
    allow_dynamic_backends(hosts=["a.example"])

    assert Backend.for_url("http://a.example:8080/").is_dynamic
    with pytest.raises(BackendNotAllowed):
        Backend.for_url("http://b.example/")
    allow_dynamic_backends(hosts=["b.example"])
    assert Backend.for_url("http://b.example/").is_dynamic
    with pytest.raises(BackendNotAllowed):
        Backend.for_url("http://a.example:8080/")


def test_a_missing_default_backend_is_reported_when_it_is_needed(sandbox):
    enforce_explicit_backends("missing")

    with pytest.raises(BackendNotFound) as caught:
        Backend.for_url("https://a.example/")
    assert caught.value.subject == "missing"


def test_options_are_not_lost_on_a_default(sandbox):
    enforce_explicit_backends("origin")

    with pytest.raises(InvalidBackendOption, match="backend 'origin'") as caught:
        Backend.for_url("https://a.example/", connect_timeout=None, first_byte_timeout=5)
    assert caught.value.field == "first_byte_timeout"
    assert Backend.for_url("https://a.example/", connect_timeout=None).name == "origin"


def test_the_name_of_a_default_backend_must_be_valid():
    with pytest.raises(InvalidBackendName):
        enforce_explicit_backends("")
    with pytest.raises(TypeError):
        enforce_explicit_backends(1)
    assert allowed("a.example")


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("api.example", "api.example"),
        ("api.example", "API.Example"),
        ("API.Example.", "api.example"),
        ("api.example", "api.example."),
        ("api.example", "api.example:8443"),
        ("*.example.com", "a.example.com"),
        ("*.example.com", "A.B.Example.COM."),
        ("*.Example.com.", "a.example.com"),
        ("b\xfccher.example", "xn--bcher-kva.example"),
        ("B\xdcCHER.example", "XN--BCHER-KVA.example"),
        ("b\xfccher\u3002example", "xn--bcher-kva.example"),
        ("*.b\xfccher.example", "www.xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "[2001:db8::1]"),
    ],
)
def test_a_host_is_recognised_however_it_is_spelled(pattern, host):
    allow_dynamic_backends(hosts=["other.example", pattern])

    assert allowed(host)


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("api.example", "xapi.example"),
        ("api.example", "api.example.evil.example"),
        ("api.example", "a.api.example"),
        ("*.example.com", "example.com"),
        ("*.example.com", "badexample.com"),
        ("*.example.com", "example.com.evil.example"),
        ("*.example.com", "192.0.2.1"),
        ("*.1.example", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.11"),
        ("localhost", "127.0.0.1"),
        ("localhost", "[::1]"),
        ("2001:db8::1", "[2001:db8::2]"),
        ("fa\u017f.example", "xn--fa-hia.example"),
    ],
)
def test_another_host_is_not_recognised(pattern, host):
    allow_dynamic_backends(hosts=[pattern])

    assert not allowed(host)


def test_an_empty_list_allows_nothing():
    allow_dynamic_backends(hosts=[])

    assert not allowed("a.example")
    allow_dynamic_backends()
    assert allowed("a.example")


@pytest.mark.parametrize(
    "pattern",
    [
        *["", "*", "*.", "a.*.example", "*a.example", "**.example", "*.*.example", "a.example:443"],
        *["https://a.example", "a.example/", "user@a.example", "*.192.0.2.1", "*.0.2.1", "*.::1"],
        *["::", "0x7f.1", "fa\xdf.example", "FA\u1e9e.example", "a\u200db.example", "a b.example"],
        *["\xfc" * 64 + ".example", "\u3002example"],
    ],
)
def test_an_invalid_host_cannot_be_allowed(pattern):
    allow_dynamic_backends(hosts=["a.example"])

    with pytest.raises(InvalidBackendOption, match=r"^hosts must be a host name") as caught:
        allow_dynamic_backends(hosts=["b.example", pattern])
    assert caught.value.shown == repr(pattern)
    assert allowed("a.example")
    assert not allowed("b.example")


@pytest.mark.parametrize("hosts", ["a.example", [b"a.example"], [None]])
def test_hosts_must_be_an_iterable_of_text(hosts):
    with pytest.raises(BackendOptionTypeError, match=r"^hosts must be "):
        allow_dynamic_backends(hosts=hosts)


LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)


@given(NAME, NAME, NAME)
def test_only_names_below_it_match_a_star(parent, below, other):
    allow_dynamic_backends(hosts=[f"*.{parent}"])

    assert allowed(f"{below}.{parent}")
    assert allowed(other) == other.endswith(f".{parent}")
    assert not allowed(parent) or parent.endswith(f".{parent}")


def test_the_policy_in_the_readme_does_what_it_says(sandbox):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    example = readme.split("```python\n")[2].partition("```")[0]
    exec(compile(example, "README.md", "exec"), {})

    assert Backend.for_url("https://api.example/").is_dynamic
    assert Backend.for_url("https://img.cdn.example/").is_dynamic
    assert Backend.for_url("https://other.example/").name == "origin"
