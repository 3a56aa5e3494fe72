"""Compare the HTTP clients that an app can use: `hatch run benchmarks:clients`.

For each: the size of a component that uses it, the time of a GET on the wasm host, and the Python
calls of a GET. The times are medians of interleaved batches in one sandbox each, all in one app.
"""

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.calls import python_calls
from benchmarks.facade import ask, origin
from benchmarks.serving import serving
from fastly_compute.cli.commands.build import build
from fastly_compute.cli.project.settings import Project
from fastly_compute.local import Host

SLICE = 50
SLICES = 20
BASE = "`fastly_compute.http`"
INJECTED = "from fastly_compute.urllib3 import inject_into_urllib3\ninject_into_urllib3()\n"
# The source of a module that has `get`, by how the client is called in the table.
CLIENTS = {
    BASE: (
        "from fastly_compute.http import Request\n"
        "def get(url): return Request('GET', url).send().body.read()\n"
    ),
    "`fastly_compute.requests`, a session": (
        "from fastly_compute import requests\n"
        "session = requests.Session()\n"
        "def get(url): return session.get(url).content\n"
    ),
    "urllib3": (
        f"{INJECTED}import urllib3\n"
        "pool = urllib3.PoolManager()\n"
        "def get(url): return pool.request('GET', url).data\n"
    ),
    "requests, a session": (
        f"{INJECTED}import requests\n"
        "session = requests.Session()\n"
        "def get(url): return session.get(url).content\n"
    ),
    "`urllib.request`": (
        "from fastly_compute.urllib3 import inject_into_http_client\n"
        "inject_into_http_client()\n"
        "from urllib.request import urlopen\n"
        "def get(url):\n"
        "    with urlopen(url) as response:\n"
        "        return response.read()\n"
    ),
    "httpx": (
        "from fastly_compute.httpx import Client\n"
        "client = Client()\n"
        "def get(url): return client.get(url).content\n"
    ),
}
ONE = """
from fastly_compute.http import Response, service
import client_{number}
HttpIncoming = service(lambda request: Response(body=client_{number}.get("https://example.com/")))
"""
ALL = """
import json, time
from fastly_compute.http import Response, service
{imports}
CLIENTS = [{names}]
def handle(request):
    asked = json.loads(request.body.read())
    get = CLIENTS[asked["way"]].get
    started = time.perf_counter()
    for _ in range(asked["count"]):
        if len(get(asked["url"])) != asked["length"]:
            raise ValueError("not the answer")
    return Response.json({{"seconds": time.perf_counter() - started}})
HttpIncoming = service(handle)
"""


def size(folder: Path, number: int, source: str) -> int:
    """Return the bytes of a component that uses a client."""
    app = Path(tempfile.mkdtemp(dir=folder))
    (app / f"client_{number}.py").write_text(source)
    (app / "main.py").write_text(ONE.format(number=number))
    return build(Project(folder=app)).output.stat().st_size


def times(folder: Path) -> list[float]:
    """Return the milliseconds of a GET by each client, in a component that has all of them."""
    app = Path(tempfile.mkdtemp(dir=folder))
    names = [f"client_{number}" for number in range(len(CLIENTS))]
    for name, source in zip(names, CLIENTS.values(), strict=True):
        (app / f"{name}.py").write_text(source)
    imports = "\n".join(f"import {name}" for name in names)
    (app / "main.py").write_text(ALL.format(imports=imports, names=", ".join(names)))
    found: list[list[float]] = [[] for _ in names]
    with origin() as url, serving("wasm", app) as running:
        for turn in range(SLICES + 1):
            for way, parts in enumerate(found):
                question = {"way": way, "url": url, "count": SLICE, "length": len(b"hello")}
                seconds = ask(running.url, question)
                if turn:  # the first is for warming up
                    parts.append(seconds * 1000 / SLICE)
    return [statistics.median(parts) for parts in found]


def calls(source: str) -> int:
    """Count the Python calls of a GET, the second to its backend."""
    module: dict[str, Any] = {}
    exec(source, module)
    # requests looks at each variable of the environment, of which a sandbox has few.
    no_environment = patch.dict(os.environ, clear=True)
    with Host() as host, origin() as url, no_environment, host.guest_context():
        module["get"](url)
        return python_calls(lambda: module["get"](url)).total()


def main() -> None:
    """Measure and print."""
    print("| client | component, MB | a GET, ms | ratio | Python calls |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FASTLY_COMPUTE_CACHE"] = f"{name}/cache"
        found = times(folder)
        for number, (client, source) in enumerate(CLIENTS.items()):
            megabytes = size(folder, number, source) / 1e6
            figures = f"{found[number]:.2f} | {found[number] / found[0]:.2f} | {calls(source)}"
            print(f"| {client} | {megabytes:.2f} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
