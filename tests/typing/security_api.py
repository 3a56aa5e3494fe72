"""Security as a type checker sees it: checked against the installed wheels, never run."""

from datetime import timedelta
from ipaddress import ip_address
from typing import assert_type

from fastly_compute.http import IncomingRequest, Request, Response
from fastly_compute.local import WafVerdict
from fastly_compute.security import Inspection, Verdict, inspect
from fastly_compute.testing import ComputeHost


def handle(request: IncomingRequest) -> Response:
    found = inspect(request, corp="corp", workspace="site", client_ip=ip_address("192.0.2.1"))
    assert_type(found, Inspection)
    assert_type(found.verdict, Verdict | str)
    assert_type(found.redirect_url, str | None)
    assert_type(found.tags, tuple[str, ...])
    assert_type(found.decision_time, timedelta)
    assert_type(found.is_allowed, bool)
    inspect(request, "corp", "site")  # type: ignore[call-arg]
    inspect(request, corp="corp")  # type: ignore[call-arg]
    inspect(Request("GET", "https://a.example/"), corp="c", workspace="w")  # type: ignore[arg-type]
    return Response.text(found.verdict)


def sets(compute_host: ComputeHost) -> None:
    compute_host.waf_verdict = WafVerdict(verdict="block", status=406, tags=["SQLI"])
