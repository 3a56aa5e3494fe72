"""What the platform tells an app and does for it, on every host; see tests/platform_app."""

import json
import os
import shutil
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import NativeApp, WasmApp
from fastly_compute.testing import ComputeClient, Reply

pytestmark = pytest.mark.xdist_group("platform")

UNTIL = "Expires=Mon, 01 Mar 2027 12:00:00 GMT"
GONE = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"
NO_IMAGE_OPTIMIZER = (
    "image-optimizer.send-to-image-optimizer on 'origin' failed: only Fastly's platform has an "
    "Image Optimizer, on services with that product (unsupported)"
)
APP = Path(__file__).parent / "platform_app"


@pytest.fixture
def app(servers, host):
    return servers.get(host, APP, "platform_app")


@pytest.fixture
def ask(app):
    """Has the app call one of its functions, and returns what that returned."""

    def ask(path, **request):
        with closing(HTTPConnection(urlsplit(app.url).netloc, timeout=60)) as connection:
            connection.request("POST" if "body" in request else "GET", f"/{path}", **request)
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content.decode()
        cookies = answer.headers.get_all("set-cookie")
        return (json.loads(content), cookies) if cookies else json.loads(content)

    return ask


@pytest.fixture(scope="module", params=["native", "wasm"])
def loaded(request, tmp_path_factory) -> NativeApp | WasmApp:
    """The app in this process, where a test replaces what the platform has."""
    if request.param == "native":
        return NativeApp.load("platform_app", APP)
    folder = shutil.copytree(APP, tmp_path_factory.mktemp("platform") / APP.name)
    return WasmApp(build(Project(folder=folder, entry="platform_app")).output)


def test_nothing_is_known_at_import(ask) -> None:
    early = ask("too_early")

    assert len(early) == 6
    for message in early.values():
        assert message.endswith("Move the call into the handler.")


def test_an_app_reads_where_it_runs(ask) -> None:
    facts = ask("facts")
    sandbox, trace = facts.pop("sandbox_id"), facts.pop("trace_id")

    assert facts == {
        "service_id": "0" * 22,
        "service_version": 0,
        "customer_id": "0" * 22,
        "namespace_id": "",
        "cache_generation": 0,
        "hostname": "localhost",
        "pop": "XXX",
        "region": "Somewhere",
        "is_staging": False,
    }
    assert sandbox == trace
    assert len(sandbox) == 32
    assert int(sandbox, 16) >= 0
    sandboxes = {ask("facts")["sandbox_id"] for _ in range(6)}
    assert len(sandboxes) > 1


def test_the_environment_says_the_same(ask) -> None:
    # Natively, the machine's own variables are visible, too.
    found = {name: value for name, value in ask("environment").items() if name not in os.environ}
    trace = found.pop("FASTLY_TRACE_ID")

    assert found == {
        "FASTLY_CACHE_GENERATION": "0",
        "FASTLY_CUSTOMER_ID": "0" * 22,
        "FASTLY_HOSTNAME": "localhost",
        "FASTLY_IS_STAGING": "0",
        "FASTLY_POP": "XXX",
        "FASTLY_REGION": "Somewhere",
        "FASTLY_SERVICE_ID": "0" * 22,
        "FASTLY_SERVICE_VERSION": "0",
    }
    assert len(trace) == 32
    assert len({ask("environment")["FASTLY_TRACE_ID"] for _ in range(6)}) > 1


def test_an_app_without_coroutines_does_not_carry_asyncio(host, ask) -> None:
    found = [ask(f"has?{name}") for name in ("asyncio", "fastly_compute.http.event_loop")]

    assert found == [host == "native"] * 2


def test_the_service_has_no_products(ask) -> None:
    assert ask("products") == [False, False, False]


def test_work_takes_cpu_time(host, ask) -> None:
    before, after, heap = ask("usage")

    assert after - before >= 20
    # Natively and on wasm, nobody measures the memory.
    assert heap > 10 if host == "viceroy" else heap == 0


def test_without_an_image_optimizer_the_error_says_so(ask) -> None:
    assert ask("image") == [
        "ImageOptimizerUnsupported",
        NO_IMAGE_OPTIMIZER,
        "yes",
    ]


def test_an_image_optimizer_gets_the_options_and_the_request(compute_host, loaded) -> None:
    seen = []

    def transform(call):
        seen.append(call)
        return Reply.of(headers={"X-Io": "yes"}, body=b"small")

    compute_host.backend("origin")
    compute_host.image_optimizer = transform
    client = ComputeClient(compute_host.host, loaded)
    image, drawn = client.get("/image"), client.post("/image_of_a_body", body=b"a circle")

    assert (image.json(), drawn.json()) == ([200, "yes", "small"], [200, "small"])
    first, second = seen
    assert first.query_string == "region=eu_west&crop=16%3A9&format=auto&width=320"
    assert (first.origin.backend, first.origin.method) == ("origin", "GET")
    assert (first.origin.path, first.origin.query) == ("/image", "a=1")
    assert first.origin.headers["accept"] == "image/webp"
    assert first.origin.headers["host"] == "www.example.com"
    assert (second.origin.method, second.origin.body) == ("POST", b"a circle")
    assert not compute_host.calls


def test_a_shield_has_two_backends(ask) -> None:
    found = ask("shields")

    assert found["here"].startswith("ShieldHasNoBackend: no backend leads to shield 'here'")
    assert found["there"] == [["127.0.0.1", 9092, True, True], ["127.0.0.1", 9091, False, True]]
    assert found["nowhere"] == (
        "ShieldNotFound: shielding.shield-info on 'nowhere' failed: no shield has this "
        "name (invalid-argument)"
    )


def test_a_shields_backend_is_made_once(ask) -> None:
    assert ask("shield_again") == [True, "ShieldBackendInUse"]


def test_a_reused_sandbox_finds_a_shields_backend_again(ask) -> None:
    found = [ask("shield_reused") for _ in range(5)]

    assert max(map(len, found)) > 1
    assert len({name for names in found for name in names}) == 1


def test_a_request_goes_through_the_shield(ask) -> None:
    status, origin, seen = ask("through")

    assert (status, origin) == (200, "yes")
    assert seen["path"] == "/lamp?a=1"
    assert ["host", "www.example.com"] in seen["headers"]


def test_a_request_is_inspected_before_its_body_is_read(ask) -> None:
    shown, allowed, typed, read, error = ask("verdict", body="user=' OR 1=1")

    assert shown == (
        "Inspection(verdict=<Verdict.ALLOW: 'allow'>, status=200, redirect_url=None, tags=(), "
        "decision_time=datetime.timedelta(0))"
    )
    assert (allowed, typed, read) == (True, True, "user=' OR 1=1")
    assert error == "this Body was already read to its end"
    assert ask("inspected_wrongly") == (
        "corp: must have 1 to 255 printable ASCII characters, without spaces, not ''"
    )


def test_cookies_are_read_and_set(ask) -> None:
    header = 'a=1; second="gr\\366\\337e; x"; broken; a=2; b[]=3'
    (read, version, visits), cookies = ask("cookies", headers={"Cookie": header})

    # As in http.cookies, a semicolon ends a cookie also between quotes, unless it is escaped.
    assert read == {"a": "1", "second": '"gr\\366\\337e', "b[]": "3"}
    assert version == "HTTP/1.1"
    assert visits == "Visits(this_service=None, this_pop=None)"
    assert cookies == [
        'first="gr\\366\\337e\\073 \\"x\\""; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax',
        "second=2; Path=/; Secure; SameSite=Strict",
        f"third=; {GONE}; Path=/; Secure; HttpOnly; SameSite=Lax",
        f"fourth=4; {UNTIL}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
    ]
