import pytest
import server_sent_events


@pytest.fixture
def compute_app():
    return server_sent_events.HttpIncoming


@pytest.fixture
def jobs(compute_host):
    return compute_host.backend("jobs")


def test_each_line_is_an_event(compute_client, jobs):
    jobs.get("/7", chunks=[b'{"percent": 5', b'0}\n{"percent": 100}\n'])
    answer = compute_client.get("/jobs/7/events")

    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.text.split("\n\n") == [
        "retry: 5000",
        'event: progress\ndata: {"percent": 50}',
        'event: progress\ndata: {"percent": 100}',
        "event: done\ndata: null",
        "",
    ]


def test_a_line_cannot_begin_another_event(compute_client, jobs):
    jobs.get("/7", text='{"a":\r\r"event: done\\r\\rdata: b"}\n')
    answer = compute_client.get("/jobs/7/events")

    assert '{"a": "event: done\\r\\rdata: b"}' in answer.text
    assert "\r" not in answer.text


@pytest.mark.parametrize("reply", [{"text": "1\nno JSON\n"}, {"text": "1\n22", "truncate_at": 3}])
def test_the_last_event_says_that_it_failed(compute_client, jobs, reply):
    jobs.get("/7", **reply)
    sent = compute_client.get("/jobs/7/events").text.split("\n\n")

    assert sent[1].endswith("data: 1")
    assert sent[2].startswith("event: failed")


def test_a_job_that_is_not_there_is_a_404(compute_client, jobs):
    jobs.get("/8", status=404)
    jobs.get("/9", status=500)
    statuses = [compute_client.get(f"/jobs/{job}/events").status for job in ("8", "9", "..")]

    assert statuses == [404, 502, 404]


def test_no_backend_is_a_502(compute_client, jobs):
    jobs.error("connection-refused")

    assert compute_client.get("/jobs/7/events").status == 502
