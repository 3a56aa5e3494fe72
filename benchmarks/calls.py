"""Count the Python calls of a GET, the second to its backend: `python -m benchmarks.calls`.

Calls in the host, which is native here, are left out. Timings are in `benchmarks.facade`.
"""

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

import fastly_compute.local
from benchmarks.facade import origin
from fastly_compute import requests
from fastly_compute.http import Request
from fastly_compute.local import Host

_HOST = fastly_compute.local.__path__[0]


def python_calls(work: Callable[[], object]) -> Counter[str]:
    """Count the calls that a function makes, by qualified name."""
    found: Counter[str] = Counter()
    inside = 0

    def profile(frame: FrameType, event: str, _: object) -> None:
        nonlocal inside
        of_host = frame.f_code.co_filename.startswith(_HOST)
        if event == "call":
            inside += of_host
            if not inside:
                found[frame.f_code.co_qualname] += 1
        elif event == "return":
            inside -= of_host

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def main() -> None:
    """Print the number for the facade and for the package below."""
    host = Host()
    with origin() as url, host.guest_context():
        ways: dict[str, Callable[[], object]] = {
            "requests.get": lambda: requests.get(url).content,
            "http.Request": lambda: Request("GET", url).send().body.read(),
        }
        for name, get in ways.items():
            get()
            found = python_calls(get)
            print(f"{name}: {found.total()} calls of Python functions")
            for function, count in found.most_common(10):
                print(f"{count:6} {function}")
    host.close()


if __name__ == "__main__":
    main()
