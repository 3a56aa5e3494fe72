"""Hooks of the readthrough cache, with each host call failing that they make."""

import pytest

from fastly_compute.http import BackendRequest, CacheOptions, CandidateResponse, Request, service
from fastly_compute.local import NativeApp
from fastly_compute.testing import inject_faults

pytestmark = pytest.mark.xdist_group("hooks-faults")

CONTENT = "what the origin says, " * 50


def sign(request: BackendRequest) -> None:
    request.headers["X-Signed"] = "yes"


def keep(candidate: CandidateResponse) -> None:
    candidate.headers["X-Kept"] = "yes"
    candidate.ttl = 30


def transform(candidate: CandidateResponse) -> None:
    candidate.transform_body(lambda body: body.iter_bytes())


def keep_stale(candidate: CandidateResponse) -> None:
    candidate.ttl = 30
    candidate.stale_while_revalidate = 60


def pass_on(candidate: CandidateResponse) -> None:
    candidate.set_uncacheable(hit_for_pass=True)


@pytest.mark.parametrize(
    ("after_send", "awaited"),
    [(keep, True), (keep, False), (transform, True), (keep_stale, True), (pass_on, False)],
)
def test_no_host_call_that_fails_leaves_others_waiting(after_send, awaited) -> None:
    def handle(incoming):
        hooks = CacheOptions(before_send=sign, after_send=after_send)
        request = Request("GET", "http://news.example/news", cache=hooks)
        return request.send("origin") if awaited else request.send_async("origin")

    def scenario(compute_host, compute_client) -> None:
        compute_host.backend("origin").get("/news", text=CONTENT, headers={"etag": '"1"'})
        for seconds in (1, 31, 1):
            answer = compute_client.get("/")
            assert answer.status in {200, 500, 502}
            if answer.status == 200 and answer.complete:
                assert answer.text == CONTENT
            compute_host.clock.advance(seconds)

    swept = inject_faults(NativeApp(service(handle)), scenario)

    assert len(swept.calls) >= 50
