"""Scenarios that are run with each host call failing."""

import logging
import re

import pytest
from componentize_py_types import Err
from wit_world.imports import (
    backend,
    compute_runtime,
    http_body,
    http_req,
    http_resp,
    log,
    secret_store,
)

from fastly_compute.testing import Reply, inject_faults

LARGE = 1 << 16


def answer(status: int, text: bytes = b"") -> None:
    response = http_resp.Response.new()
    response.set_status(status)
    body = http_body.new()
    if text:
        http_body.write(body, text)
    http_resp.send_downstream(response, body)


class Careful:
    """Reads a secret, asks an origin, and answers whatever fails."""

    def handle(self, request, body):
        compute_runtime.get_hostname()
        try:
            with secret_store.Store.open("vault") as vault, vault.get("token") as token:
                value = token.plaintext(LARGE)
            asked = http_req.Request.new()
            asked.append_header("x-token", value)
            with backend.Backend.open("origin") as origin, http_body.new() as nothing:
                _, content = http_req.send(asked, nothing, origin)
            with content:
                text = http_body.read(content, LARGE)
        except Err:
            answer(502)
        else:
            answer(200, text)


def scenario(compute_host, compute_client) -> None:
    compute_host.secrets["vault"]["token"] = b"s3cret"
    compute_host.backend("origin").get("/", text="hello")
    compute_client.get("/")


def test_an_app_that_takes_care_passes() -> None:
    swept = inject_faults(Careful, scenario)
    names = [call.name for call in swept.calls]
    ends = {call.name: call.answers for call in swept.calls}

    assert swept.problems == []
    assert swept.infallible == 1
    assert names == [
        "secret-store.store.open",
        "secret-store.store.get",
        "secret-store.secret.plaintext",
        "http-req.request.new",
        "http-req.request.append-header",
        "backend.backend.open",
        "http-body.new",
        "http-req.send",
        "http-body.read",
        "http-resp.response.new",
        "http-resp.response.set-status",
        "http-body.new",
        "http-body.write",
        "http-resp.send-downstream",
    ]
    assert [call.number for call in swept.calls] == [*range(2, 16)]
    assert {call.error for call in swept.calls} == {"generic-error"}
    # What `handle` raises as an error of the host's is a 500.
    assert (ends["http-req.send"], ends["http-resp.send-downstream"]) == ("502", "500")
    assert str(swept.calls[7]) == "   9  http-req.send (generic-error): 502"
    assert str(swept).count("\n") == 13


def test_the_errors_can_be_chosen() -> None:
    swept = inject_faults(Careful, scenario, errors=["not-found", "dns-timeout", "http-incomplete"])
    errors = [(call.name, call.error) for call in swept.calls]

    assert ("secret-store.store.open", "not-found") in errors
    assert ("http-req.send", "dns-timeout") in errors
    assert ("http-req.send", "http-incomplete") in errors
    with pytest.raises(ValueError, match="errors: no function fails with dns"):
        inject_faults(Careful, scenario, errors=["dns"])


def failing(app: type, run=scenario, **options) -> str:
    with pytest.raises(AssertionError) as caught:
        inject_faults(app, run, **options)
    return str(caught.value)


def test_an_exception_that_comes_out_of_the_app_is_no_good_end() -> None:
    class Careless(Careful):
        def handle(self, request, body):
            try:
                super().handle(request, body)
            except Err as err:
                raise RuntimeError("not foreseen") from err

    said = failing(Careless)

    assert said.startswith("5 of 14 failing host calls come to no good end:\n")
    assert "  15  http-resp.send-downstream (generic-error): 500: the app raised an exc" in said
    assert "http-req.send " not in said


def test_a_trap_is_no_good_end() -> None:
    class Trapping:
        def handle(self, request, body):
            nothing = http_body.new()
            try:
                http_body.write(nothing, b"hello")
            except Err:
                http_body.close(nothing)
                http_body.close(nothing)
            answer(200)

    said = failing(Trapping)

    assert "1 of 6 failing host calls" in said
    assert "   2  http-body.write (generic-error): 500: the app trapped: this body is clo" in said


def test_an_app_that_does_not_end_is_no_good_end() -> None:
    class Stubborn:
        def handle(self, request, body):
            while True:
                try:
                    answer(200)
                except Err:
                    while True:
                        pass
                return

    said = failing(Stubborn, errors=["limit-exceeded"], time_limit=0.2)

    assert "4 of 4 failing host calls" in said
    assert said.count("it ran longer than the host's time limit allows") == 4


def test_a_handle_that_nobody_lets_go_of_is_no_good_end() -> None:
    kept = []

    class Leaking:
        def handle(self, request, body):
            vault = secret_store.Store.open("vault")
            options = backend.DynamicBackendOptions()
            try:
                token = vault.get("token")
            except Err:
                kept.append((vault, options))
            else:
                token.drop()
            answer(200)

    said = failing(Leaking)

    assert said.partition("\n")[2] == (
        "   3  secret-store.store.get (generic-error): 200: left open: store, dynamicbackendoptions"
    )


def test_a_handle_in_a_cycle_is_forgotten() -> None:
    class Circular:
        def handle(self, request, body):
            cycle = [secret_store.Store.open("vault")]
            cycle.append(cycle)
            answer(200)

    assert len(inject_faults(Circular, scenario).calls) == 5


def test_a_handle_that_a_logged_exception_holds_is_forgotten() -> None:
    class Logging:
        def handle(self, request, body):
            asked = http_req.Request.new()
            try:
                asked.append_header("x-token", b"token")
            except Err:
                logging.getLogger("app").exception("failed")
            answer(200)

    assert inject_faults(Logging, lambda _, client: client.get("/")).calls


def test_an_app_that_does_not_answer_is_no_good_end() -> None:
    class Silent:
        def handle(self, request, body):
            try:
                answer(200)
            except Err:
                return

    said = failing(Silent)

    assert said.count("the app ended without an answer, an empty 200 for the client") == 4


class Streaming:
    def __init__(self):
        self.early = False

    def handle(self, request, body):
        out = http_body.new()
        http_resp.send_downstream_streaming(http_resp.Response.new(), out)
        http_body.write(out, b"hello")
        http_body.close(out)


def test_an_answer_that_has_begun_may_break_off() -> None:
    swept = inject_faults(Streaming, lambda _, compute_client: compute_client.get("/"))

    assert [call.answers for call in swept.calls] == [
        "500",
        "500",
        "500",
        "200 that was cut off",
        "200 that was cut off",
    ]


def test_an_answer_that_breaks_off_for_a_failure_before_it_is_no_good_end() -> None:
    class Late:
        def handle(self, request, body):
            failed = False
            try:
                secret_store.Store.open("vault")
            except Err:
                failed = True
            out = http_body.new()
            http_resp.send_downstream_streaming(http_resp.Response.new(), out)
            if not failed:
                http_body.close(out)

    said = failing(Late)

    assert said.endswith(
        "   1  secret-store.store.open (generic-error): 200 that was cut off: "
        "the response was cut off"
    )


def test_what_the_scenario_asserts_must_hold_each_time() -> None:
    def asserting(compute_host, compute_client) -> None:
        scenario(compute_host, compute_client)
        assert compute_client.answers[0].status in {200, 502}, "another status"

    said = failing(Careful, asserting)

    assert "5 of 14" in said
    assert re.search(
        r"http-resp.send-downstream .*: the scenario raised AssertionError: anoth", said
    )


def test_what_fails_undisturbed_is_said_so() -> None:
    class Broken:
        def handle(self, request, body):
            http_body.new()
            raise RuntimeError("always")

    assert failing(Broken).startswith("without any failure (500): the app raised an exception")
    with pytest.raises(ZeroDivisionError):
        inject_faults(Careful, lambda *_: 1 / 0)
    with pytest.raises(ValueError, match="the scenario makes no host call"):
        inject_faults(Careful, lambda *_: None)


def test_a_request_without_a_reply_is_no_good_end() -> None:
    class Falling:
        def handle(self, request, body):
            try:
                secret_store.Store.open("vault")
            except Err:
                with pytest.raises(Err):
                    http_req.send(
                        http_req.Request.new(), http_body.new(), backend.Backend.open("origin")
                    )
            answer(200)

    def quiet(compute_host, compute_client) -> None:
        compute_host.secrets["vault"] = {}
        compute_host.backend("origin")
        compute_client.get("/")

    assert "No reply is registered for GET / to backend 'origin'" in failing(Falling, quiet)


def test_a_scenario_that_differs_each_time_is_said_so() -> None:
    turns = []

    class Turning:
        def handle(self, request, body):
            turns.append(1)
            for _ in range(len(turns)):
                log.Endpoint.open("audit")
            answer(200)

    assert "the scenario must be repeatable" in failing(Turning, lambda _, client: client.get("/"))


def test_the_calls_of_the_scenario_itself_do_not_fail() -> None:
    def looking(compute_host, compute_client) -> None:
        scenario(compute_host, compute_client)
        with secret_store.Store.open("vault") as vault:
            assert vault.get("token").plaintext(LARGE) == b"s3cret"

    assert len(inject_faults(Careful, looking).calls) == 14


def test_each_run_has_fresh_fakes() -> None:
    def changing(compute_host, compute_client) -> None:
        assert (compute_host.calls, list(compute_host.kv["shelf"])) == ([], [])
        compute_host.kv["shelf"]["lamp"] = b"7"
        compute_host.secrets["vault"]["token"] = b"s3cret"
        compute_host.backend("origin").callback("GET", "/", lambda call: Reply.of(text="once"))
        compute_client.get("/")

    assert len(inject_faults(Careful, changing).calls) == 14
