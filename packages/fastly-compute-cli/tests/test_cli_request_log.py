import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from fastly_compute.cli.commands.build import Built
from fastly_compute.cli.commands.request_log import as_object, profile_lines
from fastly_compute.local import CallTally, RequestRecord

Run = Callable[..., Result]
Serving = Callable[..., AbstractContextManager[Any]]
Write = Callable[[str, str], Path]

APP = """
from fastly_compute import cache
from fastly_compute.http import IncomingRequest, Response, service


def handle(request: IncomingRequest) -> Response:
    return Response(body=cache.get_or_set("lamp", lambda: b"lit", ttl=60))


HttpIncoming = service(handle)
"""

KEYS = {
    "method",
    "path",
    "status",
    "ms",
    "aborted",
    "request_bytes",
    "response_bytes",
    "backend_calls",
    "backend_ms",
    "cache",
}
PROFILE_KEYS = {
    "waited_ms",
    "python_ms",
    "host_ms",
    "python_read_bytes",
    "python_written_bytes",
    "host_calls",
}


@pytest.fixture
def app(write: Write) -> Path:
    return write("main.py", APP)


def test_a_line_counts_what_the_cache_did_and_hides_the_query(app: Path, serving: Serving) -> None:
    with serving(app.parent, "--runtime", "native") as served:
        served.get("/?key=s3cret")
        served.get()
        output = served.stop()

    assert re.search(r"^GET /\?\.\.\. 200 in [\d.]+ ms, cache 1 miss$", output, re.MULTILINE)
    assert re.search(r"^GET / 200 in [\d.]+ ms, cache 1 hit$", output, re.MULTILINE)
    assert "s3cret" not in output


def test_quiet_prints_nothing_about_requests(app: Path, serving: Serving) -> None:
    with serving(app.parent, "--runtime", "native", "--quiet") as served:
        answer = served.get()
        output = served.stop()

    assert answer == (200, "lit")
    assert output == "Stopped.\n"


def test_each_request_is_a_line_of_json_and_nothing_else_is_in_the_output(
    app: Path, serving: Serving
) -> None:
    with serving(app.parent, "--runtime", "native", "--json", apart=True) as served:
        served.get("/?key=s3cret")
        served.get("/b")
        output = served.stop()

    first, second = map(json.loads, output.splitlines())
    assert set(first) == set(second) == KEYS
    assert (first["method"], first["path"], first["status"]) == ("GET", "/", 200)
    assert first["cache"] == {"hit": 0, "stale": 0, "miss": 1, "pass": 0}
    assert second["cache"]["hit"] == 1
    assert first["response_bytes"] == len("lit")
    assert "s3cret" not in output


def test_a_component_is_profiled_as_well(built_app: Built, folder: Path, serving: Serving) -> None:
    with serving(folder, "--json", "--profile", str(built_app.output), apart=True) as served:
        served.get("/frozen")
        record = json.loads(served.stop())

    assert set(record) == KEYS | PROFILE_KEYS
    assert record["host_calls"]["http-resp.send_downstream"]["count"] == 1
    assert record["python_written_bytes"] == record["response_bytes"] == len("true")
    assert record["python_ms"] > 0
    assert record["host_ms"] < record["ms"]


def test_a_readable_profile_follows_the_line(app: Path, serving: Serving) -> None:
    with serving(app.parent, "--runtime", "native", "--profile") as served:
        served.get()
        output = served.stop()

    line, spent, moved, *_ = output.splitlines()
    assert re.fullmatch(r"GET / 200 in [\d.]+ ms, cache 1 miss", line)
    assert re.fullmatch(
        r"    Python [\d.]+ ms, \d+ host calls [\d.]+ ms, before the sandbox [\d.]+ ms", spent
    )
    assert moved == "    body 0 B in, 3 B out; Python read 0 B, wrote 3 B"
    assert re.search(r"^ +[\d.]+ ms +1 x http-resp\.send_downstream$", output, re.MULTILINE)
    assert all(len(line) <= 100 for line in output.splitlines())


def test_a_long_profile_ends_with_the_sum_of_the_rest() -> None:
    calls = {f"http-req.f{n}": CallTally(count=2, seconds=n / 1000) for n in range(20)}
    record = RequestRecord(method="GET", path="/", status=200, host_calls=calls)

    lines = list(profile_lines(record))

    assert lines[2] == "        19.00 ms      2 x http-req.f19"
    assert lines[-1] == "        28.00 ms     16 x 8 other functions"
    assert set(as_object(record, profile=True)["host_calls"]) == set(calls)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quiet", "--json"], "does not go with --json"),
        (["--quiet", "--profile"], "does not go with --profile"),
        (["--runtime", "viceroy", "--json"], "Viceroy prints its own log"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_refused(
    options: list[str], said: str, app: Path, run: Run
) -> None:
    result = run("serve", *options)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
