"""The same requests with httpx's own clients and with ours, and compared: see tests/differential.

What may differ is listed, with the reason, in tests/differential/httpx_differences.toml.
"""

import asyncio
import ssl
import subprocess
import sys
import tomllib
from functools import partial
from pathlib import Path

import httpx
import pytest

from fastly_compute.http import Response, service
from fastly_compute.httpx import AsyncClient, Client
from fastly_compute.local import Host, Incoming, NativeApp

HERE = Path(__file__).parent
APP = HERE / "differential"

FOLDERS = [str(APP), str(HERE / "support")]

sys.path[:0] = FOLDERS
try:
    import httpx_cases as cases
    import origin as origins
    from differences import Differences, differing, places_of, without_proxies
finally:
    del sys.path[: len(FOLDERS)]

pytestmark = pytest.mark.xdist_group("httpx-differential")

NAMES = list(cases.CASES)
# What is the business of the clients alone, and no transport's, is compared once.
CLIENTS_OWN = ("path", "params", "led to", "status", "auth", "digest", "answer")
KINDS = {
    "sync": NAMES,
    "async": [name for name in NAMES if not name.startswith(CLIENTS_OWN)],
}
ALL = [(kind, name) for kind, names in KINDS.items() for name in names]
DIFFERENCES = tomllib.loads((APP / "httpx_differences.toml").read_text())["difference"]
LISTED = Differences(DIFFERENCES)
CLIENTS = {
    ("httpx", "sync"): httpx.Client,
    ("httpx", "async"): httpx.AsyncClient,
    ("ours", "sync"): Client,
    ("ours", "async"): AsyncClient,
}


def failure(error):
    request = getattr(error, "_request", None)
    return {
        "type": type(error).__name__,
        "request": None if request is None else [request.method, str(request.url)],
    }


def described(response, body):
    """Everything that a response says, with the body as it was read."""
    looks = {
        "status": lambda r: [r.status_code, r.reason_phrase, r.http_version],
        "url": lambda r: str(r.url),
        "headers": lambda r: [
            [name, value] for name, value in r.headers.multi_items() if name != "date"
        ],
        "flags": lambda r: [r.is_success, r.is_error, r.is_redirect, r.is_closed],
        "encoding": lambda r: r.encoding,
        "text": lambda r: r.text,
        "json": lambda r: r.json(),
        "links": lambda r: r.links,
        "cookies": lambda r: sorted([c.name, c.value, c.domain, c.path] for c in r.cookies.jar),
        "raise_for_status": lambda r: str(r.raise_for_status()),
        "downloaded": lambda r: r.num_bytes_downloaded,
        "next": lambda r: r.next_request and [r.next_request.method, str(r.next_request.url)],
        "history": lambda r: [[h.status_code, str(h.url), len(h.content)] for h in r.history],
        "request": lambda r: [r.request.method, str(r.request.url), dict(r.request.headers)],
        "elapsed": lambda r: type(r.elapsed).__name__,
    }
    found = {"body": body}
    for name, look in looks.items():
        try:
            found[name] = look(response)
        except Exception as error:
            found[name] = {"raises": failure(error)}
    return found


READS = {
    "raw": lambda r: [r.iter_raw, r.aiter_raw],
    "bytes": lambda r: [r.iter_bytes, r.aiter_bytes],
    "text": lambda r: [r.iter_text, r.aiter_text],
    "lines": lambda r: [r.iter_lines, r.aiter_lines],
}


def joined(read, pieces):
    if read == "lines":
        return pieces
    whole = ("" if read == "text" else b"").join(pieces)
    return whole if isinstance(whole, str) else whole.decode("latin-1")


def made(step, is_async):
    return {
        name: value(is_async) if name in {"content", "files"} and callable(value) else value
        for name, value in step.keywords.items()
    }


def split(keywords):
    kept = {name: keywords.pop(name) for name in ("auth", "follow_redirects") if name in keywords}
    return kept, keywords


def run_sync(client, step):
    kept, keywords = split(made(step, False))
    request = client.build_request(step.method, step.url, **keywords)
    response = client.send(request, stream=step.read != "whole", **kept)
    if step.read in READS:
        body = joined(step.read, list(READS[step.read](response)[0]()))
    else:
        body = response.content.decode("latin-1") if step.read == "whole" else None
    response.close()
    return described(response, body)


async def run_async(client, step):
    kept, keywords = split(made(step, True))
    request = client.build_request(step.method, step.url, **keywords)
    response = await client.send(request, stream=step.read != "whole", **kept)
    if step.read in READS:
        pieces = READS[step.read](response)[1]()
        body = joined(step.read, [piece async for piece in pieces])
    else:
        body = response.content.decode("latin-1") if step.read == "whole" else None
    await response.aclose()
    return described(response, body)


def is_whole(seen):
    """Tell whether an origin got a whole request: one that is aborted may be seen, or not."""
    return int(seen["headers"].get("content-length", len(seen["body"]))) == len(seen["body"])


def cookies_of(client):
    return sorted([c.name, c.value, c.domain, c.path] for c in client.cookies.jar)


def outcome_sync(kind, name, base, other):
    arguments, steps = cases.CASES[name](base, other)
    found = []
    with kind(**{"timeout": 60, **arguments}) as client:
        for step in steps:
            try:
                found.append(run_sync(client, step))
            except Exception as error:
                found.append({"raises": failure(error)})
        return [found, cookies_of(client)]


async def outcome_async(kind, name, base, other):
    arguments, steps = cases.CASES[name](base, other)
    found = []
    async with kind(**{"timeout": 60, **arguments}) as client:
        for step in steps:
            try:
                found.append(await run_async(client, step))
            except Exception as error:
                found.append({"raises": failure(error)})
        return [found, cookies_of(client)]


class Origin(origins.Origin):
    """Some requests are aborted on purpose."""

    def handle_error(self, request, client_address):
        pass


class Runs:
    """What came of each case, by whose client it was and by its kind."""

    def __init__(self):
        self._found = {}
        self.first = Origin()
        self.second = Origin()

    def of(self, who, kind):
        if (who, kind) not in self._found:
            self._found[who, kind] = self._run(who, kind)
        return self._found[who, kind]

    def _run(self, who, kind):
        client = CLIENTS[who, kind]
        if who == "httpx":
            client = partial(client, verify=ssl.create_default_context())  # once: it takes long
        outcomes = []

        async def run():
            for index, name in enumerate(KINDS[kind]):
                urls = (f"{o.url}/{who}-{kind}-{index}" for o in (self.first, self.second))
                if kind == "sync":
                    outcomes.append(outcome_sync(client, name, *urls))
                else:
                    outcomes.append(await outcome_async(client, name, *urls))

        if who == "httpx":
            asyncio.run(run())
        else:

            @service
            async def app(request):
                await run()
                return Response.text("done")

            with Host() as host:
                answer = host.request(NativeApp(app), Incoming(uri="http://shop.example/"))
            assert bytes(answer.body) == b"done"
        return {
            name: self._all(f"{who}-{kind}-{index}", outcome)
            for index, (name, outcome) in enumerate(zip(KINDS[kind], outcomes, strict=True))
        }

    def _all(self, key, outcome):
        seen = [list(filter(is_whole, o.seen[key])) for o in (self.first, self.second)]
        places = places_of(self.first.url, self.second.url, key)
        found, cookies = outcome
        return origins.plain({"steps": found, "cookies": cookies, "seen": seen}, places)


@pytest.fixture(scope="module")
def runs():
    runs = Runs()
    with without_proxies(), runs.first, runs.second:
        yield runs


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_ours_does_what_httpx_does(runs, kind, name):
    found = differing(runs.of("ours", kind)[name], runs.of("httpx", kind)[name])
    unexplained = {
        path: values
        for path, values in found.items()
        if not LISTED.reason_for("native", name, path, values)
    }

    assert not unexplained


def test_every_difference_that_is_listed_is_there(runs):
    used = {
        LISTED.reason_for("native", name, path, values)
        for kind, name in ALL
        for path, values in differing(
            runs.of("ours", kind)[name], runs.of("httpx", kind)[name]
        ).items()
    }

    assert {difference["id"] for difference in DIFFERENCES} <= used


def test_the_page_on_compatibility_is_current():
    tool = HERE.parent / "tools/httpx_compatibility.py"
    checked = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True)

    assert (checked.returncode, checked.stdout) == (0, "")


def test_there_are_enough_cases():
    assert len(NAMES) >= 300
