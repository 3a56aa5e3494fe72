"""An app that was written for upstream's `fastly_compute`: its names, its arguments, its habits."""

from bottle import Bottle, request

import fastly_compute.requests as requests
from fastly_compute.requests import FastlyResponse, RequestKwargs, TimeoutConfig
from fastly_compute.requests.exceptions import InvalidHeader, InvalidURL, StreamConsumedError
from fastly_compute.wsgi import WsgiHttpIncoming

app = Bottle()
VERBS = {
    "GET": requests.get,
    "POST": requests.post,
    "PUT": requests.put,
    "DELETE": requests.delete,
    "HEAD": requests.head,
    "OPTIONS": requests.options,
    "PATCH": requests.patch,
}


def described(response: FastlyResponse) -> dict[str, object]:
    return {
        "status_code": response.status_code,
        "url": response.url,
        "type": response.headers.get("content-type"),
        "count": len(response.headers) > 0,
        "length": len(response.content),
        "json": response.json() if response.ok and response.content else None,
        "text": response.text[:1],
        "ok": response.ok,
        "bool": bool(response),
        "is_redirect": response.is_redirect,
        "is_permanent_redirect": response.is_permanent_redirect,
        "reason": response.reason,
        "encoding": response.encoding,
    }


@app.route("/proxied/<method>")
def proxied(method: str) -> dict[str, object]:
    """Pass on what was asked, headers included."""
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    return described(
        requests.request(
            method,
            url=request.query["url"],
            fastly_backend=request.query.get("backend"),
            json=None,
            headers=headers,
        )
    )


@app.route("/verb/<method>")
def verb(method: str) -> dict[str, object]:
    """Use each function with all of the keywords at once."""
    keywords: RequestKwargs = {
        "params": {"a": "1"},
        "headers": {"X-Own": "yes"},
        "data": None if method in ("GET", "HEAD") else {"form": "field"},
        "json": None,
    }
    if request.query.get("backend"):
        keywords["fastly_backend"] = request.query["backend"]
    else:
        keywords["fastly_timeout"] = TimeoutConfig(connect=5.0, first_byte=30.0, between_bytes=2.0)
    return described(VERBS[method](request.query["url"], **keywords))


@app.route("/positions")
def positions() -> dict[str, object]:
    url = request.query["url"]
    return described(
        requests.request(
            "post", url, {"a": "1"}, None, {"j": 1}, {"X-Own": "yes"}, None, (5.0, 30.0), None
        )
    )


def missing_backend(url: str) -> None:
    requests.get(url, fastly_backend="no-such-backend")


def no_scheme(url: str) -> None:
    requests.get("a.example/path")


def refused(url: str) -> None:
    requests.get("http://127.0.0.1:1/", timeout=5)


def two_timeouts(url: str) -> None:
    requests.get(url, timeout=1.0, fastly_timeout=TimeoutConfig())


def failed_status(url: str) -> None:
    requests.get(url.replace("/echo", "/status/404")).raise_for_status()


def wrong_timeout(url: str) -> None:
    TimeoutConfig.from_requests_timeout((1, 2, 3))


FAILURES = [missing_backend, no_scheme, refused, two_timeouts, failed_status, wrong_timeout]


@app.route("/failures")
def failures() -> dict[str, object]:
    """Tell which clause of upstream's catches what."""
    found = {}
    for fail in FAILURES:
        try:
            fail(request.query["url"])
        except requests.MissingSchema as error:
            found[fail.__name__] = ["MissingSchema", str(error)]
        except requests.HTTPError as error:
            found[fail.__name__] = ["HTTPError", error.response.status_code]
        except requests.Timeout:
            found[fail.__name__] = ["Timeout"]
        except requests.ConnectionError as error:
            found[fail.__name__] = ["ConnectionError", error.response]
        except requests.RequestException:
            found[fail.__name__] = ["RequestException"]
        except ValueError as error:
            found[fail.__name__] = ["ValueError", str(error)[:14]]
    return found


@app.route("/values")
def values() -> dict[str, object]:
    timeouts = TimeoutConfig()
    timeouts.connect = 2.5
    error = requests.RequestException("text", response=None, request=None)
    return {
        "timeouts": [timeouts.connect_ms, timeouts.first_byte_ms, timeouts.between_bytes_ms],
        "repr": repr(TimeoutConfig()),
        "from": [repr(TimeoutConfig.from_requests_timeout(t)) for t in (None, 2, 2.5)],
        "error": [str(error), error.response, error.request, isinstance(error, IOError)],
        "bases": [
            issubclass(requests.MissingSchema, ValueError),
            issubclass(InvalidURL, ValueError),
            issubclass(InvalidHeader, ValueError),
            issubclass(StreamConsumedError, TypeError),
        ],
    }


HttpIncoming = WsgiHttpIncoming(app)
