"""Cases about Content-Encoding: how a body is coded, how it is named, asked for and read."""

from urllib.parse import quote

from cases import add, failure

NAMED = {  # what the origin sends, by the value of Content-Encoding
    "gzip": ["gzip", "members", "padded", "garbage", "garbage of one byte", "empty", "flushed"],
    "GZip": ["gzip"],
    "x-gzip": ["gzip", "members"],
    "deflate": ["zlib", "raw", "zlib and garbage", "empty", "raw of nothing"],
    "gzip, gzip": ["gzip in gzip"],
    "deflate, gzip": ["zlib in gzip", "raw in gzip"],
    "gzip , Deflate": ["gzip in zlib"],
    "gzip, gzip, gzip, gzip, gzip": ["five times"],
    "identity": ["plain", "gzip"],
    "br": ["plain"],
    "unheard-of, br": ["plain"],
    "gzip, br": ["gzip"],
    "br, gzip": ["gzip"],
    "gzip, identity": ["gzip"],
    "": ["plain", "gzip"],
}
BROKEN = {
    "gzip": ["plain", "zlib", "wrong sum", "cut", "cut in its head", "second cut", "second broken"],
    "deflate": ["plain", "gzip", "zlib cut", "raw cut", "wrong sum of zlib"],
    "deflate, gzip": ["gzip", "zlib"],
    "gzip, gzip, gzip, gzip, gzip, gzip": ["gzip"],
}
ASKED = ["gzip", "identity", "GZIP", "br", "*", "deflate", "gzip, deflate, br, zstd", None]


def coded(name, coding, more=""):
    return f"/coded/{quote(name)}?content-encoding={quote(coding)}{more}"


def case(kind, path, run):
    def asked(requests, base, other):
        return run(requests, base + path)

    add(f"{kind}: {path.removeprefix('/coded/')}", asked)


def read_in_every_way(requests, url):
    def of(look, **keywords):
        try:
            with requests.get(url, **keywords) as response:
                return look(response)
        except Exception as error:
            return failure(error)

    return {
        "content": of(lambda r: [r.status_code, r.content, r.text]),
        "headers": of(lambda r: [r.headers.get(n) for n in ("Content-Encoding", "Content-Length")]),
        "stream": of(lambda r: b"".join(r.iter_content(1000)), stream=True),
        "small chunks": of(lambda r: [len(c) for c in r.iter_content(999)][:-1], stream=True),
        "as it comes": of(lambda r: b"".join(r.iter_content(None)), stream=True),
        "lines": of(lambda r: list(r.iter_lines(7)), stream=True),
        "raw": of(lambda r: [r.raw.decode_content, r.raw.read()], stream=True),
        "raw decoded": of(lambda r: r.raw.read(decode_content=True), stream=True),
        "raw in parts": of(
            lambda r: [r.raw.read(5, decode_content=True), r.raw.read(decode_content=True)],
            stream=True,
        ),
        "raw stream": of(lambda r: b"".join(r.raw.stream(10)), stream=True),
        "raw stream decoded": of(
            lambda r: b"".join(r.raw.stream(10, decode_content=True)), stream=True
        ),
        "raw told to decode": of(told_to_decode, stream=True),
        "after the end": of(lambda r: [r.content, r.raw.read(), list(r.iter_content(50))]),
    }


def told_to_decode(response):
    response.raw.decode_content = True
    return [response.raw.read(4), response.raw.read()]


def part_then_rest(requests, url):
    response = requests.get(url, stream=True)
    return [next(response.iter_content(4)), response.content]


def read(requests, url):
    return requests.get(url).content


def read_as_a_stream(requests, url):
    return b"".join(requests.get(url, stream=True).iter_content(100))


for _coding, _names in NAMED.items():
    for _name in _names:
        case("coded", coded(_name, _coding), read_in_every_way)

case("part, then the rest", coded("gzip", "gzip"), part_then_rest)
case("part, then the rest", coded("raw in gzip", "deflate, gzip"), part_then_rest)

for _coding, _names in BROKEN.items():
    for _name in _names:
        case("broken", coded(_name, _coding), read)
        case("broken stream", coded(_name, _coding), read_as_a_stream)

for _asked in ASKED:
    for _coding, _name in {"gzip": "gzip", "deflate": "raw"}.items():

        def _get(requests, url, asked=_asked):
            return requests.get(url, headers={"Accept-Encoding": asked}).json()

        case(f"asked for {_asked}", coded(_name, _coding), _get)

for _status in (200, 201, 202, 203, 204, 205, 206, 301, 304, 400, 404, 410, 500):
    for _coding in ("gzip", "deflate", "gzip, gzip"):
        case("nothing", coded("empty", _coding, f"&status={_status}"), read_in_every_way)

for _method in ("HEAD", "POST", "PUT", "DELETE"):

    def _of(requests, url, method=_method):
        response = requests.request(method, url)
        return [response.status_code, response.content]

    for _name in ("empty", "gzip"):
        case(f"nothing for {_method}", coded(_name, "gzip"), _of)


def not_followed(requests, url):
    response = requests.get(url, allow_redirects=False)
    return [response.status_code, response.content, response.next.path_url[-4:]]


for _name in ("empty", "gzip", "plain"):
    _to = f"&status=302&location={quote('/end')}"
    case("not followed", coded(_name, "gzip", _to), not_followed)
    case("followed", coded(_name, "gzip", _to), lambda requests, url: requests.get(url).status_code)


def two_fields(requests, url):
    return requests.get(url).content


case("two fields", coded("gzip in gzip", "gzip", "&content-encoding=gzip"), two_fields)


def raw_after_decoding(requests, url):
    response = requests.get(url, stream=True)
    return [response.raw.read(4, decode_content=True), response.raw.read(4)]


case("raw after decoding", coded("gzip", "gzip"), raw_after_decoding)
case("raw after decoding", coded("plain", "br"), raw_after_decoding)


def decoded_after_raw(requests, url):
    response = requests.get(url, stream=True)
    return [len(response.raw.read(3)), response.content]


case("decoded after raw", coded("gzip", "gzip"), decoded_after_raw)


def chunked(requests, url):
    response = requests.get(url, stream=True)
    return [b"".join(response.iter_content(100)), response.headers.get("Content-Length")]


for _name in ("gzip", "members", "padded", "garbage", "empty"):
    case("in chunks", coded(_name, "gzip", "&chunked=1"), chunked)
