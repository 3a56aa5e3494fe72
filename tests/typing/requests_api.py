"""The facade as a type checker sees it: checked against the installed wheels, never run."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import assert_type

from fastly_compute import requests
from fastly_compute.backend import Backend, ClientCert, DynamicBackendConfig
from fastly_compute.core import FastlyComputeError
from fastly_compute.http import CacheOptions
from fastly_compute.requests.adapters import BaseAdapter, HTTPAdapter
from fastly_compute.requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from fastly_compute.requests.cookies import RequestsCookieJar
from fastly_compute.requests.structures import CaseInsensitiveDict
from fastly_compute.secret_store import Secret

URL = "https://api.example/"


class Token(AuthBase):
    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = "Bearer t"
        return r


def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def pieces() -> Iterator[bytes]:
    yield b"piece"


def keywords(jar: RequestsCookieJar) -> None:
    requests.get(URL, {"a": [1, "b", None]}, headers={"X-A": "b", "Accept": None})
    requests.get(URL, params=[("a", 1)], cookies={"a": "b"}, timeout=(None, timedelta(seconds=1)))
    requests.options(URL, params="a=1", cookies=jar, stream=True)
    requests.head(URL, allow_redirects=True, timeout=1.5)
    requests.post(URL, {"a": [1, 2]}, {"j": 1}, files={"f": ("n.txt", b"x", "text/plain")})
    requests.post(URL, data=pieces(), files=[("f", BytesIO(b"x"))], hooks={"response": print})
    requests.put(URL, b"bytes", auth=("user", "pass"))
    requests.patch(URL, json=[1, 2], auth=Token())
    requests.delete(URL, auth=sign, verify="PEM", proxies=None)
    requests.get(URL, auth=HTTPDigestAuth("user", "pass"))
    requests.get(URL, auth=HTTPBasicAuth("user", "pass"))
    requests.request("PURGE", URL, cache=CacheOptions(ttl=5))


def keywords_that_are_not_there() -> None:
    requests.get(URL, alow_redirects=True)  # type: ignore[call-arg]
    requests.post(URL, timeout="1")  # type: ignore[arg-type]
    requests.put(URL, headers={"X-A": 1})  # type: ignore[dict-item]
    requests.delete(URL, backend=5)  # type: ignore[arg-type]
    requests.get(URL, cert="/c.pem")  # type: ignore[arg-type]
    requests.Session().get(URL, no_such=1)  # type: ignore[call-arg]
    requests.Session().send("request")  # type: ignore[arg-type]


def backends(static: Backend, secret: Secret) -> None:
    requests.get(URL, backend=static)
    requests.get(URL, backend="name")
    requests.get(URL, fastly_backend="name", fastly_timeout=requests.TimeoutConfig(1, 2, 3))
    requests.get(URL, backend=DynamicBackendConfig(target="a.example"), cert=("PEM", secret))
    requests.get(URL, cert=ClientCert(certificate="PEM", key=secret))
    session = requests.Session()
    session.mount("https://", requests.BackendAdapter("name", ignore_timeout=True))
    session.mount("http://", HTTPAdapter(pool_maxsize=5))
    session.mount("http://", "adapter")  # type: ignore[arg-type]


def responses(response: requests.Response) -> None:
    assert_type(response.status_code, int)
    assert_type(response.content, bytes)
    assert_type(response.text, str)
    assert_type(response.encoding, str | None)
    assert_type(response.headers, CaseInsensitiveDict[str])
    assert_type(response.headers["X-A"], str)
    assert_type(response.headers.get("X-A"), str | None)
    assert_type(response.headers.get("X-A", 5), str | int)
    assert_type(response.history, list[requests.Response])
    assert_type(response.elapsed, timedelta)
    assert_type(response.cookies, RequestsCookieJar)
    assert_type(response.links, dict[str, dict[str, str]])
    assert_type(response.next, requests.PreparedRequest | None)
    assert_type(response.request, requests.PreparedRequest)
    assert_type(response.iter_content(512), Iterator[bytes])
    assert_type(response.iter_lines(), Iterator[bytes])
    assert_type(response.raise_for_status(), None)
    assert_type(requests.codes.not_found, int)
    with response as entered:
        assert_type(entered, requests.Response)


class Prefixed(requests.Session):
    def request(
        self, method: str, url: str | bytes, *args: object, **kwargs: object
    ) -> requests.Response:
        return super().request(method, f"https://a.example/{url!r}", *args, **kwargs)  # type: ignore[arg-type]


class Canned(BaseAdapter):
    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: bool | str = True,
        cert: object = None,
        proxies: object = None,
    ) -> requests.Response:
        return requests.Response()

    def close(self) -> None:
        pass


def sessions() -> None:
    with requests.Session() as session:
        assert_type(session, requests.Session)
        prepared = session.prepare_request(requests.Request("GET", URL))
        assert_type(prepared, requests.PreparedRequest)
        assert_type(session.send(prepared, stream=True, timeout=1), requests.Response)
        pending = session.send_async(prepared, backend="name")
        assert_type(pending, requests.PendingResponse)
        assert_type(pending.wait(timeout=1), requests.Response)
        assert_type(session.cookies, RequestsCookieJar)
        session.cookies.set("a", "b", domain="a.example", secure=True)
        session.cookies.set("a", "b", flavour="oat")  # type: ignore[call-arg]
        session.mount("test://", Canned())
    found = requests.gather([requests.Request("GET", URL), prepared, pending], timeout=1)
    assert_type(found, list[requests.Response | requests.RequestException])


def takes_errors(
    root: FastlyComputeError, timeout: requests.Timeout, system: OSError, value: ValueError
) -> None: ...


def failures(error: requests.RequestException) -> None:
    assert_type(error.response, requests.Response | None)
    takes_errors(
        error,
        requests.ConnectTimeout("late"),
        requests.BackendNotAllowed("no"),
        requests.JSONDecodeError("no", "", 0),
    )
