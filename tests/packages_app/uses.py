"""One real thing for each package: imported at the top, as an app does, then used in a request.

Each function is registered under the name that the package has on PyPI. It imports the package, as
a module would at its top, yields, and then uses it.
"""

import asyncio
from collections.abc import Callable, Iterator

Use = Callable[[], Iterator[None]]
USES: dict[str, Use] = {}


def package(name: str) -> Callable[[Use], Use]:
    def register(use: Use) -> Use:
        USES[name] = use
        return use

    return register


def asgi(app, path="/"):
    """Send an ASGI app a request, and return the body of its response."""
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET"}
    scope |= {"scheme": "https", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"root_path": "", "headers": [(b"host", b"example.com")], "server": ("h", 443)}
    scope |= {"client": ("127.0.0.1", 1)}
    body = []

    async def receive():
        if body:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        body.append(message.get("body", b""))

    asyncio.run(app(scope, receive, send))
    return b"".join(body)


@package("Flask")
def flask():
    import flask

    app = flask.Flask("app")
    app.add_url_rule("/<name>", view_func=lambda name: flask.jsonify(name=name), endpoint="page")
    yield
    assert app.test_client().get("/lamp").get_json() == {"name": "lamp"}


@package("Werkzeug")
def werkzeug():
    from werkzeug.routing import Map, Rule
    from werkzeug.security import check_password_hash, generate_password_hash

    yield
    hashed = generate_password_hash("secret", method="pbkdf2:sha256:1000")
    assert check_password_hash(hashed, "secret")
    urls = Map([Rule("/user/<int:id>", endpoint="user")]).bind("example.com")
    assert urls.match("/user/7") == ("user", {"id": 7})


@package("Jinja2")
def jinja2():
    import jinja2

    yield
    template = jinja2.Environment(autoescape=True).from_string(
        "{% for x in xs %}<{{x}}>{% endfor %}"
    )
    assert template.render(xs=["a", "&"]) == "<a><&amp;>"


@package("MarkupSafe")
def markupsafe():
    from markupsafe import Markup, escape

    yield
    assert Markup("<b>{}</b>").format("<") == "<b>&lt;</b>"
    assert escape("'") == "&#39;"


@package("itsdangerous")
def itsdangerous():
    from itsdangerous import URLSafeTimedSerializer

    yield
    serializer = URLSafeTimedSerializer("key")
    assert serializer.loads(serializer.dumps({"id": 7}), max_age=60) == {"id": 7}


@package("click")
def click():
    import click

    yield
    command = click.Command("c", params=[click.Option(["-n"], type=int)])
    with command.make_context("c", ["-n", "3"]) as context:
        assert context.params == {"n": 3}


@package("blinker")
def blinker():
    from blinker import Signal

    yield
    found = []
    signal = Signal()
    signal.connect(found.append, weak=False)
    signal.send("sender")
    assert found == ["sender"]


@package("Django")
def django():
    import django
    from django.conf import settings
    from django.http import HttpResponse
    from django.urls import path

    urls = type(
        "Urls", (), {"urlpatterns": [path("<name>", lambda request, name: HttpResponse(name))]}
    )
    settings.configure(ROOT_URLCONF=urls, ALLOWED_HOSTS=["*"], SECRET_KEY="key", USE_TZ=True)
    django.setup()
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.test import RequestFactory
    from django.urls import resolve

    yield
    request = RequestFactory().get("/lamp")
    assert resolve("/lamp").func(request, "lamp").content == b"lamp"
    hasher = PBKDF2PasswordHasher()
    assert hasher.verify("secret", hasher.encode("secret", "salt", 1000))


@package("bottle")
def bottle():
    import bottle

    app = bottle.Bottle()
    app.route("/<name>", callback=lambda name: {"name": name})
    yield
    assert app.match({"PATH_INFO": "/lamp", "REQUEST_METHOD": "GET"})[1] == {"name": "lamp"}


@package("Quart")
def quart():
    import quart

    app = quart.Quart("app")

    async def page(name):
        return name

    app.add_url_rule("/<name>", view_func=page, endpoint="page")
    yield

    async def get():
        return await (await app.test_client().get("/lamp")).get_data()

    assert asyncio.run(get()) == b"lamp"


@package("starlette")
def starlette():
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def page(request):
        return PlainTextResponse(request.path_params["name"])

    app = Starlette(routes=[Route("/{name}", page)])
    yield
    assert asgi(app, "/lamp") == b"lamp"


@package("anyio")
def anyio():
    import anyio

    yield

    async def both():
        found = []
        async with anyio.create_task_group() as group:
            for value in (1, 2):
                group.start_soon(lambda value=value: append(found, value))
        return found

    async def append(found, value):
        await anyio.sleep(0)
        found.append(value)

    assert sorted(anyio.run(both)) == [1, 2]


@package("h11")
def h11():
    import h11

    yield
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"GET /lamp HTTP/1.1\r\nHost: h\r\n\r\n")
    assert connection.next_event().target == b"/lamp"


@package("httpx")
def httpx():
    import httpx

    yield
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, json={"path": request.url.path})
    )
    with httpx.Client(transport=transport) as client:
        assert client.get("https://example.com/lamp").json() == {"path": "/lamp"}


@package("httpcore")
def httpcore():
    import httpcore

    yield
    answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlamp"]
    with httpcore.ConnectionPool(network_backend=httpcore.MockBackend(answer)) as pool:
        assert pool.request("GET", "http://example.com/").content == b"lamp"


@package("urllib3")
def urllib3():
    import urllib3

    yield
    urllib3.PoolManager()
    url = urllib3.util.parse_url("https://example.com:8443/a?b=c")
    assert (url.host, url.port) == ("example.com", 8443)
    body, kind = urllib3.encode_multipart_formdata({"field": "value"}, boundary="b")
    assert b'name="field"' in body
    assert kind == "multipart/form-data; boundary=b"


@package("requests")
def requests():
    import requests

    yield

    class Echo(requests.adapters.BaseAdapter):
        def send(self, request, **options):
            response = requests.Response()
            response.status_code, response._content, response.url = 200, request.body, request.url
            response.request = request
            return response

        def close(self):
            pass

    with requests.Session() as session:
        session.mount("https://", Echo())
        assert session.post("https://example.com", json={"a": 1}).json() == {"a": 1}


@package("certifi")
def certifi():
    import certifi

    yield
    assert "BEGIN CERTIFICATE" in certifi.contents()


@package("idna")
def idna():
    import idna

    yield
    assert idna.encode("bücher.example") == b"xn--bcher-kva.example"


@package("charset-normalizer")
def charset_normalizer():
    from charset_normalizer import from_bytes

    yield
    assert str(from_bytes("Bücher und Straßen".encode()).best()) == "Bücher und Straßen"


@package("botocore")
def botocore():
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    yield
    request = AWSRequest("GET", "https://bucket.s3.amazonaws.com/key")
    SigV4Auth(Credentials("id", "secret"), "s3", "us-east-1").add_auth(request)
    assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=id/")


@package("PyJWT")
def pyjwt():
    import jwt

    yield
    key = "a key that is long enough for SHA-256"
    token = jwt.encode({"sub": "someone"}, key, algorithm="HS256")
    assert jwt.decode(token, key, algorithms=["HS256"]) == {"sub": "someone"}


@package("python-dateutil")
def dateutil():
    from dateutil import parser, relativedelta, tz

    yield
    moment = parser.isoparse("2026-01-31T12:00:00+01:00")
    assert (moment + relativedelta.relativedelta(months=1)).day == 28
    assert moment.astimezone(tz.gettz("America/New_York")).hour == 6


@package("pytz")
def pytz():
    import datetime

    import pytz

    yield
    moment = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)
    assert moment.astimezone(pytz.timezone("Europe/Oslo")).hour == 14


@package("tzdata")
def tzdata():
    import datetime
    import zoneinfo

    import tzdata

    yield
    moment = datetime.datetime(2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Oslo"))
    assert tzdata.IANA_VERSION
    assert moment.utcoffset() == datetime.timedelta(hours=2)


@package("babel")
def babel():
    from babel.numbers import format_currency

    yield
    assert format_currency(1234.5, "EUR", locale="de_DE") == "1.234,50\xa0€"


@package("beautifulsoup4")
def beautifulsoup4():
    from bs4 import BeautifulSoup

    yield
    assert BeautifulSoup("<p>a<b>lamp</b>", "html.parser").p.b.text == "lamp"


@package("Markdown")
def markdown():
    import markdown

    yield
    assert markdown.markdown("a *b*", extensions=["tables"]) == "<p>a <em>b</em></p>"


@package("mistune")
def mistune():
    import mistune

    yield
    assert mistune.html("a *b*") == "<p>a <em>b</em></p>\n"


@package("Pygments")
def pygments():
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    yield
    assert '<span class="k">def</span>' in highlight(
        "def f(): pass", PythonLexer(), HtmlFormatter()
    )


@package("attrs")
def attrs():
    import attrs

    yield
    made = attrs.make_class(
        "Point", {"x": attrs.field(validator=attrs.validators.instance_of(int))}
    )
    assert attrs.asdict(made(x=3)) == {"x": 3}


@package("marshmallow")
def marshmallow():
    from marshmallow import Schema, fields

    schema = Schema.from_dict({"email": fields.Email(), "at": fields.DateTime()})()
    yield
    assert schema.load({"email": "a@example.com", "at": "2026-01-31T12:00:00"})["at"].day == 31
    assert schema.validate({"email": "none"}) == {"email": ["Not a valid email address."]}


@package("jsonschema")
def jsonschema():
    import jsonschema

    yield
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    jsonschema.validate({"a": 1}, schema)
    assert not jsonschema.Draft202012Validator(schema).is_valid({"a": "b"})


@package("pydantic<2")
def pydantic():
    import pydantic

    class Point(pydantic.BaseModel):
        x: int

    yield
    assert Point.parse_obj({"x": "3"}).dict() == {"x": 3}


@package("cattrs")
def cattrs():
    import attrs
    import cattrs

    made = attrs.make_class("Point", {"x": attrs.field(type=int)})
    yield
    assert cattrs.structure({"x": "3"}, made).x == 3


@package("cachetools")
def cachetools():
    from cachetools import TTLCache, cached

    calls = []
    double = cached(TTLCache(8, 60))(lambda x: calls.append(x) or 2 * x)
    yield
    assert double(3) == double(3) == 6
    assert calls == [3]


@package("tenacity")
def tenacity():
    import tenacity

    yield
    tries = []

    @tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(0.01))
    def flaky():
        tries.append(1)
        if len(tries) < 3:
            raise OSError
        return len(tries)

    assert flaky() == 3


@package("structlog")
def structlog():
    import structlog
    from structlog.testing import CapturingLogger

    yield
    logger = structlog.wrap_logger(
        CapturingLogger(),
        processors=[structlog.processors.TimeStamper("iso"), structlog.processors.JSONRenderer()],
    )
    logger.info("seen", lamp=3)
    assert '"lamp": 3' in logger._logger.calls[0].args[0]


@package("loguru")
def loguru():
    from loguru import logger

    yield
    lines = []
    logger.remove()
    logger.add(lines.append, format="{level} {message}")
    logger.info("lamp {}", 3)
    assert lines == ["INFO lamp 3\n"]


@package("sentry-sdk")
def sentry_sdk():
    import sentry_sdk

    yield
    events = []
    sentry_sdk.init(
        dsn="https://key@example.com/1", before_send=lambda event, hint: events.append(event)
    )
    sentry_sdk.capture_exception(ZeroDivisionError("why"))
    assert events[0]["exception"]["values"][0]["type"] == "ZeroDivisionError"


@package("stripe")
def stripe():
    import hashlib
    import hmac
    import time

    import stripe

    yield
    payload, secret = '{"id": "evt_1", "object": "event"}', "whsec_test"
    now = int(time.time())
    signature = hmac.new(secret.encode(), f"{now}.{payload}".encode(), hashlib.sha256).hexdigest()
    event = stripe.Webhook.construct_event(payload, f"t={now},v1={signature}", secret)
    assert event.id == "evt_1"


@package("python-slugify")
def slugify():
    from slugify import slugify

    yield
    assert slugify("Straße der Bücher") == "strasse-der-bucher"


@package("feedparser")
def feedparser():
    import feedparser

    yield
    text = "<rss version='2.0'><channel><item><title>lamp</title></item></channel></rss>"
    assert feedparser.parse(text).entries[0].title == "lamp"


@package("PyYAML")
def yaml():
    import yaml

    yield
    assert yaml.safe_load("a: [1, {b: 2026-01-31}]")["a"][1]["b"].day == 31


@package("tomlkit")
def tomlkit():
    import tomlkit

    yield
    document = tomlkit.parse("# why\na = 1\n")
    document["a"] = 2
    assert tomlkit.dumps(document) == "# why\na = 2\n"


@package("packaging")
def packaging():
    from packaging.specifiers import SpecifierSet

    yield
    assert "1.5" in SpecifierSet(">=1.2,<2")


@package("six")
def six():
    import six
    from six.moves import urllib

    yield
    assert six.ensure_binary("é") == "é".encode()
    assert urllib.parse.quote(" ") == "%20"


@package("jmespath")
def jmespath():
    import jmespath

    yield
    assert jmespath.search("a[?b > `1`].c", {"a": [{"b": 2, "c": 3}]}) == [3]


@package("sqlparse")
def sqlparse():
    import sqlparse

    yield
    assert sqlparse.format("select a from b", keyword_case="upper") == "SELECT a FROM b"


@package("SQLAlchemy")
def sqlalchemy():
    import sqlalchemy

    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)
    yield
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("select 3")).scalar() == 3


@package("pyparsing")
def pyparsing():
    import pyparsing

    yield
    number = pyparsing.Word(pyparsing.nums)
    assert (number + "+" + number).parse_string("1 + 2").as_list() == ["1", "+", "2"]


@package("rich")
def rich():
    import io

    from rich.console import Console
    from rich.table import Table

    yield
    table = Table("name")
    table.add_row("lamp")
    output = io.StringIO()
    Console(file=output, width=40).print(table)
    assert "lamp" in output.getvalue()


@package("xmltodict")
def xmltodict():
    import xmltodict

    yield
    assert xmltodict.parse("<a b='1'>c</a>") == {"a": {"@b": "1", "#text": "c"}}


@package("defusedxml")
def defusedxml():
    from defusedxml import ElementTree

    yield
    assert ElementTree.fromstring("<a><b/></a>")[0].tag == "b"


@package("oauthlib")
def oauthlib():
    from oauthlib.oauth2 import WebApplicationClient

    yield
    url = WebApplicationClient("id").prepare_request_uri("https://example.com/auth", scope=["a"])
    assert url == "https://example.com/auth?response_type=code&client_id=id&scope=a"


@package("python-multipart")
def python_multipart():
    from python_multipart import QuerystringParser

    yield
    found = []
    parser = QuerystringParser(
        {"on_field_data": lambda data, start, end: found.append(data[start:end])}
    )
    parser.write(b"a=lamp")
    parser.finalize()
    assert found == [b"lamp"]


@package("email-validator")
def email_validator():
    from email_validator import validate_email

    yield
    assert validate_email("a@Example.COM", check_deliverability=False).normalized == "a@example.com"


@package("graphql-core")
def graphql():
    from graphql import build_schema, graphql_sync

    schema = build_schema("type Query { lamp: String }")
    yield
    assert graphql_sync(schema, "{ lamp }", {"lamp": "on"}).data == {"lamp": "on"}


@package("arrow")
def arrow():
    import arrow

    yield
    assert arrow.get("2026-01-31T12:00:00+00:00").to("Europe/Oslo").format("HH:mm") == "13:00"


@package("humanize")
def humanize():
    import humanize

    yield
    assert humanize.naturalsize(3_000_000) == "3.0 MB"
