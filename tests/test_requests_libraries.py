"""examples/requests-libraries on every host: libraries that were written for `requests`."""

import json
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("requests-libraries")

APP = Path(__file__).parent.parent / "examples/requests-libraries"
PLACE = {"formatted_address": "Oslo, Norway"}

pytest.importorskip("googlemaps", reason="hatch test installs the libraries of the example")
pytest.importorskip("prawcore")
pytest.importorskip("requests_oauthlib")


class Api(BaseHTTPRequestHandler):
    """Answers as the services do that the libraries ask."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        target = urlsplit(self.path)
        asked = parse_qs(target.query)
        seen = {
            "authorization": self.headers.get("Authorization", ""),
            "agent": self.headers.get("User-Agent"),
            "body": body,
            "query": asked,
        }
        if target.path in ("/token", "/api/v1/access_token"):
            answer = {"access_token": "t0ken", "token_type": "bearer", "expires_in": 3600}
            answer["scope"] = "*"
        elif target.path == "/maps/api/geocode/json":
            answer = {"status": "OK", "results": [{**PLACE, "seen": seen}]}
        else:
            answer = seen
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def apps(servers, tmp_path_factory):
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        running = type(servers)(tmp_path_factory.mktemp("libraries"), url)
        yield running
        running.stop()
        server.shutdown()
        thread.join()


@pytest.fixture
def get(apps, host):
    app = apps.get(host, APP, "main")

    def get(path):
        connection = HTTPConnection(urlsplit(app.url).netloc, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 200, (content, app.lines[-30:])
        return json.loads(content)

    return get


def test_a_request_is_signed_by_requests_oauthlib(get) -> None:
    seen = get("/signed?name=Bergen")

    assert seen["authorization"].startswith("OAuth oauth_nonce=")
    assert 'oauth_consumer_key="client"' in seen["authorization"]
    assert 'oauth_signature_method="HMAC-SHA1"' in seen["authorization"]
    assert seen["body"] == "name=Bergen"


def test_a_token_is_fetched_and_used_by_requests_oauthlib(get) -> None:
    seen = get("/with-token?name=Bergen")

    assert seen["authorization"] == "Bearer t0ken"
    assert seen["query"] == {"name": ["Bergen"]}


def test_a_place_is_found_by_googlemaps(get) -> None:
    (place,) = get("/geocoded?name=Oslo%20S")

    assert place["formatted_address"] == "Oslo, Norway"
    assert place["seen"]["query"] == {"address": ["Oslo S"], "key": ["AIza-for-this-machine-only"]}
    assert place["seen"]["agent"].startswith("GoogleGeoApiClientPython/")


def test_a_list_is_read_by_prawcore(get) -> None:
    seen = get("/listed?name=Oslo")

    assert seen["authorization"] == "bearer t0ken"
    assert seen["query"]["name"] == ["Oslo"]
    assert seen["agent"].startswith("edge example 1.0 prawcore/")
