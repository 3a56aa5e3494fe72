"""Libraries that import `requests` themselves."""

import subprocess
import sys
import textwrap

import pytest

from fastly_compute.requests.refused import REFUSED


def run(code):
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    return finished.stdout.strip() or finished.stderr.strip().splitlines()[-1]


def test_every_module_of_requests_that_is_here_is_found_under_its_name():
    assert (
        run("""
            from fastly_compute import requests as ours
            ours.install()
            ours.install()
            import requests, requests.adapters, requests.models
            from requests.auth import AuthBase
            from requests.exceptions import HTTPError
            from requests.cookies import RequestsCookieJar
            assert requests is ours and requests.models is ours.models
            assert HTTPError is ours.HTTPError and AuthBase is ours.auth.AuthBase
            print("the same")
            """)
        == "the same"
    )


@pytest.mark.parametrize("module", ["packages", "help"])
def test_a_module_that_is_not_here_is_not_found_and_says_why(module):
    said = run(f"""
        from fastly_compute import requests
        requests.install()
        import requests.{module}
        """)

    reason = REFUSED[module]
    assert said == f"ModuleNotFoundError: No module named 'requests.{module}': {reason}"


def test_a_name_that_is_not_here_says_why_where_it_is_imported_from_or_asked_for():
    begin = "from fastly_compute import requests\nrequests.install()\n"

    said = run(f"{begin}from requests.utils import atomic_open")
    assert said.startswith("ImportError: cannot import name 'atomic_open' from 'requests.utils': ")
    assert said.endswith("read them at module level")
    assert run(f"{begin}from requests import packages").endswith(REFUSED["packages"])
    said = run(f"{begin}requests.packages.urllib3.disable_warnings()")
    assert said.startswith("AttributeError: module 'requests' has no attribute 'packages': urllib3")
    assert run(f"{begin}print(hasattr(requests, 'packages'), hasattr(requests, 'x'))") == (
        "False False"
    )


def test_what_few_apps_need_is_imported_only_when_it_is_asked_for():
    code = """
        import sys
        from fastly_compute import requests
        requests.install()
        before = [name in sys.modules for name in ("http.cookiejar", "urllib.request", "urllib3")]
        from requests.compat import Morsel, cookielib, getproxies, urlencode
        assert cookielib.CookieJar and Morsel and getproxies and urlencode
        print(any(before))
        """

    assert run(code) == "False"


def test_it_has_to_come_first():
    said = run("""
        import requests
        from fastly_compute.requests import install
        install()
        """)

    assert said.startswith("RuntimeError: requests was imported before: call install() before")
