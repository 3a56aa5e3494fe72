"""What is done with `requests`, real or ours, for the sake of comparing: `CASES` by name.

A case gets the module, the URL of the origin, and that of another origin. What it returns or
raises is compared, and so is what the origins saw.
"""

import io
import itertools
import sys
from urllib.parse import quote, urlencode

CASES = {}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def outcome(requests, name, base, other):
    """Run a case and describe what came of it, in JSON."""
    try:
        return {"gives": described(requests, CASES[name](requests, base, other))}
    except Exception as error:
        return {"raises": failure(error)}


def failure(error):
    response = getattr(error, "response", None)
    request = getattr(error, "request", None)
    return {
        "type": type(error).__name__,
        **message(error),
        "is_request_exception": "RequestException" in {k.__name__ for k in type(error).__mro__},
        "is_value_error": isinstance(error, ValueError),
        "is_os_error": isinstance(error, OSError),
        "status": None if response is None else response.status_code,
        "url": None if request is None else request.url,
    }


def message(error):
    """Tell what an error says, and apart what CPython says: each version words that differently."""
    text = str(error)
    sources = [error, error.__cause__, error.__context__, *error.args]
    if any(isinstance(e, Exception) and str(e) == text and from_stdlib(e) for e in sources):
        return {"message": "worded by CPython", "cpython": text}
    return {"message": text}


def from_stdlib(error):
    """Tell whether a module of the standard library raised an error."""
    frames = error.__traceback__
    if frames is None:
        return False
    while frames.tb_next is not None:
        frames = frames.tb_next
    module = frames.tb_frame.f_globals.get("__name__", "")
    return module.partition(".")[0] in sys.stdlib_module_names


def described(requests, value):
    if isinstance(value, requests.Response):
        return of_response(requests, value)
    if isinstance(value, requests.PreparedRequest):
        return of_request(value)
    if isinstance(value, dict):
        return {str(key): described(requests, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [described(requests, item) for item in value]
    if isinstance(value, bytes):
        return "bytes: " + value.decode("latin-1")
    if isinstance(value, str | int | float | None):
        return value
    return f"a {type(value).__name__}"


def of_request(request):
    body = request.body
    return {
        "method": request.method,
        "url": request.url,
        "path_url": request.path_url,
        "headers": {name.lower(): str(value) for name, value in request.headers.items()},
        "body": [type(body).__name__, body.decode("latin-1") if isinstance(body, bytes) else body]
        if isinstance(body, str | bytes | None)
        else type(body).__name__,
        "repr": repr(request),
    }


def of_response(requests, response):
    found = {}
    looks = {
        "status_code": lambda r: r.status_code,
        "reason": lambda r: r.reason,
        "ok": lambda r: r.ok,
        "bool": bool,
        "url": lambda r: r.url,
        "headers": lambda r: {
            name.lower(): value for name, value in r.headers.items() if name.lower() != "date"
        },
        "content": lambda r: r.content,
        "encoding": lambda r: r.encoding,
        "apparent_encoding": lambda r: r.apparent_encoding,
        "text": lambda r: r.text,
        "json": lambda r: r.json(),
        "raise_for_status": lambda r: r.raise_for_status(),
        "is_redirect": lambda r: r.is_redirect,
        "is_permanent_redirect": lambda r: r.is_permanent_redirect,
        "history": lambda r: [[h.status_code, h.url, h.content] for h in r.history],
        "links": lambda r: r.links,
        "cookies": lambda r: sorted([c.name, c.value, c.domain, c.path] for c in r.cookies),
        "next": lambda r: r.next,
        "request": lambda r: r.request,
        "elapsed": lambda r: r.elapsed,
        "repr": repr,
        "chunks": lambda r: list(r.iter_content(3)),
        "decoded": lambda r: list(r.iter_content(None, decode_unicode=True)),
        "lines": lambda r: list(r.iter_lines()),
        "iter": lambda r: list(r),
    }
    for name, look in looks.items():
        try:
            found[name] = described(requests, look(response))
        except Exception as error:
            found[name] = {"raises": failure(error)}
    return found


def case(function):
    CASES[function.__name__] = function
    return function


def add(name, function):
    assert name not in CASES, name
    CASES[name] = function


def calls(group, variants, method="GET", path="/seen"):
    """Add a case for each set of keywords; a function makes fresh ones."""
    for label, given in variants.items():

        def run(requests, base, other, given=given):
            keywords = given() if callable(given) else given
            return requests.request(method, base + path, **keywords)

        add(f"{group}: {label}", run)


# Methods


for _method in METHODS:
    calls("method", {_method: {}}, _method)
    calls("method with a body", {_method: {"data": b"body"}}, _method)

    def _verb(requests, base, other, method=_method):
        return getattr(requests, method.lower())(base + "/seen")

    add(f"function: {_method.lower()}", _verb)

calls("method", {"in lower case": {}}, "post")
calls("method", {"of one's own": {"data": "x"}}, "PURGE")


# URLs


for _path in (
    *["", "/", "/a/../b/./c/..", "/caf\xe9?\xe9#\xe9", "/x y", "/%7e%2f", "/a%zzb", "/%e2%82"],
    *["/?", "/?#", "/a?b=c&b=d&e", "/a#fragment", "/;p?q;r", "//double", "/a\\b", "/%", "/?a=%"],
    *["/a|b", "/[x]", "/'quote'", '/"double"', "/<tag>", "/{x}", "/^`", "/~user", "/a:b@c,d"],
):
    calls("path", {repr(_path): {}}, path=_path)

for _url in (
    *["", " ", "a.example/c", "//a/b", "/path", "http.example:8080/", "http:///x", "http:/x"],
    *["http:a", "http://*.a/", "http://.a/", "ftp://a/b", "mailto:x", "localhost:80/x"],
    *["http+unix://a/", "http://a:99999/", "http://a:x/", "http://[::1/", "example", "://x"],
):

    def _wrong(requests, base, other, url=_url):
        return requests.get(url)

    add(f"refused URL: {_url!r}", _wrong)

for _url in (
    *["http://caf\xe9.example/", "http://CAF\xc9.example/", "http://\u4f8b\u3048.example/p"],
    *["HTTP://A.example", "  http://a/x y", "http://a:080/", "http://a:/", "http://[::1]:80/"],
    *["http://fa\xdf.example/", "http://a..b/", b"http://a/caf\xc3\xa9", "https://a?x"],
    "http://a\\@b/",
):

    def _prepared(requests, base, other, url=_url):
        return requests.Request("GET", url).prepare()

    add(f"prepared URL: {_url!r}", _prepared)

for _label, _userinfo in {
    "user and password": "user:pass@",
    "escaped": "us%20er:p%40ss@",
    "user alone": "user@",
    "empty password": "user:@",
    "with auth given": "user:pass@",
}.items():

    def _credentials(requests, base, other, userinfo=_userinfo, label=_label):
        auth = ("a", "b") if label == "with auth given" else None
        return requests.get(base.replace("://", "://" + userinfo) + "/seen", auth=auth)

    add(f"credentials in a URL: {_label}", _credentials)


# Params, data, JSON


calls(
    "params",
    {
        "a dict": {"params": {"a": 1, "b": "x y"}},
        "several values": {"params": {"a": [1, 2], "b": ("x",), "c": []}},
        "None": {"params": {"a": None, "b": [None, 1]}},
        "blank": {"params": {"a": "", "": "b"}},
        "pairs": {"params": [("a", 1), ("a", 2)]},
        "tuple of pairs": {"params": (("a", "\xe9"),)},
        "text": {"params": "a=1&b=%20"},
        "bytes": {"params": b"a=1"},
        "empty": {"params": {}},
        "not ASCII": {"params": {"\xe9": "\u20ac"}},
        "bytes inside": {"params": {b"a": b"\xff"}},
        "reserved": {"params": {"a": "&=+?/#%"}},
        "booleans": {"params": {"a": True, "b": 1.5}},
        "a generator": lambda: {"params": {"a": (n for n in (1, 2))}},
        "a set of one": {"params": {"a": {1}}},
        "pairs in lists": {"params": [["a", 1]]},
        "nested dict": {"params": {"a": {"x": 1}}},
    },
)
calls("params beside a query", {"added": {"params": {"a": 2}}}, path="/seen?a=1&b=")
calls("params beside a query", {"fragment": {"params": {"a": 2}}}, path="/seen?a=1#f")
calls("params beside a query", {"text": {"params": "x"}}, path="/seen?a")

FORMS = {
    "a dict": {"a": "1", "b": [1, 2], "c": None, "d": ""},
    "pairs": [("a", 1), ("a", 2)],
    "tuple of pairs": (("a", "\xe9"),),
    "empty dict": {},
    "empty list": [],
    "text": "text \xe9",
    "empty text": "",
    "bytes": b"\0\xff",
    "empty bytes": b"",
    "a number inside": {"a": 1.5, "b": True},
    "bytes inside": {b"k": b"\xff v"},
    "reserved": {"a": "&=+ ~*"},
}
JSON = {
    "an object": {"a": [1, 2.5, None, True], "\xe9": "\u20ac"},
    "a list": [1],
    "text": "text",
    "a number": 5,
    "zero": 0,
    "False": False,
    "empty object": {},
    "empty text": "",
    "None": None,
    "not a number": float("nan"),
    "infinity": {"a": [float("inf")]},
    "a set": {1},
    "keys of many types": {2: "a", None: "b", True: "c"},
    "deep": [[[[[]]]]],
}
calls("data", {label: {"data": data} for label, data in FORMS.items()}, "POST")
calls("json", {label: {"json": value} for label, value in JSON.items()}, "POST")
calls("json by PUT", {label: {"json": value} for label, value in JSON.items()}, "PUT")
calls(
    "data and json",
    {label: {"data": data, "json": {"j": 1}} for label, data in FORMS.items()},
    "POST",
)
calls(
    "data with a content type",
    {label: {"data": data, "headers": {"content-type": "text/x"}} for label, data in FORMS.items()},
    "POST",
)
calls("data by GET", {"a form": {"data": {"a": 1}}, "json": {"json": {"a": 1}}})
calls(
    "json with a content type",
    {"in lower case": {"json": {}, "headers": {"content-type": "application/ld+json"}}},
    "POST",
)
calls(
    "stream",
    {
        "generator": lambda: {"data": (p for p in (b"a", b"bc"))},
        "iterator of text": lambda: {"data": iter(["a", "\xe9"])},
        "file": lambda: {"data": io.BytesIO(b"0123456789")},
        "file from the middle": lambda: {"data": moved(io.BytesIO(b"0123456789"), 4)},
        "empty file": lambda: {"data": io.BytesIO()},
        "file of text": lambda: {"data": io.StringIO("text")},
        "reader without iteration": lambda: {"data": Reader(b"read")},
        "large file": lambda: {"data": io.BytesIO(b"x" * 200_000)},
        "bytearray": lambda: {"data": bytearray(b"abc")},
        "with a content type": lambda: {
            "data": io.BytesIO(b"x"),
            "headers": {"Content-Type": "a/b"},
        },
        "a set": lambda: {"data": {b"one"}},
        "empty generator": lambda: {"data": iter(())},
        "a number": {"data": 5},
    },
    "POST",
)


def moved(file, at):
    file.seek(at)
    return file


class Reader:
    """A file that can do no more than be read."""

    def __init__(self, content):
        self._file = io.BytesIO(content)

    def read(self, size=-1):
        return self._file.read(size)


class Named(io.BytesIO):
    name = '/somewhere/na"me.txt'


# Files


FILES = {
    "bytes": lambda: {"f": b"content"},
    "text": lambda: {"f": "cont\xe9nt"},
    "bytearray": lambda: {"f": bytearray(b"x")},
    "file": lambda: {"f": io.BytesIO(b"content")},
    "file with a name": lambda: {"f": Named(b"content")},
    "file of text": lambda: {"f": io.StringIO("text")},
    "file name": lambda: {"f": ("name.txt", b"content")},
    "no file name": lambda: {"f": (None, b"content")},
    "content type": lambda: {"f": ("name.txt", b"content", "text/plain")},
    "headers": lambda: {"f": ("name.txt", b"content", "text/plain", {"X-A": "1", "Expires": "0"})},
    "content type of None": lambda: {"f": ("n", b"c", None, {"Content-Type": "x/y"})},
    "strange names": lambda: {'a"b\r\nc': ('d"e\n.txt', b"")},
    "names beyond ASCII": lambda: {"\xe9": ("\u20ac.txt", b"")},
    "several": lambda: [("f", ("a", b"1")), ("f", ("b", b"2")), ("g", b"3")],
    "None": lambda: {"f": None, "g": b"1"},
    "empty": lambda: {"f": b""},
    "a list for a tuple": lambda: {"f": ["name.txt", b"content"]},
    "reader": lambda: {"f": Reader(b"read")},
}
calls(
    "files",
    {label: lambda make=make: {"files": make()} for label, make in FILES.items()},
    "POST",
)
calls(
    "files and data",
    {
        label: lambda data=data: {"files": {"f": b"x"}, "data": data}
        for label, data in FORMS.items()
    },
    "POST",
)
calls("files", {"by PUT with json": lambda: {"files": {"f": b"x"}, "json": {"a": 1}}}, "PUT")
calls(
    "files",
    {"beside a stream": lambda: {"files": {"f": b"x"}, "data": io.BytesIO(b"y")}},
    "POST",
)


# Headers


calls(
    "headers",
    {
        "own": {"headers": {"X-A": "1", "x-b": "2"}},
        "over a default": {"headers": {"ACCEPT": "text/html", "user-agent": "me"}},
        "None": {"headers": {"accept": None, "User-Agent": None}},
        "bytes": {"headers": {"X-A": b"value"}},
        "latin-1": {"headers": {"X-A": "\xe9"}},
        "empty": {"headers": {"X-A": ""}},
        "host": {"headers": {"Host": "other.example"}},
        "cookie": {"headers": {"Cookie": "a=b"}, "cookies": {"c": "d"}},
        "line break": {"headers": {"X-A": "a\nb"}},
        "carriage return": {"headers": {"X-A": "a\r\nb"}},
        "leading space": {"headers": {"X-A": " a"}},
        "line break in a name": {"headers": {"X\nA": "a"}},
        "empty name": {"headers": {"": "a"}},
        "colon in a name": {"headers": {"X:A": "a"}},
        "number": {"headers": {"X-A": 1}},
        "content length": {"headers": {"Content-Length": "0"}},
        "authorization": {"headers": {"Authorization": "Bearer x"}},
        "authorization and auth": {"headers": {"Authorization": "x"}, "auth": ("u", "p")},
        "case of the name": {"headers": {"x-MiXeD": "1"}},
    },
)
calls("headers by POST", {"no body": {"headers": {"X-A": "1"}}}, "POST")


@case
def the_argument_is_not_changed(requests, base, other):
    headers, params, data = {"X-A": "1", "accept": None}, {"a": [1, None]}, {"b": None}
    requests.post(base + "/seen", headers=headers, params=params, data=data)
    return [headers, params, data]


# Answers


def answer(query):
    return "/answer?" + query


for _query in (
    *["body=plain", "body=", "status=204", "status=404&body=gone", "status=503", "status=399"],
    *["status=499", "status=418", "status=302", "status=304&location=/x", "status=500&body=x"],
    *["status=300&location=/x", "status=201&location=/x", "status=400", "status=599"],
    "x-a=1&x-a=2&x-A=3",
    "set-cookie=a%3D1&set-cookie=b%3D2",
    "content-type=text/html&body=caf%E9",
    "content-type=text/html;charset=utf-8&body=caf%C3%A9",
    "content-type=text/html;Charset=%22UTF-8%22&body=caf%C3%A9",
    "content-type=text/html;charset=nonsense&body=caf%C3%A9",
    "content-type=text/html;charset=windows-1252&body=%80",
    "content-type=text/html;a=b;charset=utf-8;charset=latin-1&body=caf%E9",
    "content-type=text/html;charset=&body=caf%E9",
    "content-type=text/html;charset=utf-8&body=%ff%fe",
    "content-type=application/json&body={%22a%22:1}",
    "content-type=application/json&body=%EF%BB%BF{}",
    "content-type=application/json&body={",
    "content-type=application/json&body=",
    "content-type=application/json;charset=latin-1&body=%22%E9%22",
    "content-type=x/y&body={%22a%22:%22%C3%A9%22}",
    "content-type=x/y&body=%EF%BB%BF{%22a%22:1}",
    "content-type=x/y&body=%FF%FE{%00}%00",
    "content-type=x/y&body={%00}%00",
    "content-type=x/y&body=%00{%00}",
    "content-type=x/y&body=%FF%FE%00%00{%00%00%00}%00%00%00",
    "content-type=x/y&body={%00%00%00}%00%00%00",
    "content-type=x/y&body=%00%00%00{%00%00%00}",
    "content-type=x/y&body=12",
    "body=a%0Ab%0D%0Ac%0D%0Dd%0A",
    "body=a,b,,c,",
    "body=%F0%9F%98%80&content-type=text/x;charset=utf-8",
    "link=<https://a/2>; rel=next, <https://a/9>; rel=%22last%22; title=%22x%22",
    "link=<https://a/2>",
    "link=",
    "link=<https://a/?a=b;c=d>; rel=next",
):
    calls("answer", {_query: {}}, path=answer(_query))
    if "status" in _query:
        calls("answer to HEAD", {_query: {}}, "HEAD", path=answer(_query))


@case
def gzip_is_unpacked(requests, base, other):
    response = requests.get(base + "/gzip")
    return [response.content, response.text, response.status_code]


@case
def gzip_as_a_stream(requests, base, other):
    response = requests.get(base + "/gzip", stream=True)
    found = [response.headers.get("Content-Encoding"), response.headers.get("Content-Length")]
    return [*found, response.raw.read()]


@case
def gzip_in_chunks(requests, base, other):
    response = requests.get(base + "/gzip", stream=True)
    return list(response.iter_content(3))


@case
def gzip_that_nobody_asked_for(requests, base, other):
    response = requests.get(base + "/gzip", headers={"Accept-Encoding": None})
    return response.status_code


@case
def an_encoding_can_be_set(requests, base, other):
    response = requests.get(base + answer("content-type=text/html&body=caf%C3%A9"))
    before = response.text
    response.encoding = "utf-8"
    return [before, response.text]


@case
def json_takes_keywords(requests, base, other):
    response = requests.get(base + answer("content-type=application/json&body={%22a%22:1.5}"))
    return [response.json(), response.json(parse_float=str)]


# Streams


def streamed(name, look, path="/answer?body=0123456789abcdef&content-type=text/plain"):
    def run(requests, base, other):
        with requests.get(base + path, stream=True) as response:
            return look(response)

    add(f"streamed: {name}", run)


LINES = "body=a%0Ab%0D%0A%0D%0Ac"
streamed("content", lambda r: [r.content, r.content])
streamed("text", lambda r: r.text)
streamed("chunks", lambda r: list(r.iter_content(5)))
streamed("chunks of one", lambda r: list(r.iter_content()))
streamed("chunks as they come", lambda r: b"".join(r.iter_content(None)))
streamed("decoded", lambda r: list(r.iter_content(7, decode_unicode=True)))
streamed("iteration", lambda r: list(r))
streamed("a part, then the rest", lambda r: [next(r.iter_content(4)), r.content])
streamed("lines", lambda r: list(r.iter_lines()), answer(LINES))
streamed("lines, decoded", lambda r: list(r.iter_lines(decode_unicode=True)), answer(LINES))
streamed("lines by a delimiter", lambda r: list(r.iter_lines(delimiter=b"\n")), answer(LINES))
streamed("twice", lambda r: [list(r.iter_content(8)), list(r.iter_content(8))])
streamed("content after chunks", lambda r: [list(r.iter_content(8)), r.content])
streamed("chunks after content", lambda r: [r.content, list(r.iter_content(8))])
streamed("a size that is none", lambda r: r.iter_content("4"))
streamed("raw", lambda r: [r.raw.read(4), r.raw.read(), r.raw.read()])
streamed("raw, then chunks", lambda r: [r.raw.read(4), list(r.iter_content(8))])
streamed("raw stream", lambda r: list(r.raw.stream(8)))
streamed("raw as a file", lambda r: io.TextIOWrapper(r.raw).read())
streamed("raw status", lambda r: [r.raw.status, r.raw.headers.getlist("content-type")])
streamed("headers alone", lambda r: r.headers["Content-Type"])
streamed("json", lambda r: r.json(), answer("content-type=application/json&body=[1]"))


@case
def streamed_and_closed(requests, base, other):
    response = requests.get(base + answer("body=0123456789"), stream=True)
    response.close()
    return [response.status_code, response.headers["Content-Length"]]


@case
def content_again_after_close(requests, base, other):
    response = requests.get(base + answer("body=0123456789"))
    response.close()
    return [response.content, list(response.iter_content(4))]


# Redirects


def located(location, status=302):
    return f"/answer?status={status}&location={quote(location, safe='')}"


for _status, _method in itertools.product((301, 302, 303, 307, 308), METHODS):

    def _followed(requests, base, other, status=_status, method=_method):
        path = located(base + "/seen?there", status)
        return requests.request(method, base + path, data=b"body" if method != "HEAD" else None)

    add(f"redirect: {_status} to {_method}", _followed)

for _location in (
    *["seen", "/seen", "?x=1", "//{netloc}/seen", "../seen", "./seen#new", "/seen?a b", ""],
    *["/s\xc3\xa9en", "/%7eseen", "HTTP://{netloc}/seen", "ftp://a/b", "{base}/seen#own"],
    *["mailto:a", "http://", "http:///x", "http://[::1/", "{other}/seen", "/seen?a=%zz"],
):

    def _relative(requests, base, other, location=_location):
        netloc = base.partition("://")[2]
        to = location.replace("{netloc}", netloc)
        path = located(to.replace("{base}", base).replace("{other}", other))
        return requests.get(base + path + "#old")

    add(f"Location: {_location}", _relative)

for _label, _other in {
    "the same origin": False,
    "another port": True,
}.items():

    def _authorized(requests, base, other, elsewhere=_other):
        to = (other if elsewhere else base) + "/seen"
        return requests.get(base + located(to), auth=("user", "pass"), headers={"X-Kept": "1"})

    add(f"redirect with auth: to {_label}", _authorized)

    def _bearer(requests, base, other, elsewhere=_other):
        to = (other if elsewhere else base) + "/seen"
        headers = {"Authorization": "Bearer t", "Proxy-Authorization": "x", "Cookie": "a=b"}
        return requests.post(base + located(to, 307), data="x", headers=headers)

    add(f"redirect with headers: to {_label}", _bearer)

for _label, _make in {
    "file": lambda: io.BytesIO(b"0123456789"),
    "file from the middle": lambda: moved(io.BytesIO(b"0123456789"), 4),
    "generator": lambda: (p for p in (b"a", b"b")),
    "text": lambda: "text",
    "form": lambda: {"a": 1},
}.items():
    for _status in (303, 307):

        def _rewound(requests, base, other, make=_make, status=_status):
            return requests.put(base + located("/seen", status), data=make())

        add(f"redirect with a body: {_label}, {_status}", _rewound)


@case
def redirect_is_not_followed(requests, base, other):
    return requests.get(base + located("/seen", 301), allow_redirects=False)


@case
def redirect_of_head_is_not_followed(requests, base, other):
    return requests.head(base + located("/seen", 301))


@case
def next_can_be_sent(requests, base, other):
    session = requests.Session()
    response = session.post(base + located("/seen", 303), data="x", allow_redirects=False)
    return session.send(response.next)


@case
def too_many_redirects(requests, base, other):
    session = requests.Session()
    session.max_redirects = 3
    return session.get(base + "/loop")


@case
def too_many_redirects_by_default(requests, base, other):
    return requests.get(base + "/loop")


@case
def a_chain_of_redirects(requests, base, other):
    last = base + "/seen"
    second = other + located(last, 307)
    return requests.get(base + located(second, 301))


# Cookies


COOKIES = (
    *["a=1", "a=1; Path=/", "a=1; Path=/nowhere", "a=1; Secure", "a=1; HttpOnly; X=y", "a"],
    *["a=", "=b", "a=1; Max-Age=0", "a=1; Max-Age=100", "a=1; Max-Age=x", '"a"="b c"', 'a="q"'],
    *["a=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT", "a=1; Expires=Wed, 09-Jun-99 10:18:14 GMT"],
    *["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1; Expires=nonsense", "a=b=c", ";a=1"],
    *["a=1; Domain=127.0.0.1", "a=1; Domain=other.example", "a=1; Domain=.0.0.1", "a=1;;b"],
    *["a=1; path=", "a=\xe9", "a=1; SameSite=Lax", "a=1; Domain=com", "a=1; Max-Age=-1"],
)
for _cookie in COOKIES:

    def _kept(requests, base, other, cookie=_cookie):
        session = requests.Session()
        first = session.get(
            base + "/answer?" + urlencode({"set-cookie": cookie}, encoding="latin-1")
        )
        jar = sorted([c.name, c.value, c.domain, c.path, c.secure] for c in session.cookies)
        return [jar, first.cookies.get_dict(), session.get(base + "/seen")]

    add(f"Set-Cookie: {_cookie}", _kept)


@case
def cookie_that_is_set_and_taken_away_at_once(requests, base, other):
    session = requests.Session()
    session.get(base + "/answer?set-cookie=a%3D1&set-cookie=a%3D1%3B+Max-Age%3D0")
    return session.cookies.get_dict()


@case
def cookie_that_another_site_wants_gone(requests, base, other):
    session = requests.Session()
    for site, cookie in (
        ("www.site.example", "a=1; Domain=site.example"),
        ("evil.example", "a=; Domain=site.example; Max-Age=0"),
    ):
        session.get(f"{base}/answer?{urlencode({'set-cookie': cookie})}", headers={"Host": site})
    return [[c.name, c.value, c.domain] for c in session.cookies]


calls(
    "cookies",
    {
        "a dict": {"cookies": {"a": "1", "b": "x y"}},
        "empty": {"cookies": {}},
        "quoted": {"cookies": {"a": '"q\\"uoted"'}},
    },
)


@case
def cookies_of_a_jar(requests, base, other):
    jar = requests.cookies.RequestsCookieJar()
    jar.set("a", "1", domain="127.0.0.1", path="/")
    jar.set("b", "2", domain="other.example", path="/")
    jar.set("c", "3", path="/nowhere")
    jar.set("d", "4", secure=True)
    jar.set("e", "5", expires=1)
    return requests.get(base + "/seen", cookies=jar)


@case
def cookies_of_a_session_and_a_request(requests, base, other):
    session = requests.Session()
    session.cookies.update({"a": "session", "b": "session"})
    first = session.get(base + "/seen", cookies={"a": "request", "c": "request"})
    return [first, session.cookies.get_dict(), session.get(base + "/seen")]


@case
def cookies_on_the_way(requests, base, other):
    session = requests.Session()
    path = located("/seen") + "&set-cookie=a%3D1%3B+Path%3D/"
    response = session.get(base + path)
    return [response, session.cookies.get_dict()]


@case
def cookies_on_the_way_without_a_session(requests, base, other):
    return requests.get(base + located("/seen") + "&set-cookie=a%3D1%3B+Path%3D/")


@case
def cookie_order(requests, base, other):
    jar = requests.cookies.RequestsCookieJar()
    jar.set("short", "1", path="/")
    jar.set("long", "2", path="/" + base.rpartition("/")[2])
    jar.set("none", "3", domain="127.0.0.1", path="/")
    return requests.get(base + "/seen", cookies=jar)


@case
def a_jar_is_a_mapping(requests, base, other):
    jar = requests.cookies.cookiejar_from_dict({"a": "1", "b": "2"})
    jar["c"] = "3"
    jar.set("a", "other", domain="x.example", path="/p")
    found = [sorted(jar.keys()), sorted(jar.values()), sorted(jar.items()), len(jar), "a" in jar]
    found += ["z" in jar, jar.get("z"), jar.get("a", domain="x.example"), jar.get_dict("x.example")]
    found += [sorted(jar.list_domains()), sorted(jar.list_paths()), jar.multiple_domains()]
    try:
        found.append(jar["a"])
    except requests.cookies.CookieConflictError as error:
        found.append(str(error))
    try:
        found.append(jar["z"])
    except KeyError as error:
        found.append(str(error))
    del jar["b"]
    jar["c"] = None
    copy = jar.copy()
    copy.clear()
    found += [jar.get_dict(), len(copy), requests.utils.dict_from_cookiejar(jar)]
    return [*found, requests.utils.add_dict_to_cookiejar(jar, {"n": "1"}).get("n")]


# Authentication


calls(
    "auth",
    {
        "tuple": {"auth": ("user", "pass")},
        "latin-1": {"auth": ("us\xe9r", "p\xe4ss")},
        "bytes": {"auth": (b"user", b"\xff")},
        "empty": {"auth": ("", "")},
        "beyond latin-1": {"auth": ("\u20ac", "x")},
        "colon": {"auth": ("a:b", "c:d")},
    },
)


@case
def auth_by_an_object(requests, base, other):
    return requests.get(base + "/seen", auth=requests.auth.HTTPBasicAuth("user", "pass"))


@case
def auth_for_a_proxy(requests, base, other):
    return requests.get(base + "/seen", auth=requests.auth.HTTPProxyAuth("user", "pass"))


@case
def auth_by_a_function(requests, base, other):
    def sign(request):
        request.headers["X-Signed"] = f"{request.method} {request.path_url} {request.body}"
        return request

    return requests.post(base + "/seen?a=b", data={"c": "d"}, auth=sign)


@case
def auth_that_changes_the_body(requests, base, other):
    def wrap(request):
        request.body = b"<" + request.body.encode() + b">"
        return request

    return requests.post(base + "/seen", data="body", auth=wrap)


@case
def auth_that_is_none(requests, base, other):
    return requests.get(base + "/seen", auth=requests.auth.AuthBase())


@case
def auth_objects_are_compared(requests, base, other):
    basic, digest = requests.auth.HTTPBasicAuth, requests.auth.HTTPDigestAuth
    return [
        *[basic("a", "b") == basic("a", "b"), basic("a", "b") != basic("a", "c")],
        *[digest("a", "b") == digest("a", "b"), basic("a", "b") == 5],
    ]


for _algorithm in ("MD5", "MD5-sess", "SHA", "SHA-256", "SHA-512", "unknown", "absent"):
    for _qop in ("auth", "auth,auth-int", "absent", "auth-int"):

        def _digest(requests, base, other, algorithm=_algorithm, qop=_qop):
            auth = requests.auth.HTTPDigestAuth("user", "pass")
            url = f"{base}/digest/{algorithm}/{qop}?a=b"
            first = requests.get(url, auth=auth)
            second = requests.get(url, auth=auth)
            return [[r.status_code, len(r.history)] for r in (first, second)]

        add(f"digest: {_algorithm}, {_qop}", _digest)


@case
def digest_with_a_wrong_password(requests, base, other):
    response = requests.get(
        base + "/digest/MD5/auth", auth=requests.auth.HTTPDigestAuth("user", "wrong")
    )
    return [response.status_code, [h.status_code for h in response.history]]


@case
def digest_with_a_body(requests, base, other):
    response = requests.post(
        base + "/digest/SHA-256/auth",
        data=io.BytesIO(b"body"),
        auth=requests.auth.HTTPDigestAuth("user", "pass"),
    )
    return [response.status_code, response.content]


@case
def digest_after_a_redirect(requests, base, other):
    response = requests.get(
        base + located("/digest/MD5/auth"), auth=requests.auth.HTTPDigestAuth("user", "pass")
    )
    return [response.status_code, [h.status_code for h in response.history]]


# Hooks


@case
def hook_gets_the_response(requests, base, other):
    seen = []

    def note(response, **keywords):
        seen.append([response.status_code, sorted(keywords), keywords["stream"]])

    response = requests.get(base + located("/seen"), hooks={"response": note})
    return [response.status_code, seen]


@case
def hooks_replace_the_response(requests, base, other):
    def first(response, **keywords):
        response.headers["x-hook"] = "first"
        return response

    def second(response, **keywords):
        response.headers["x-hook"] += ", second"

    response = requests.get(base + "/seen", hooks={"response": [first, second]})
    return response.headers["X-Hook"]


@case
def hook_that_raises(requests, base, other):
    def check(response, **keywords):
        response.raise_for_status()

    return requests.get(base + answer("status=404"), hooks={"response": check})


@case
def hook_of_an_unknown_event(requests, base, other):
    return requests.get(base + "/seen", hooks={"request": print})


@case
def hooks_of_a_session(requests, base, other):
    seen = []
    session = requests.Session()
    session.hooks["response"].append(lambda response, **keywords: seen.append("session"))
    session.get(base + "/seen")
    session.get(base + "/seen", hooks={"response": lambda *a, **k: seen.append("request")})
    return seen


@case
def hooks_can_be_taken_away(requests, base, other):
    request = requests.Request("GET", base, hooks={"response": [print, 5]})
    return [
        len(request.hooks["response"]),
        request.deregister_hook("response", print),
        request.deregister_hook("response", print),
    ]


# Sessions


@case
def session_settings_are_merged(requests, base, other):
    session = requests.Session()
    session.headers.update({"X-Session": "1", "X-Both": "session", "X-Gone": "1"})
    session.params = {"s": "1", "both": "session", "gone": "1"}
    session.auth = ("user", "pass")
    return session.get(
        base + "/seen?own=1",
        headers={"x-both": "request", "x-gone": None},
        params={"both": "request", "gone": None},
    )


@case
def session_params_as_pairs(requests, base, other):
    session = requests.Session()
    session.params = [("a", "1")]
    return session.get(base + "/seen", params={"b": "2"})


@case
def session_auth_is_overridden(requests, base, other):
    session = requests.Session()
    session.auth = ("user", "pass")
    return session.get(base + "/seen", auth=("other", "one"))


@case
def session_prepares_and_sends(requests, base, other):
    session = requests.Session()
    session.headers["X-Session"] = "1"
    prepared = session.prepare_request(
        requests.Request("post", base + "/seen", data={"a": "b"}, cookies={"c": "d"})
    )
    prepared.headers["X-Late"] = "1"
    prepared.body = "changed"
    prepared.headers["Content-Length"] = "7"
    return session.send(prepared)


@case
def a_request_is_no_prepared_request(requests, base, other):
    return requests.Session().send(requests.Request("GET", base))


@case
def a_copy_is_independent(requests, base, other):
    prepared = requests.Request("POST", base + "/seen", headers={"a": "b"}, data="x").prepare()
    copy = prepared.copy()
    copy.headers["a"] = "c"
    copy.url += "?q"
    copy.method = "PUT"
    return [prepared, copy, requests.Session().send(copy)]


@case
def a_request_without_a_session(requests, base, other):
    return requests.Session().send(requests.Request("GET", base + "/seen").prepare())


@case
def session_streams(requests, base, other):
    with requests.Session() as session:
        session.stream = True
        response = session.get(base + answer("body=0123456789"))
        return [next(response.iter_content(4)), response.content]


@case
def an_adapter_of_ones_own(requests, base, other):
    class Canned(requests.adapters.BaseAdapter):
        def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
            response = requests.Response()
            response.status_code = 203
            response.url = request.url
            response.request = request
            response.raw = io.BytesIO(b"canned")
            response.headers["X-A"] = "b"
            response.encoding = "ascii"
            response.reason = "Canned"
            return response

        def close(self):
            self.closed = True

    session = requests.Session()
    adapter = Canned()
    session.mount("test://", adapter)
    session.mount(base + "/canned", adapter)
    found = [session.get("test://x/y"), session.get(base + "/canned/1").status_code]
    found.append(session.get(base + "/seen").status_code)
    session.close()
    return [*found, adapter.closed, [key for key in session.adapters if "127" not in key]]


@case
def no_adapter(requests, base, other):
    session = requests.Session()
    session.adapters.clear()
    return session.get(base.replace("http", "https"))


@case
def session_is_subclassed(requests, base, other):
    class Prefixed(requests.Session):
        def __init__(self):
            super().__init__()
            self.headers["X-Sub"] = "1"

        def request(self, method, url, **keywords):
            return super().request(method, base + url, **keywords)

    with Prefixed() as session:
        return [session.get("/seen", params={"a": 1}), session.post("/seen", json=[1])]


@case
def should_strip_auth(requests, base, other):
    strip = requests.Session().should_strip_auth
    urls = ["http://a/", "http://a:80/", "https://a/", "https://a:443/", "http://a:81/"]
    urls += ["https://a:444/", "http://b/", "http://A/x", "http://a.b/"]
    return [[old, new, strip(old, new)] for old, new in itertools.product(urls, urls)]


@case
def settings_are_merged(requests, base, other):
    merge = requests.sessions.merge_setting
    return [
        *[merge(None, 1), merge(1, None), merge(1, 2), merge({"a": 1}, {"a": 2, "b": 3})],
        *[merge({"a": None}, {"a": 2, "b": 3}), merge({}, {"a": None}), merge([1], {"a": 2})],
    ]


@case
def defaults_of_a_session(requests, base, other):
    session = requests.Session()
    names = ["auth", "proxies", "hooks", "params", "stream", "verify", "cert", "max_redirects"]
    return {name: getattr(session, name) for name in names}


# Keywords and failures


for _keyword in ("alow_redirects", "Timeout", "retries", "http2"):
    calls("unknown keyword", {_keyword: {_keyword: 1}})

calls(
    "keywords that change nothing",
    {
        "auth": {"auth": None},
        "cookies": {"cookies": None},
        "files": {"files": []},
        "proxies": {"proxies": {}},
        "hooks": {"hooks": {}},
        "verify": {"verify": True},
        "cert": {"cert": None},
        "stream": {"stream": False},
        "timeout": {"timeout": 5},
        "timeouts": {"timeout": (5, 5)},
        "one timeout": {"timeout": (None, 5)},
        "all": lambda: {"headers": {}, "params": {}, "data": {}, "json": None, "timeout": None},
    },
)


@case
def positional_arguments(requests, base, other):
    return [
        requests.get(base + "/seen", {"a": 1}),
        requests.post(base + "/seen", "text"),
        requests.post(base + "/seen", None, {"a": 1}),
        requests.put(base + "/seen", b"p"),
        requests.patch(base + "/seen", b"p"),
    ]


@case
def positional_arguments_of_a_session(requests, base, other):
    return requests.Session().request(
        *["POST", base + "/seen", {"a": 1}, {"b": 2}, {"X-A": "1"}, {"c": "d"}, None],
        *[("u", "p"), 5, False, None, None, False, True, None, None],
    )


@case
def connection_refused(requests, base, other):
    return requests.get("http://127.0.0.1:1/x?token=s3cret")


@case
def unknown_host(requests, base, other):
    return requests.get("http://no-such-host.invalid/")


@case
def body_that_breaks_off(requests, base, other):
    return requests.get(base + answer("body=half&missing=5"))


@case
def streamed_body_that_breaks_off(requests, base, other):
    response = requests.get(base + answer("body=half&missing=5"), stream=True)
    return b"".join(response.iter_content(2))


@case
def read_timeout(requests, base, other):
    return requests.get(base + "/never", timeout=(5, 0.2))


for _timeout in (0, -1, "1", (1,), (1, 2, 3), [1, 2], (0, 1), (1, "2")):
    calls("refused timeout", {repr(_timeout): {"timeout": _timeout}})


@case
def raise_for_status_has_both(requests, base, other):
    response = requests.get(base + answer("status=404"))
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        return [str(error), error.response is response, error.request is response.request]


@case
def json_error_is_all_that_it_should_be(requests, base, other):
    import json

    response = requests.get(base + answer("body={"))
    try:
        response.json()
    except requests.JSONDecodeError as error:
        return [
            *[str(error), error.msg, error.doc, error.pos, isinstance(error, ValueError)],
            *[isinstance(error, json.JSONDecodeError), isinstance(error, OSError)],
        ]


@case
def exceptions_and_their_bases(requests, base, other):
    kinds = {
        name: kind
        for name, kind in vars(requests.exceptions).items()
        if isinstance(kind, type) and issubclass(kind, OSError)
    }
    names = ["RequestException", "ConnectionError", "Timeout", "HTTPError", "ReadTimeout"]
    names += ["ConnectTimeout", "SSLError", "ProxyError", "InvalidURL", "MissingSchema"]
    names += ["TooManyRedirects", "InvalidSchema", "InvalidHeader", "ChunkedEncodingError"]
    names += ["StreamConsumedError", "JSONDecodeError", "RetryError", "URLRequired"]
    ours = set(names)
    return {
        name: sorted({base.__name__ for base in kinds[name].__mro__} & {*ours, "ValueError"})
        for name in names
    }


# What else is imported


@case
def status_codes_by_name(requests, base, other):
    codes = requests.codes
    names = ["ok", "OK", "not_found", "NOT_FOUND", "teapot", "im_a_teapot", "moved", "found"]
    names += ["temporary_redirect", "unprocessable", "too_many", "server_error", "conflict"]
    return [
        *[getattr(codes, name) for name in names],
        *[codes["\\o/"], codes["\u2713"], codes["nothing"], codes.get("ok"), codes.get("x", 5)],
        repr(codes),
    ]


@case
def status_code_without_a_name(requests, base, other):
    return requests.codes.nothing


@case
def a_dict_without_case(requests, base, other):
    headers = requests.structures.CaseInsensitiveDict({"Accept": "a"}, b="c")
    headers["aCCEPT"] = "d"
    copy = headers.copy()
    copy["b"] = "x"
    return [
        *[headers["accept"], list(headers), len(headers), list(headers.lower_items())],
        *["ACCEPT" in headers, headers.get("x"), headers == {"B": "c", "ACCEPT": "d"}],
        *[headers == copy, dict(copy), repr(headers)],
    ]


@case
def helpers(requests, base, other):
    utils = requests.utils
    return {
        "links": utils.parse_header_links('<http://a/>; rel=front; type="x/y",<http://b/>;rel=x'),
        "no links": utils.parse_header_links(" "),
        "dict": utils.parse_dict_header('a="is, a", b=x, c, d="q\\"q"'),
        "quoted": [utils.requote_uri(u) for u in ("http://a/x y", "http://a/%7e", "http://a/%zz")],
        "encodings": [
            utils.get_encoding_from_headers(requests.structures.CaseInsensitiveDict(headers))
            for headers in (
                *[{}, {"content-type": "text/html"}, {"content-type": "application/json"}],
                *[{"content-type": "text/x; charset='utf-8'"}, {"content-type": "image/png"}],
            )
        ],
        "json": [utils.guess_json_utf(b) for b in (b"{}  ", b"{\0}\0", b"\0\0\0{", b"\0{\0}")],
        "auth": [utils.get_auth_from_url(u) for u in ("http://a:b%20c@d/", "http://a@d/", "x")],
        "defrag": [utils.urldefragauth(u) for u in ("http://a:b@c/d?e#f", "http://c/")],
        "native": [utils.to_native_string(b"a"), utils.to_native_string("a")],
        "pairs": [utils.to_key_val_list(v) for v in (None, {"a": 1}, [("a", 1)])],
        "length": [utils.super_len(o) for o in (b"abc", "\xe9", io.BytesIO(b"abc"), [1, 2])],
    }


@case
def pairs_of_a_single_value(requests, base, other):
    return requests.utils.to_key_val_list("text")
