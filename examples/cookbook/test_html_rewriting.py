import html_rewriting
import pytest

HTML = {"Content-Type": "text/html; charset=utf-8", "ETag": '"1"'}
PAGE = """<!DOCTYPE html>
<p class=x>1 &lt 2 &copy; a&b=c \u00e9</P >
<IMG
  src="a.png" alt="a > b">x<img/><img loading=eager src=b>
<script>"<img src=c>"</script><!-- <img> --><a href="?x&y">
<img src=d></a><br/>&"""
LAZY = """<!DOCTYPE html>
<p class=x>1 &lt 2 &copy; a&b=c \u00e9</P >
<IMG loading="lazy"
  src="a.png" alt="a > b">x<img loading="lazy"/><img loading=eager src=b>
<script>"<img src=c>"</script><!-- <img> --><a href="?x&y">
<img loading="lazy" src=d></a><br/>&"""


@pytest.fixture
def compute_app():
    return html_rewriting.HttpIncoming


@pytest.fixture
def origin(compute_host):
    return compute_host.backend("origin")


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_only_images_change_however_the_page_is_cut(size):
    page = PAGE.encode() + b"\xff <img src="
    pieces = [page[start : start + size] for start in range(0, len(page), size)]

    assert b"".join(html_rewriting.lazily(pieces)) == LAZY.encode() + b"\xff <img src="


def test_what_is_complete_is_passed_on_at_once():
    pieces = html_rewriting.lazily(iter([b"<h1>News</h1><img src=a>and <im", b"g src=b>"]))

    assert next(pieces) == b'<h1>News</h1><img loading="lazy" src=a>and '
    assert next(pieces) == b'<img loading="lazy" src=b>'


def test_a_page_is_rewritten_and_its_etag_removed(compute_client, origin):
    headers = HTML | {"Content-Security-Policy": "default-src 'self'", "Set-Cookie": "a=b"}
    origin.get("/", body=PAGE.encode(), headers=headers, query={"page": "2"})
    answer = compute_client.get("/?page=2")

    assert answer.text == LAZY
    assert "ETag" not in answer.headers
    assert answer.headers["Content-Security-Policy"] == "default-src 'self'"
    assert answer.headers["Set-Cookie"] == "a=b"


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Encoding": "br"}])
def test_everything_else_goes_through(compute_client, origin, headers):
    origin.get("/", body=b"<img>", headers=HTML | headers)

    assert compute_client.get("/").body == b"<img>"


def test_a_tag_without_an_end_aborts_the_page(compute_client, origin):
    origin.get("/", body=b"<h1>News</h1><img " + b"a" * 1_100_000, headers=HTML)

    assert not compute_client.get("/").complete


def test_an_origin_that_is_down_is_a_502(compute_client, origin):
    origin.error("connection-refused")

    assert compute_client.get("/").status == 502
