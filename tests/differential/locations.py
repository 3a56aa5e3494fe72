"""Cases about URLs that are not as they should be: edited, redirected to, or malformed."""

import io
from urllib.parse import quote

from cases import add

EDITED = ["/x y", "/caf\xe9", "/a|b?c d", "/%zz", "/a#f", "/%41"]
LOCATIONS = {
    "latin-1": "/caf\xe9",
    "UTF-8": "/caf\xc3\xa9",
    "latin-1 in a query": "/?q=\xfc",
    "half of UTF-8": "/\xe2\x82",
    "an open bracket": "http://[::1",
    "a bracket alone": "http://a]/",
    "no IPv6 address": "http://[v1.x]/",
    "a zone": "http://[fe80::1%25lo]/",
    "a bare zone": "http://[fe80::1%lo]/",
    "a port that is none": "http://127.0.0.1:port/",
    "a port that is too large": "http://127.0.0.1:99999/",
    "a space in the host": "http://a b/",
}
URLS = ["http://a b/", "http://[fe80::1%25lo]/", "http://[fe80::1%lo]/", "http://[v1.x]/"]
BODIES = {
    "cr lf": b"a\r\nb\r\nc",
    "lf": b"a\n\nb\n",
    "cr": b"a\rb\r\r\nc\r",
    "mixed": b"\r\n\ra\x0b\x85b",
}


def edited(path):
    def run(requests, base, other):
        prepared = requests.Request("GET", base + "/seen").prepare()
        prepared.url = base + "/seen" + path
        response = requests.Session().send(prepared)
        return [response.json()["target"], prepared.url, prepared.path_url]

    return run


def led_to(location, follow):
    def run(requests, base, other):
        to = f"{base}/answer?status=302&location={quote(location, safe='', encoding='latin-1')}"
        response = requests.get(to, allow_redirects=follow)
        return [response.status_code, response.url, response.next and response.next.url]

    return run


def lines(body, size, more):
    def run(requests, base, other):
        response = requests.Response()
        response.raw, response.encoding = io.BytesIO(body), "utf-8"
        return list(response.iter_lines(size, **more))

    return run


for _path in EDITED:
    add(f"edited URL: {_path!r}", edited(_path))
for _name, _location in LOCATIONS.items():
    add(f"led to {_name}, followed", led_to(_location, True))
    add(f"led to {_name}, not followed", led_to(_location, False))
for _url in URLS:
    add(f"malformed URL: {_url!r}", lambda requests, base, other, url=_url: requests.get(url).url)
for _name, _body in BODIES.items():
    for _size in (1, 2, 512, None):
        add(f"lines: {_name} by {_size}", lines(_body, _size, {}))
        add(f"lines: {_name} by {_size}, decoded", lines(_body, _size, {"decode_unicode": True}))
        add(f"lines: {_name} by {_size} and lf", lines(_body, _size, {"delimiter": b"\n"}))


def long_number(requests, base, other):
    response = requests.Response()
    response.raw = io.BytesIO(b"1" * 5000)
    return response.json()


add("json: too long a number", long_number)


def charset(name):
    def run(requests, base, other):
        response = requests.Response()
        response.raw, response.encoding = io.BytesIO(b"text"), name
        return [response.text, list(response.iter_content(2, decode_unicode=True))]

    return run


for _name in ("nonsense", "hex", "rot13", "undefined", "idna", "utf-7"):
    add(f"charset: {_name}", charset(_name))


def memory_of_numbers(requests, base, other):
    body = memoryview(b"0123456789abcdef").cast("Q")
    return requests.Request("POST", base, data=body).prepare().headers["Content-Length"]


add("memoryview of numbers", memory_of_numbers)


def auth_with_a_file_of_text(requests, base, other):
    prepared = requests.Request("POST", base, data=io.StringIO("\u20ac"), auth=("a", "b")).prepare()
    return [prepared.headers.get(n) for n in ("Content-Length", "Transfer-Encoding")]


add("auth with a file of text", auth_with_a_file_of_text)
