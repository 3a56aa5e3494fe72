"""The README does what it says."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from fastly_compute.local import Host, Incoming, NativeApp

README = (Path(__file__).parent.parent / "README.md").read_text()
(APP,) = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("uri", "body"),
    [
        ("http://www.example.com/lamp", b"http://www.example.com/lamp"),
        (f"http://www.example.com/{'x' * 9000}", b"/a-very-long-path"),
    ],
)
def test_an_app_calls_the_host_itself(uri, body) -> None:
    module = ModuleType("readme_app")
    exec(compile(APP, "README.md", "exec"), vars(module))

    with Host() as host:
        response = host.request(NativeApp(module.HttpIncoming), Incoming(uri=uri))
    assert (response.status, bytes(response.body)) == (200, body)
