"""Measure what a client of boto3 costs, by where it is made: `python -m benchmarks.botocore_data`.

Each app signs a URL, in a new sandbox for each request, on the wasm host.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.serving import serving

REQUESTS = 20
IN_HANDLER = """
import boto3
from fastly_compute.http import Response, service
def make():
    return boto3.client("s3", "us-east-1", aws_access_key_id="id", aws_secret_access_key="key")
def handle(request):
    what = {"Bucket": "files", "Key": "note"}
    return Response.text(make().generate_presigned_url("get_object", Params=what))
HttpIncoming = service(handle)
"""
AT_IMPORT = IN_HANDLER.replace("make().gen", "client.gen").replace("Http", "client = make()\nHttp")
OTHERS = ("/botocore/data/*/", "!/botocore/data/s3/", "/boto3/data/", "/boto3/examples/")
APPS = {
    "in the handler, with all data": (IN_HANDLER, ()),
    "in the handler, with the data of S3": (IN_HANDLER, OTHERS),
    "while the app is imported, without data": (AT_IMPORT, ("/botocore/data/", *OTHERS[2:])),
}


def measured(folder: Path, source: str, exclude: Sequence[str]) -> tuple[float, float]:
    """Return the megabytes of a component, and the median milliseconds of a request."""
    (folder / "main.py").write_text(source)
    (folder / "pyproject.toml").write_text(f"[tool.fastly-compute]\nexclude = {list(exclude)}\n")
    times = []
    with serving("wasm", folder) as running:
        for _ in range(REQUESTS):
            connection = HTTPConnection(urlsplit(running.url).netloc)
            started = time.perf_counter()
            connection.request("GET", "/")
            content = connection.getresponse().read()
            times.append((time.perf_counter() - started) * 1000)
            connection.close()
            if b"Signature=" not in content:
                raise SystemExit(f"wrong answer: {content!r}")
    return (folder / "bin/main.wasm").stat().st_size / 1e6, statistics.median(times)


def main() -> None:
    """Measure and print."""
    print("| the client is made | component, MB | a request, ms |\n|---|---|---|")
    for name, (source, exclude) in APPS.items():
        with tempfile.TemporaryDirectory() as folder:
            megabytes, milliseconds = measured(Path(folder), source, exclude)
        print(f"| {name} | {megabytes:.1f} | {milliseconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
