"""The app gets a valid environ, whatever a client sends."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastly_compute.local import Host, Incoming, NativeApp
from fastly_compute.wsgi import WsgiHttpIncoming

AUTHORITIES = ["a.example", "a:80", "[::1]:8080", "[::1]", "a:99999", "a:", ":80", "\xe9", ""]
HEADERS = ["Host", "Content-Length", "Content-Type", "Cookie", "Transfer-Encoding", "X_Y", "Proxy"]
VALUES = ["", "=", "\xe9", "9" * 5000, "-1", "x", "chunked", "a=b; c", "multipart/form-data"]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    target=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
    authority=st.sampled_from(AUTHORITIES),
    headers=st.lists(st.tuples(st.sampled_from(HEADERS), st.sampled_from(VALUES))),
    body=st.binary(max_size=20),
)
def test_any_request_has_a_valid_environ(target, authority, headers, body):
    found = []

    def app(environ, start_response):
        texts = {key: value for key, value in environ.items() if key.isupper()}
        assert all(isinstance(value, str) for value in texts.values())
        "".join(texts.values()).encode("latin-1")
        found.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode("latin-1")]

    sent = [(name, value.encode("latin-1")) for name, value in headers]
    uri = f"http://{authority}/{target}"
    with Host() as host:
        answer = host.request(
            NativeApp(WsgiHttpIncoming(app)),
            Incoming(method="POST", uri=uri, headers=sent, body=body),
        )

    assert (answer.status, found) == (200, [body])
