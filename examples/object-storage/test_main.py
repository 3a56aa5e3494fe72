import json
import re

import main
import pytest

STORAGE = "us-east.object.fastlystorage.app"
ERROR = "<Error><Code>{}</Code><Message>…</Message></Error>"


@pytest.fixture
def compute_app():
    return main.HttpIncoming


@pytest.fixture(autouse=True)
def storage(compute_host):
    compute_host.secrets["storage"]["access-key-id"] = b"an id"
    compute_host.secrets["storage"]["secret-access-key"] = b"a key"
    compute_host.secrets["sentry"]["dsn"] = b"https://a-key@sentry.example/1"
    return compute_host.target(STORAGE)


@pytest.fixture
def sentry(compute_host):
    return compute_host.target("sentry.example")


def test_files_are_listed(compute_client, storage):
    page = "<ListBucketResult><Contents><Key>a b</Key><Size>3</Size></Contents></ListBucketResult>"
    storage.get("/files", text=page)

    assert compute_client.get("/files").json() == {"a b": 3}


def test_a_file_is_uploaded_with_a_signature(compute_host, compute_client, storage):
    storage.add("PUT", "/files/a%20b", status=200)
    answer = compute_client.put("/files/a%20b", body=b"content")
    (call,) = compute_host.calls

    assert answer.status == 201
    assert re.match(r"7\r\ncontent\r\n0\r\nx-amz-checksum-crc32:\S+\r\n", call.text)
    assert call.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=an id/")


def test_a_file_is_downloaded(compute_client, storage):
    headers = {"Content-Type": "text/x-note", "ETag": '"1"'}
    storage.get("/files/note", text="content", headers=headers)
    answer = compute_client.get("/files/note")

    assert (answer.text, answer.headers["Content-Type"]) == ("content", "text/x-note")


def test_a_file_that_is_not_there_is_a_404(compute_client, storage):
    storage.get("/files/note", status=404, text=ERROR.format("NoSuchKey"))

    assert compute_client.get("/files/note").status == 404


def test_a_link_is_made_without_a_request(compute_host, compute_client):
    url = compute_client.get("/links/note").json()["url"]

    assert url.startswith(f"https://{STORAGE}/files/note?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert "X-Amz-Expires=300" in url
    assert not compute_host.calls


def test_an_error_is_reported(compute_host, compute_client, storage, sentry):
    storage.get("/files/note", status=403, text=ERROR.format("AccessDenied"))
    sentry.post("/api/1/envelope/", json={})
    answer = compute_client.get("/files/note")
    reported = compute_host.calls[-1]
    event = json.loads(reported.body.splitlines()[2])

    assert answer.status == 500
    assert event["exception"]["values"][0]["type"] == "AccessDenied"
    assert "sentry_key=a-key" in reported.headers["X-Sentry-Auth"]


def test_an_error_that_cannot_be_reported_is_logged(compute_client, storage, sentry, capsys):
    storage.error("connection-refused", path="/files/note")
    sentry.error("connection-refused")
    answer = compute_client.get("/files/note")

    assert answer.status == 500
    said = capsys.readouterr().out
    assert "GET /files/note: EndpointConnectionError" in said
    assert "was not reported to Sentry: NewConnectionError" in said
    assert "a-key" not in said


def test_another_page_is_a_404(compute_client):
    assert compute_client.get("/").status == 404
