"""Libraries that import `requests` themselves."""

import subprocess
import sys
import textwrap

import pytest


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


@pytest.mark.parametrize("module", ["certs", "packages", "compat"])
def test_what_is_not_here_is_not_found(module):
    said = run(f"""
        from fastly_compute import requests
        requests.install()
        import requests.{module}
        """)

    assert said == f"ModuleNotFoundError: No module named 'requests.{module}'"


def test_it_has_to_come_first():
    said = run("""
        import requests
        from fastly_compute.requests import install
        install()
        """)

    assert said.startswith("RuntimeError: requests was imported before: call install() before")
