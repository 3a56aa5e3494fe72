"""boto3, Sentry's SDK and others, unmodified, on every host: examples/object-storage and more."""

import json
import shutil
import ssl
import sys
import tomllib
from base64 import b64encode
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import boto3
import pytest
import trustme

HERE = Path(__file__).parent
SUPPORT = HERE / "support"
EXAMPLE = HERE.parent / "examples/object-storage"

pytestmark = pytest.mark.xdist_group("libraries")

sys.path.insert(0, str(SUPPORT))
try:
    from apis import Apis
    from differences import Differences
    from differential_runs import APP, NAMES, running
    from ingest import Ingest
    from storage import storage
finally:
    sys.path.remove(str(SUPPORT))

KEY, SECRET = "AKIDEDGE", "a secret access key of this test"
SENTRY_KEY = "0123456789abcdef0123456789abcdef"
ENDPOINT = 'f"https://{REGION}.object.fastlystorage.app"'
SAMPLE = NAMES[
    ::60
]  # of the cases; all of them run on the native host in test_urllib3_differential
DIFFERENCES = Differences(tomllib.loads((APP / "real_differences.toml").read_text())["difference"])
PART = 5 << 20


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def running_servers(authority, tmp_path_factory):
    """The servers that the libraries call: a storage with TLS, Sentry's ingest and some APIs."""
    trusted = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with ExitStack() as stack:
        url, check = stack.enter_context(storage(KEY, SECRET, context))
        url = url.replace("127.0.0.1", "localhost")
        session = boto3.Session(KEY, SECRET, region_name="us-east-1")
        session.client("s3", endpoint_url=url, verify=str(trusted)).create_bucket(Bucket="files")
        yield url, check, *map(stack.enter_context, (Ingest(), Apis()))


@pytest.fixture(scope="module")
def checked(running_servers):
    """What arrived at the storage."""
    return running_servers[1]


@pytest.fixture(scope="module")
def ingest(running_servers):
    return running_servers[2]


@pytest.fixture(scope="module")
def apis(running_servers):
    return running_servers[3]


def replaced(file: Path, **places: str) -> None:
    text = file.read_text()
    for place, by in places.items():
        assert place in text
        text = text.replace(place, by)
    file.write_text(text)


@pytest.fixture(scope="module")
def folder(authority, running_servers, tmp_path_factory) -> Path:
    """The app: the example and libraries_app in one component, with this test's servers."""
    url, _, ingest, _ = running_servers
    folder = tmp_path_factory.mktemp("app") / "libraries"
    skipped = shutil.ignore_patterns("bin", "pkg", "__pycache__", "test_*")
    for source in (EXAMPLE, HERE / "libraries_app"):
        shutil.copytree(source, folder, ignore=skipped, dirs_exist_ok=True)
    for name in ("cases", "codings", "generated", "locations"):
        shutil.copy(HERE / f"differential/{name}.py", folder)
    replaced(folder / "storage.py", **{ENDPOINT: repr(url)})
    replaced(
        folder / "fastly.toml",
        **{
            "an id for this machine only": KEY,
            "a key for this machine only": SECRET,
            "https://key@sentry.example/1": ingest.url.replace("//", f"//{SENTRY_KEY}@") + "/1",
        },
    )
    (folder / "static").mkdir()
    authority.cert_pem.write_to_path(folder / "static/ca.pem")
    return folder


@pytest.fixture(scope="module")
def apps(servers, folder):
    served = {}

    def get(host):
        if host not in served:
            copy = shutil.copytree(folder, folder.parent / host)
            command = [sys.executable, "-m", "fastly_compute.cli", "serve", "--runtime", host]
            command += ["--entry", "libraries_app", "--addr", "127.0.0.1:0"]
            if host == "native":
                command.append("--strict")
            served[host] = servers.run((host,), host, command, copy)
        return served[host]

    return get


@pytest.fixture
def app(apps, host):
    return apps(host)


@pytest.fixture
def ask(app):
    def ask(method, path, body=None, headers=()):
        connection = HTTPConnection(urlsplit(app.url).netloc, timeout=120)
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    return ask


@pytest.fixture
def succeeds(app, ask, ingest):
    def succeeds(method, path, body=None, headers=(), *, status=200):
        before = len(ingest.delivered)
        answer, content = ask(method, path, body, headers)
        reported = [delivered.errors for delivered in ingest.delivered[before:]]
        assert answer.status == status, (content, app.lines[-40:], reported)
        return content

    return succeeds


# A name that four encodings could spoil: that of the client, botocore's, urllib3's and the host's.
NAME = "notes/caf\xe9 +~*'(x)=&.txt"


def test_a_file_is_put_listed_read_and_deleted(checked, host, succeeds) -> None:
    name, before = f"{host}/{NAME}", len(checked.seen)
    path = "/files/" + quote(name)
    succeeds("PUT", path, b"content", {"Content-Type": "text/x-note"}, status=201)
    found = json.loads(succeeds("GET", f"/files?prefix={quote(host + '/notes/')}"))
    content = succeeds("GET", path)
    succeeds("DELETE", path, status=204)

    assert found == {name: 7}
    assert content == b"content"
    assert succeeds("GET", path, status=404) == b"no such file"
    assert not checked.refused
    methods = [method for method, *_ in checked.seen[before:]]
    assert methods == ["PUT", "GET", "GET", "DELETE", "GET"]
    assert checked.seen[before][1] == "/files/" + quote(name, safe="/~")


def test_a_large_file_is_uploaded_in_parts_and_read_as_it_comes(checked, host, succeeds) -> None:
    before = len(checked.seen)
    content = bytes(range(256)) * ((PART + 1_000_000) // 256)
    succeeds("PUT", f"/files/{host}/large", content, status=201)
    parts = [
        headers
        for method, target, headers, _ in checked.seen[before:]
        if method == "PUT" and "partNumber=" in target
    ]

    assert succeeds("GET", f"/files/{host}/large") == content
    assert not checked.refused
    assert [int(headers["x-amz-decoded-content-length"]) for headers in parts] == [
        PART,
        len(content) - PART,
    ]
    assert {headers["x-amz-trailer"] for headers in parts} == {"x-amz-checksum-crc32"}


def test_a_link_is_signed_for_anybody(authority, checked, host, succeeds) -> None:
    succeeds("PUT", f"/files/{host}/linked", b"for you", status=201)
    url = json.loads(succeeds("GET", f"/links/{host}/linked"))["url"]
    context = ssl.create_default_context()
    authority.configure_trust(context)

    def download(target):
        connection = HTTPSConnection(urlsplit(url).netloc, context=context, timeout=60)
        connection.request("GET", target)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    target = url.partition(urlsplit(url).netloc)[2]
    assert download(target) == (200, b"for you")
    assert download(target.replace("linked", "other"))[0] == 403
    assert len(checked.refused) == 1
    checked.refused.clear()


def test_what_fails_is_reported_to_sentry(app, checked, host, ingest, succeeds) -> None:
    before = len(ingest.delivered)
    checked.denying = f"{host}/secret"
    succeeds("GET", f"/files/{host}/secret", status=500)
    (delivered,) = ingest.delivered[before:]
    (event,) = delivered.events
    (error,) = event["exception"]["values"][-1:]
    frames = [(frame["module"], frame["function"]) for frame in error["stacktrace"]["frames"]]

    assert delivered.path == "/api/1/envelope/"
    assert f"sentry_key={SENTRY_KEY}" in delivered.headers["x-sentry-auth"]
    assert event["release"] == "object-storage@0.1.0"
    assert error["type"] == "AccessDenied"
    assert ("main", "downloaded") in frames
    for secret in (KEY, SECRET, SENTRY_KEY):
        assert secret.encode() not in delivered.content
        assert not any(secret in line for line in app.lines)


@pytest.mark.parametrize("host", ["wasm"], indirect=True)
def test_no_key_is_in_the_component(app, folder, host) -> None:
    component = (folder.parent / host / "bin/main.wasm").read_bytes()

    assert b"access-key-id" in component
    assert not any(key.encode() in component for key in (KEY, SECRET, SENTRY_KEY))


def test_an_error_that_cannot_be_reported_is_logged(app, checked, host, ingest, succeeds) -> None:
    checked.denying = f"{host}/other-secret"
    ingest.status = 503
    try:
        succeeds("GET", f"/files/{host}/other-secret", status=500)
    finally:
        ingest.status = 200

    assert app.says("an error was not reported to Sentry, which answered 503")


def test_stripe_creates_a_payment(apis, succeeds) -> None:
    created = json.loads(succeeds("PUT", "/stripe", apis.url))
    call = apis.calls[-1]

    assert created == ["pi_1", 700, "succeeded"]
    assert (call.method, call.target) == ("POST", "/v1/payment_intents")
    assert call.form == {"amount": ["700"], "currency": ["eur"]}
    assert call.headers["authorization"] == "Bearer sk_test_edge"
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert call.headers["user-agent"].startswith("Stripe/v1 PythonBindings/")


def test_twilio_sends_a_message(apis, succeeds) -> None:
    sent = json.loads(succeeds("PUT", "/twilio", apis.url))
    call = apis.calls[-1]

    assert sent == ["SM1", "queued", "hello"]
    assert (call.method, call.target) == ("POST", "/2010-04-01/Accounts/AC1/Messages.json")
    assert call.form == {"To": ["+4791"], "From": ["+4792"], "Body": ["hello"]}
    assert call.headers["authorization"] == "Basic " + b64encode(b"AC1:a token").decode()


def test_elasticsearch_indexes_a_document(apis, succeeds) -> None:
    found = json.loads(succeeds("PUT", "/elasticsearch", apis.url))
    call = apis.calls[-1]

    assert (found["_id"], found["result"]) == ("1", "created")
    assert (call.method, call.target) == ("PUT", "/notes/_doc/1")
    assert call.headers["authorization"] == "ApiKey a key"
    assert json.loads(call.body) == {"text": "hello"}


def test_urlopen_sends_a_request_and_reads_the_response(apis, succeeds) -> None:
    found = json.loads(succeeds("PUT", "/urlopen", apis.url))
    call = apis.calls[-1]

    assert found == [201, "text/x", "created"]
    assert (call.method, call.body) == ("PUT", b"{}")
    assert call.headers["user-agent"].startswith("Python-urllib/3.")


@pytest.fixture(scope="module")
def runs(apps):
    with running(apps, "/cases", SAMPLE) as runs:
        yield runs


@pytest.mark.parametrize("host", ["wasm", "viceroy"], indirect=True)
@pytest.mark.parametrize("name", SAMPLE)
def test_the_real_requests_does_what_it_does_on_sockets(runs, host, name) -> None:
    assert not DIFFERENCES.unexplained(runs, host, name)
