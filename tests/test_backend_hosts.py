"""Backends and secrets as an app sees them, on every host; see tests/test_backend_app."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck as Check
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.xdist_group("backends")

APP = Path(__file__).parent / "test_backend_app"

# Viceroy answers `unsupported` to these.
UNKNOWN_TO_VICEROY = {
    *["connect_timeout", "first_byte_timeout", "between_bytes_timeout"],
    *["tls_min_version", "tls_max_version", "http_keepalive_time", "tcp_keepalive_enable"],
    *["tcp_keepalive_interval", "tcp_keepalive_probes", "tcp_keepalive_time"],
}


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "backend_app")


@pytest.fixture
def ask(app):
    """Has the app call one of its functions, and returns what that returned."""

    def ask(do, **arguments):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=30)) as connection:
            connection.request("POST", "/", body=json.dumps({"do": do, **arguments}))
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content.decode()
        return json.loads(content)

    return ask


def test_a_call_at_import_is_an_error_that_says_where_it_belongs(ask) -> None:
    early = ask("too_early")

    assert list(early) == ask("not_too_early")
    for message in early.values():
        assert message.endswith("Move the call into the handler.")


def test_what_was_set_at_import_holds_for_every_request(ask) -> None:
    for _ in range(2):
        found = ask("frozen")

        assert "connect_timeout=datetime.timedelta(seconds=3)" in found["connect_timeout"]
        assert "between_bytes_timeout=datetime.timedelta(seconds=7)" in found["connect_timeout"]
        assert "between_bytes_timeout=datetime.timedelta(seconds=7)" in found["allowed"]
        assert "tls_min_version=<TLSVersion.V1_2" in found["allowed"]
        assert "tls_min_version" not in found["plain"]
        assert (found["other"], found["address"]) == ("origin", "origin")
        assert found["international"] is True


def test_a_sandbox_that_is_reused_finds_its_backends_again(app) -> None:
    answers = []
    for _ in range(3):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=30)) as connection:
            connection.request("GET", "/")
            answers.append(json.loads(connection.getresponse().read()))

    name = answers[0][0]
    assert answers == [[name], [name] * 2, [name] * 3]


def test_a_name_is_taken_once(ask) -> None:
    assert ask("refusals") == [
        *[True, False, "BackendNameInUse", "mine", "BackendNameInUse", "BackendNotFound"]
    ]


def test_a_static_backend_describes_itself(host, ask) -> None:
    found = ask("static")

    assert (found["name"], found["is_dynamic"], found["config"]) == ("origin", False, None)
    assert (found["host"], found["is_tls"]) == ("127.0.0.1", False)
    unsupported = {name for name, value in found.items() if value == "unsupported"}
    assert unsupported == (UNKNOWN_TO_VICEROY if host == "viceroy" else set())


MS = st.integers(0, 2**32 - 1).map(lambda ms: ms / 1000)
SECONDS = st.integers(1, 2**32 - 1)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "override_host": st.sampled_from(["www.example", "www.example:8080"]),
        "connect_timeout": MS,
        "first_byte_timeout": MS,
        "between_bytes_timeout": MS,
        "tls_min_version": st.sampled_from(["1.0", "1.1", "1.2"]),
        "tls_max_version": st.sampled_from(["1.2", "1.3"]),
        "http_keepalive_time": MS,
        "tcp_keepalive_enable": st.booleans(),
        "tcp_keepalive_interval": SECONDS,
        "tcp_keepalive_probes": st.integers(1, 2**32 - 1),
        "tcp_keepalive_time": SECONDS,
    },
).filter(
    # Refused: an option of keep-alive without keep-alive.
    lambda options: (
        options.get("tcp_keepalive_enable") is not False
        or not {"tcp_keepalive_interval", "tcp_keepalive_probes", "tcp_keepalive_time"}
        & set(options)
    )
)
UNTOLD = st.fixed_dictionaries(
    {},
    optional={
        "max_connections": st.integers(0, 2**32 - 1),
        "max_use": st.integers(0, 2**32 - 1),
        "max_lifetime": MS,
        "pooling": st.booleans(),
        "grpc": st.booleans(),
        "prefer_ipv6": st.booleans(),
        "tls_ciphers": st.just("HIGH:!aNULL"),
        "cert_hostname": st.just("origin.example"),
        "healthcheck": st.builds(
            lambda window, path: {
                "host": "a.example",
                "path": path,
                "window": window,
                "threshold": 0,
                "initial": 0,
            },
            st.integers(0, 15),
            st.sampled_from(["/", "/up?deep=1"]),
        ),
    },
)


@given(OPTIONS, UNTOLD)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[Check.function_scoped_fixture, Check.too_slow],
)
def test_what_is_registered_is_what_the_host_tells(host, ask, options, untold) -> None:
    found = ask("describe", target="origin.example:8443", options={**options, **untold})

    tls = {"tls_min_version", "tls_max_version", "tls_ciphers", "cert_hostname"}
    assert found["is_dynamic"] is True
    assert found["is_tls"] is not tls.isdisjoint({**options, **untold})
    assert (found["host"], found["port"]) == ("origin.example", 8443)
    assert found["again"] == found["name"]
    for name, value in options.items():
        told = host != "viceroy" or name not in UNKNOWN_TO_VICEROY
        assert found[name] == (value if told else "unsupported")


def test_secrets_are_read_as_they_were_stored(ask) -> None:
    assert ask("secrets") == {
        "text": "s3cret",
        "again": "s3cret",
        "repr": "<Secret 'token' of store 'vault'>",
        "own": "mine",
        "large": 65536,
        "missing": [None, False, True, "secret store 'vault' has no secret 'missing'"],
    }
