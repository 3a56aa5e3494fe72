"""What is done with the clients of httpx and with ours, to compare them: `CASES` by name.

A case makes the arguments of a client, and the requests that it sends one after the other. It gets
the URL of the origin, and that of another origin.
"""

import io
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote, urlencode

import httpx

CASES = {}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE")
REDIRECTS = (300, 301, 302, 303, 304, 307, 308)
CODED = {
    "gzip": ["gzip", "empty", "members", "plain", "cut", "wrong sum"],
    "deflate": ["zlib", "raw", "plain", "zlib cut"],
    "deflate, gzip": ["zlib in gzip"],
    "gzip, gzip": ["gzip in gzip"],
    "identity": ["plain"],
    "br": ["plain"],
    "unheard-of": ["plain"],
}
GENERATED = 120
WALKS = 60
WORDS = ["", "a", "b c", "\xe9", "\u20ac", "&=+", "%41", "%zz", "/", "?", "~", "\u65e5\u672c"]
WORDS += ["'\"", ";", "a:b", "@", "[x]", "{}", "*", "..", "1"]
NAMES = ["a", "B", "c-d", "x_y", "Z9"]
SAFE = ["1", "two words", "x;y", "a=b", "q,r"]


@dataclass
class Step:
    """One request.

    Attributes:
        method: Its method.
        url: Its URL.
        keywords: Those of `httpx.Client.request`; a callable makes a fresh body, for a client
            that is asynchronous or not.
        read: How the response is read: `whole`, `raw`, `bytes`, `text`, `lines` or `closed`.
    """

    method: str
    url: str
    keywords: dict = field(default_factory=dict)
    read: str = "whole"


def case(name):
    def add(make):
        assert name not in CASES, name
        CASES[name] = make
        return make

    return add


def one(name, method, path, read="whole", client=None, **keywords):
    """Add a case of one request to a path of the origin."""
    CASES[name] = lambda base, other: (client or {}, [Step(method, base + path, keywords, read)])


def answer(**query):
    return "/answer?" + urlencode({name.replace("_", "-"): value for name, value in query.items()})


def led(to, status):
    return answer(status=status, location=to)


class Pieces:
    """A body in pieces, as an iterable or an async one; a fresh one each time."""

    def __init__(self, *pieces, error=None):
        self._pieces = pieces
        self._error = error

    def __call__(self, is_async):
        return self._async_pieces() if is_async else self._sync_pieces()

    def _sync_pieces(self):
        yield from self._pieces
        if self._error:
            raise self._error

    async def _async_pieces(self):
        for piece in self._pieces:
            yield piece
        if self._error:
            raise self._error


def file_of(content):
    return lambda is_async: Pieces(content)(True) if is_async else io.BytesIO(content)


def multipart(**files):
    """Files for a multipart body, with a boundary that is the same each time."""
    return {
        "files": lambda is_async: {name: io.BytesIO(content) for name, content in files.items()},
        "headers": {"Content-Type": "multipart/form-data; boundary=0123456789abcdef"},
    }


for _method in METHODS:
    one(f"method: {_method}", _method, "/seen")
    one(f"method with a body: {_method}", _method, "/seen", content=b"body")
    one(f"method with a stream: {_method}", _method, "/seen", content=Pieces(b"a", b"", b"b"))

for _label, _keywords in {
    "text": {"content": "t\xe9xt"},
    "nothing": {"content": b""},
    "form": {"data": {"a": "b c", "d": ["e", "f"], "g": None, "h": True, "i": 1.5}},
    "json": {"json": {"a": ["\xe9", None, 1.5]}},
    "json null": {"json": None},
    "file": {"content": file_of(b"a file")},
    "empty stream": {"content": Pieces()},
    "stream of many": {"content": Pieces(*(b"%d," % n for n in range(500)))},
    "large": {"content": b"0123456789" * 50_000},
    "multipart": multipart(f=b"content", g=b""),
    "stream of known length": {"content": Pieces(b"12", b"34"), "headers": {"Content-Length": "4"}},
    "stream that is too long": {"content": Pieces(b"12", b"3"), "headers": {"Content-Length": "2"}},
    "stream that is too short": {"content": Pieces(b"12"), "headers": {"Content-Length": "4"}},
    "bytes that are too long": {"content": b"12345", "headers": {"Content-Length": "4"}},
    "bytes that are too short": {"content": b"123", "headers": {"Content-Length": "4"}},
    "stream that raises": {"content": Pieces(b"half", error=LookupError("no more"))},
    "bytes in chunks": {"content": b"body", "headers": {"Transfer-Encoding": "chunked"}},
}.items():
    one(f"body: {_label}", "POST", "/seen", **_keywords)

for _path in (
    *[
        "",
        "/",
        "/seen?",
        "/seen?#",
        "/seen#fragment",
        "/seen?a=b&c=d&e",
        "/x y",
        "/caf\xe9?\xe9#\xe9",
    ],
    *["/a/../b/./c", "/%7e%2f", "/a%zzb", "/;p?q;r", "//double", "/a\\b", "/%", "/?a=%", "/[x]"],
    *["/'\"<>`{}|^", "/?'\"<>`{}|^", "/a+b?c+d", "/~-._!$&()*,=:@", "/\u65e5\u672c"],
):
    one(f"path: {_path!r}", "GET", _path)

for _label, _params in {
    "dict": {"a": "b c", "d": ["e", "f"], "g": None, "h": True, "i": 2},
    "pairs": [("a", "1"), ("a", "2")],
    "text": "a=b&c",
    "empty": {},
    "odd": {"&=+": "%41\xe9/?#"},
}.items():
    one(f"params: {_label}", "GET", "/seen", params=_params)
    one(f"params beside a query: {_label}", "GET", "/seen?z=1", params=_params)

for _label, _headers in {
    "own": {"X-Own": "a", "Accept": "x/y", "User-Agent": "me"},
    "repeated": [("X-Own", "a"), ("X-Own", "b")],
    "latin-1": [(b"X-Own", b"caf\xe9")],
    "utf-8": {"X-Own": "\u20ac"},
    "empty": {"X-Own": ""},
    "host": {"Host": "shop.example"},
    "line break": {"X-Own": "a\r\nb: c"},
    "NUL": {"X-Own": "a\0b"},
    "bad name": {"X Own": "a"},
    "no encoding": {"Accept-Encoding": "identity"},
    "authorization": {"Authorization": "Bearer token"},
    "cookie": {"Cookie": "a=b"},
    "space around": {"X-Own": " a "},
}.items():
    one(f"headers: {_label}", "GET", "/seen", headers=_headers)

for _status in (200, 201, 202, 204, 206, 300, 304, 400, 401, 404, 410, 418, 429, 500, 503, 599):
    one(f"status: {_status}", "GET", answer(status=_status, body="x"))

for _label, _query in {
    "json": {"content_type": "application/json", "body": "[1]"},
    "latin-1": {"content_type": "text/plain; charset=latin-1", "body": "x%E9"},
    "no charset": {"content_type": "text/plain", "body": "plain"},
    "unknown charset": {"content_type": "text/plain; charset=nonsense", "body": "plain"},
    "links": {"link": "<http://a/>; rel=next"},
    "cookie": {"set_cookie": "a=b; Path=/"},
    "cookie of another host": {"set_cookie": "a=b; Domain=other.example"},
    "lines": {"body": "a%0Ab%0D%0Ac", "content_type": "text/plain"},
    "empty header": {"x_own": ""},
}.items():
    path = answer(**_query).replace("%25", "%")
    for _read in ("whole", "raw", "bytes", "text", "lines", "closed"):
        one(f"answer: {_label}, {_read}", "GET", path, _read)

for _coding, _names in CODED.items():
    for _name in _names:
        for _more in ("", "&chunked=1"):
            path = f"/coded/{quote(_name)}?content-encoding={quote(_coding)}{_more}"
            for _read in ("whole", "raw", "bytes"):
                one(f"coded: {_name} as {_coding}{_more}, {_read}", "GET", path, _read)

for _status in REDIRECTS:
    for _method in ("GET", "HEAD", "POST", "PUT"):

        def _redirected(base, other, status=_status, method=_method, follow=True, to="/seen/end"):
            keywords = {} if method in ("GET", "HEAD") else {"content": b"body"}
            step = Step(method, base + led(base + to, status), keywords)
            return {"follow_redirects": follow}, [step]

        CASES[f"redirect: {_status} of {_method}"] = _redirected
    CASES[f"redirect: {_status} not followed"] = lambda base, other, status=_status: (
        {},
        [Step("GET", base + led("/seen", status))],
    )
    CASES[f"redirect: {_status} of a stream"] = lambda base, other, status=_status: (
        {"follow_redirects": True},
        [Step("POST", base + led(base + "/seen", status), {"content": Pieces(b"a", b"b")})],
    )

for _label, _location in {
    "relative": "end",
    "absolute path": "/nowhere/seen",
    "query": "?q",
    "fragment": "#f",
    "empty": "",
    "odd characters": "/a b\xe9",
    "another scheme": "ftp://a.example/",
    "no host": "http:///x",
    "bad port": "http://a.example:port/",
    "credentials": "http://u:p@127.0.0.1:1/",
}.items():
    for _follow in (True, False):
        CASES[f"led to {_label}, follow={_follow}"] = (
            lambda base, other, to=_location, follow=_follow: (
                {"follow_redirects": follow},
                [Step("GET", base + led(to, 302))],
            )
        )


@case("redirect to another origin drops credentials")
def _elsewhere(base, other):
    client = {"follow_redirects": True, "auth": ("u", "p"), "cookies": {"own": "1"}}
    return client, [Step("GET", base + led(other + "/seen", 302), {"headers": {"Cookie": "x=y"}})]


@case("too many redirects")
def _loop(base, other):
    return {"follow_redirects": True, "max_redirects": 3}, [Step("GET", base + "/loop")]


@case("cookies are kept and sent")
def _cookies(base, other):
    path = answer(set_cookie="a=1; Path=/")
    return {"cookies": {"own": "2"}}, [
        Step("GET", base + path),
        Step("GET", base + "/seen"),
        Step("GET", base + answer(set_cookie="a=; Max-Age=0; Path=/")),
        Step("GET", base + "/seen"),
        Step("GET", other + "/seen"),
    ]


@case("base_url")
def _base(base, other):
    client = {"base_url": base, "headers": {"X-Client": "1"}, "params": {"p": "q"}}
    return client, [Step("GET", "/seen"), Step("GET", "seen/x"), Step("GET", other + "/seen")]


for _algorithm in ("MD5", "MD5-sess", "SHA", "SHA-256", "SHA-512", "absent"):
    for _qop in ("auth", "absent"):
        CASES[f"digest: {_algorithm}, {_qop}"] = lambda base, other, a=_algorithm, q=_qop: (
            {"auth": httpx.DigestAuth("user", "pass")},
            [Step("POST", f"{base}/digest/{a}/{q}", {"content": b"body"})] * 2,
        )
one("auth: basic", "GET", "/seen", auth=("user", "p\xe9ss"))
CASES["digest: wrong"] = lambda base, other: (
    {"auth": httpx.DigestAuth("user", "wrong")},
    [Step("GET", base + "/digest/MD5/auth")],
)

for _read in ("whole", "raw", "bytes", "text", "lines"):
    one(f"truncated, {_read}", "GET", answer(body="half", missing=5), _read)
one("no response in time", "GET", "/never", timeout=httpx.Timeout(5, read=0.3))
CASES["connection refused"] = lambda base, other: ({}, [Step("GET", "http://127.0.0.1:1/x?s3cret")])
CASES["unknown host"] = lambda base, other: ({}, [Step("GET", "http://no-such-host.invalid/")])
for _url in ("ftp://a.example/", "nonsense", "//a.example/", "http://", "http://a b/", "http://[x"):
    CASES[f"URL: {_url}"] = lambda base, other, url=_url: ({}, [Step("GET", url)])
CASES["URL with credentials"] = lambda base, other: (
    {},
    [Step("GET", base.replace("//", "//us%20er:pa%3ass@") + "/seen")],
)


def keywords(chance):
    """Keywords that say anything about a request."""
    word = chance.choice(WORDS) * chance.randrange(1, 4)
    made = chance.choice(
        [
            {},
            {"data": {name: chance.choice(WORDS) for name in chance.sample(NAMES, 2)}},
            {"content": word},
            {"content": word.encode()},
            {"content": file_of(b"file" + word.encode())},
            {"content": Pieces(word.encode(), b"more")},
            {"json": {"words": [word, None, 1.5]}},
            multipart(f=word.encode()),
        ]
    )
    made = dict(made)
    if chance.random() < 0.6:
        made["params"] = {chance.choice(WORDS): chance.choice(WORDS) for _ in range(3)}
    if chance.random() < 0.6:
        own = {f"X-{name}": chance.choice(SAFE) for name in chance.sample(NAMES, 2)}
        more = chance.choice([{}, {"Accept": "x/y"}, {"User-Agent": "me"}])
        made["headers"] = {**made.get("headers", {}), **own, **more}
    if chance.random() < 0.3:
        made["auth"] = (chance.choice(NAMES), chance.choice(SAFE))
    return made


def cookie(chance):
    attributes = ["Path=/", "Secure", "HttpOnly", "Max-Age=0", "Max-Age=99", "Domain=127.0.0.1"]
    attributes += ["Path=/nowhere", "Expires=Wed, 09 Jun 2100 10:18:14 GMT", "SameSite=Lax"]
    chosen = chance.sample(attributes, chance.randrange(3))
    return "; ".join([f"{chance.choice(NAMES)}={chance.choice('1234')}", *chosen])


for _number in range(GENERATED):

    @case(f"generated request {_number}")
    def _request(base, other, number=_number):
        chance = Random(number)
        path = "/seen/" + "/".join(chance.choice(WORDS) for _ in range(chance.randrange(3)))
        url = base + path.replace("?", "%3F") + chance.choice(["", "?", "?a=b&c", "#f", "?q#f"])
        method = chance.choice([m for m in METHODS if m != "HEAD"])
        read = chance.choice(["whole", "whole", "raw", "bytes", "lines"])
        return {}, [Step(method, url, keywords(chance), read)]


for _number in range(WALKS):

    @case(f"generated walk {_number}")
    def _walk(base, other, number=_number):
        chance = Random(1000 + number)
        steps = []
        for _ in range(4):
            to = chance.choice([base, other]) + "/seen/end"
            for _ in range(chance.randrange(3)):
                at = chance.choice([base, base, other])
                query = {"status": chance.choice(REDIRECTS), "location": to}
                if chance.random() < 0.5:
                    query["set-cookie"] = cookie(chance)
                to = f"{at}/answer?{urlencode(query)}"
            given = keywords(chance)
            given.pop("params", None)
            method = chance.choice(["GET", "GET", "POST", "PUT"])
            steps.append(Step(method, to, {**given, "follow_redirects": chance.random() < 0.9}))
        client = {
            "headers": {"X-Client": "1"},
            "params": chance.choice([None, {"s": "1"}]),
            "auth": chance.choice([None, ("user", "pass")]),
            "cookies": chance.choice([None, {"own": "1"}]),
        }
        return client, steps
