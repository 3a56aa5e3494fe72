"""Health checks of backends: what they send, their results, and when they run."""

import ssl
import threading
from dataclasses import replace

import pytest
import trustme
from componentize_py_types import Err
from wit_world.imports.backend import (
    Backend,
    BackendHealth,
    DynamicBackendOptions,
    HealthcheckOptions,
    register_dynamic_backend,
)

from fastly_compute.local import (
    BackendConfig,
    BackendConfigError,
    Health,
    HealthCheckConfig,
    Host,
    HostConfig,
    Trap,
)

LONG = 30
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
BAD = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"
ANSWERS = {"GET": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HEAD": GOOD}
CHECK = HealthCheckConfig(host="check.example", window=2, threshold=2, initial=2)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def host(lines):
    with Host(output=lines.append) as host:
        yield host


@pytest.fixture
def check(host):
    """Check a backend several times, an interval apart, and return its health."""
    known = set()

    def check(backend, rounds=1):
        for _ in range(rounds):
            if backend in known:
                host.clock.advance(CHECK.interval_ms / 1000)
            known.add(backend)
            host.health_checks.watch("origin", backend)
            host.health_checks.run_due()
        return host.health_checks.health("origin", backend)

    return check


@pytest.fixture
def closed_port(serve):
    server = serve(lambda peer: None)
    server.close()
    serve.servers.remove(server)
    return server.port


def options_of(check):
    options = HealthcheckOptions.new(check.host)
    options.window(15)  # The options have to be valid after each setter.
    for name in ("method", "path", "expected_status", "threshold", "initial", "window"):
        getattr(options, name)(getattr(check, name))
    options.interval_ms(check.interval_ms)
    options.timeout_ms(check.timeout_ms)
    return options


def register(name, port, check):
    options = DynamicBackendOptions()
    options.healthcheck(options_of(check))
    return register_dynamic_backend(name, f"127.0.0.1:{port}", options)


def health_threads():
    return {thread for thread in threading.enumerate() if thread.name == "fastly-compute-health"}


# The request of a check


@pytest.mark.parametrize("method", ANSWERS)
def test_a_check_sends_its_request_on_a_separate_connection(serve, check, method):
    server = serve.answering(ANSWERS[method])
    wanted = replace(CHECK, method=method, path="/alive?deep=1")
    backend = BackendConfig(url=server.url, override_host="www.example", health_check=wanted)

    assert check(backend, rounds=2) is Health.HEALTHY
    assert len(server.peers) == 2
    for peer in server.peers:
        assert peer.done.wait(LONG)
        assert bytes(peer.seen) == (
            f"{method} /alive?deep=1 HTTP/1.1\r\nHost: check.example\r\n\r\n".encode()
        )


def test_a_check_uses_the_tls_of_its_backend(serve, check):
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("origin.example").configure_cert(context)
    server = serve.answering(GOOD, tls=context)
    known = ca.cert_pem.bytes().decode()
    backend = BackendConfig(url=server.url, ca_certificate=known, health_check=CHECK)

    assert check(backend) is Health.HEALTHY
    assert check(replace(backend, cert_hostname="other.example")) is Health.UNHEALTHY


# Results


@pytest.mark.parametrize(
    ("answer", "expected_status", "health"),
    [
        (GOOD, 200, Health.HEALTHY),
        (BAD, 200, Health.UNHEALTHY),
        (BAD, 500, Health.HEALTHY),
        (GOOD, 204, Health.UNHEALTHY),
        (b"no HTTP\r\n\r\n", 200, Health.UNHEALTHY),
    ],
)
def test_only_the_expected_status_passes(serve, check, answer, expected_status, health):
    server = serve.answering(answer)
    wanted = replace(CHECK, expected_status=expected_status)

    assert check(BackendConfig(url=server.url, health_check=wanted), rounds=2) is health


def test_a_backend_that_refuses_connections_is_unhealthy(closed_port, check, lines):
    backend = BackendConfig(url=f"http://127.0.0.1:{closed_port}", health_check=CHECK)

    assert check(backend) is Health.UNHEALTHY
    assert lines[0].startswith(
        "backend 'origin' is unhealthy: its health check failed: connecting to 127.0.0.1:"
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("backends_own", "checks"), [(None, 1_000), (30, 3_599_999)])
def test_a_check_without_a_response_in_time_fails(serve, check, scheme, backends_own, checks):
    server = serve(lambda peer: peer.drain())
    backend = BackendConfig(
        url=f"{scheme}://127.0.0.1:{server.port}",
        connect_timeout_ms=backends_own,
        first_byte_timeout_ms=backends_own,
        health_check=replace(CHECK, timeout_ms=checks),
    )

    assert check(backend) is Health.UNHEALTHY


def test_a_response_after_the_checks_timeout_fails(serve, check, lines):
    # Neither the connection nor the head takes too long alone, but they do together.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca = trustme.CA()
    ca.issue_cert("origin.example").configure_cert(context)

    def script(peer):
        peer.server.stopping.wait(0.55)
        if peer.shake_hands(context):
            peer.head()
            peer.server.stopping.wait(0.55)
            peer.send(GOOD)

    server = serve(script)
    backend = BackendConfig(
        url=f"https://127.0.0.1:{server.port}",
        ca_certificate=ca.cert_pem.bytes().decode(),
        health_check=replace(CHECK, timeout_ms=1_000),
    )

    assert check(backend) is Health.UNHEALTHY
    assert lines[0].endswith("its health check failed: the response took more than 1000 ms")


def test_health_follows_the_window_and_the_threshold(serve, check, lines):
    answers = iter([BAD, BAD, GOOD, BAD, GOOD, GOOD, GOOD])
    server = serve(lambda peer: peer.answer_once(next(answers)))
    wanted = replace(CHECK, window=4, threshold=2, initial=3)
    backend = BackendConfig(url=server.url, health_check=wanted)

    found = [check(backend).value for _ in range(7)]

    assert found == [
        "healthy",  # good good good bad
        "healthy",  # good good bad bad
        "healthy",  # good bad bad good
        "unhealthy",  # bad bad good bad
        "healthy",  # bad good bad good
        "healthy",  # good bad good good
        "healthy",
    ]
    assert lines == [
        "backend 'origin' is healthy: its health check failed: the status is 500, not 200",
        "backend 'origin' is healthy: its health check passed",
        "backend 'origin' is unhealthy: its health check failed: the status is 500, not 200",
        "backend 'origin' is healthy: its health check passed",
    ]


@pytest.mark.parametrize(
    ("initial", "threshold", "health"),
    [
        (4, 3, BackendHealth.HEALTHY),
        (3, 2, BackendHealth.HEALTHY),
        (2, 3, BackendHealth.UNHEALTHY),
        (0, 0, BackendHealth.HEALTHY),
    ],
)
def test_the_initial_checks_count_before_the_first_one(
    host, closed_port, initial, threshold, health
):
    # Whether the first check has already failed does not matter.
    wanted = replace(CHECK, window=5, initial=initial, threshold=threshold)

    with host.guest_context():
        assert register("made", closed_port, wanted).is_healthy() is health


# When checks run


def test_a_dynamic_backend_is_checked_once_registered(serve, host):
    server = serve(lambda peer: peer.server.stopping.wait(LONG))
    with host.guest_context():
        register("made", server.port, CHECK)

        assert b"Host: check.example" in server.first.until(b"\r\n\r\n")


def test_checks_continue_on_their_own(serve, host):
    again = threading.Event()

    def script(peer):
        if peer.number == 2:
            again.set()
        peer.answer(GOOD)

    server = serve(script)
    with host.guest_context():
        register("made", server.port, replace(CHECK, interval_ms=1_000))

    assert again.wait(LONG)


def test_a_check_runs_once_however_many_intervals_have_passed(serve, host, check):
    server = serve.answering(GOOD)
    backend = BackendConfig(url=server.url, health_check=CHECK)
    check(backend)

    host.health_checks.run_due()
    assert len(server.peers) == 1
    host.clock.advance(100 * CHECK.interval_ms)
    host.health_checks.run_due()
    assert len(server.peers) == 2


def test_sandboxes_share_the_health_of_the_same_backend(serve, host):
    server = serve.answering(BAD)
    with host.guest_context():
        register("made", server.port, CHECK)
        host.health_checks.run_due()
    with host.guest_context():
        same = register("made", server.port, CHECK)
        other_check = register("other-check", server.port, replace(CHECK, threshold=0))

        assert same.is_healthy() is BackendHealth.UNHEALTHY
        assert same.clone().is_healthy() is BackendHealth.UNHEALTHY
        assert other_check.is_healthy() is BackendHealth.HEALTHY
        assert Backend.open("made").is_healthy() is BackendHealth.UNHEALTHY


def test_a_static_backend_is_checked_from_the_start(serve):
    server = serve.answering(BAD)
    backend = BackendConfig(url=server.url, health_check=CHECK)
    config = HostConfig(backends={"origin": backend})
    with Host(config, output=lambda line: None) as host, host.guest_context():
        host.health_checks.run_due()

        assert Backend.open("origin").is_healthy() is BackendHealth.UNHEALTHY


def test_the_least_recently_queried_backend_is_dropped(closed_port, host, lines):
    def backend(path):
        return BackendConfig(url=f"http://127.0.0.1:{closed_port}/{path}", health_check=CHECK)

    def health(path):
        return host.health_checks.health(f"made-{path}", backend(path))

    for path in range(2):
        health(path)
    host.health_checks.run_due()
    assert health(0) is Health.UNHEALTHY
    for path in range(2, 101):
        health(path)
    host.health_checks.run_due()

    checked = {line.partition(" is ")[0] for line in lines}
    assert len(checked) == 101
    lines.clear()
    assert health(0) is Health.UNHEALTHY
    health(1)
    host.health_checks.run_due()
    assert lines[0].startswith("backend 'made-1' is unhealthy")


def test_hosts_without_checks_start_no_thread(serve, origins):
    before = health_threads()
    config = HostConfig(backends={"origin": BackendConfig(url="http://127.0.0.1:1")})
    with Host(config) as host, host.guest_context():
        register_dynamic_backend("made", "127.0.0.1:1", DynamicBackendOptions())

        assert Backend.open("made").is_healthy() is BackendHealth.UNKNOWN
        assert Backend.open("origin").is_healthy() is BackendHealth.UNKNOWN
        assert health_threads() == before


def test_one_thread_runs_a_hosts_checks_and_ends_with_it(serve, lines):
    before = health_threads()
    server = serve.answering(GOOD)
    with Host(output=lines.append) as host, host.guest_context():
        for number in range(5):
            register(f"made-{number}", server.port, CHECK)
        assert len(health_threads() - before) == 1

    assert health_threads() <= before


def test_closing_a_host_cancels_the_check_in_progress(serve, lines):
    before = health_threads()
    server = serve(lambda peer: peer.drain())
    patient = replace(CHECK, timeout_ms=3_599_999)
    backend = BackendConfig(url=server.url, first_byte_timeout_ms=None, health_check=patient)
    host = Host(HostConfig(backends={"origin": backend}), output=lines.append)
    assert server.first

    host.close()
    host.health_checks.run_due()

    assert health_threads() <= before
    assert lines == []


# Without checks


class Surprised:
    """A transport that must not be used."""

    def begin(self, name, config, request):
        raise AssertionError(f"{name} was sent {request}")


@pytest.mark.parametrize("health", list(Health))
def test_a_custom_transport_gets_no_checks_and_health_is_as_configured(health):
    backend = BackendConfig(url="http://127.0.0.1:1", health=health, health_check=CHECK)
    before = health_threads()
    with (
        Host(HostConfig(backends={"origin": backend}), transport=Surprised()) as host,
        host.guest_context(),
    ):
        made = register("made", 1, CHECK)
        host.health_checks.run_due()

        assert Backend.open("origin").is_healthy().name == health.name
        assert made.is_healthy() is BackendHealth.UNKNOWN
        assert health_threads() == before


@pytest.mark.parametrize("health", [Health.HEALTHY, Health.UNHEALTHY])
def test_a_backend_with_configured_health_is_not_checked(serve, check, health):
    server = serve.answering(GOOD, BAD)

    assert check(BackendConfig(url=server.url, health=health, health_check=CHECK)) is health
    assert server.peers == []


# Options


def test_each_setter_sets_its_option():
    with Host(transport=Surprised()) as host, host.guest_context() as sandbox:
        asked = HealthCheckConfig(
            host="b.example",
            method="POST",
            path="/x?y",
            expected_status=299,
            window=15,
            threshold=7,
            initial=9,
            interval_ms=3_599_999,
            timeout_ms=1_000,
        )
        options = options_of(replace(asked, host="a.example"))
        options.host("b.example")
        made = DynamicBackendOptions()
        made.healthcheck(options)
        register_dynamic_backend("made", "a.example", made)
        plain = DynamicBackendOptions()
        plain.healthcheck(HealthcheckOptions.new("a.example"))
        register_dynamic_backend("plain", "a.example", plain)

        assert sandbox.dynamic_backends["made"].health_check == asked
        assert sandbox.dynamic_backends["plain"].health_check == HealthCheckConfig(host="a.example")
        with pytest.raises(Trap, match="already given to a backend"):
            options.window(5)


@pytest.mark.parametrize(
    ("setter", "value", "error"),
    [
        ("host", "", "InvalidArgument"),
        ("method", "G" * 8193, "InvalidArgument"),
        ("path", "no-slash", "GenericError"),
        ("path", "/" + "x" * 8192, "InvalidArgument"),
        ("window", 3, "InvalidArgument"),
        ("window", 16, "InvalidArgument"),
        ("threshold", 6, "InvalidArgument"),
        ("initial", 6, "InvalidArgument"),
        ("interval_ms", 3_600_000, "InvalidArgument"),
        ("timeout_ms", 999, "InvalidArgument"),
    ],
)
def test_a_setter_refuses_an_invalid_value_and_changes_nothing(setter, value, error):
    with Host(transport=Surprised()) as host, host.guest_context() as sandbox:
        options = HealthcheckOptions.new("a.example")
        with pytest.raises(Err) as caught:
            getattr(options, setter)(value)
        made = DynamicBackendOptions()
        made.healthcheck(options)
        register_dynamic_backend("made", "a.example", made)

        assert type(caught.value.value).__name__ == f"Error_{error}"
        assert sandbox.dynamic_backends["made"].health_check == HealthCheckConfig(host="a.example")


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("host", "", "must be visible ASCII"),
        ("host", "a b", "must be visible ASCII"),
        ("host", "x" * 8192, "at most 8192 characters together with the path"),
        ("host", None, "must be visible ASCII"),
        ("method", "G T", "must be an HTTP method"),
        ("method", "G" * 8193, "at most 8192 characters"),
        ("path", "x", "must begin with /"),
        ("path", "/a b", "must begin with /"),
        ("expected_status", 65536, "a whole number, 0 to 65535"),
        ("expected_status", True, "a whole number, 0 to 65535"),
        ("window", 16, "a whole number, 0 to 15"),
        ("window", -1, "a whole number, 0 to 15"),
        ("threshold", 6, "a whole number, 0 to 5"),
        ("initial", 6, "a whole number, 0 to 5"),
        ("interval_ms", 999, "a whole number, 1000 to 3599999"),
        ("timeout_ms", 3_600_000, "a whole number, 1000 to 3599999"),
        ("timeout_ms", 1.5e3, "a whole number, 1000 to 3599999"),
    ],
)
def test_an_invalid_health_check_is_refused(field, value, rule):
    with pytest.raises(BackendConfigError, match=rule) as caught:
        HealthCheckConfig(**{"host": "a.example", field: value})

    assert caught.value.field == field


def test_a_health_check_must_be_a_health_check_config():
    with pytest.raises(BackendConfigError, match="must be a HealthCheckConfig or None"):
        BackendConfig(url="http://a.example", health_check={"host": "a.example"})
