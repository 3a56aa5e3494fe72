"""The comparison of the SDKs: its Python snippets run, and its Python column is the real API."""

import importlib
import inspect
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from fastly_compute.backend import BackendNotAllowed, policy
from fastly_compute.core import FastlyComputeError
from fastly_compute.local import (
    BackendConfig,
    Health,
    NativeApp,
    ServiceInfo,
    ShieldingSite,
    WafVerdict,
)
from fastly_compute.testing import ComputeClient, ComputeHost, Reply

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "comparison"
WIT = ROOT / "packages/fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
SDKS = ("rust", "go", "javascript", "python")
PAGES = {path.stem: tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))}
PACKAGES = [
    importlib.import_module(f"fastly_compute.{name}")
    for name in (
        "backend",
        "http",
        "secret_store",
        "cache",
        "fanout",
        "geo",
        "acl",
        "erl",
        "device_detection",
        "config_store",
        "kv_store",
        "log",
        "runtime",
        "shielding",
        "security",
        "image_optimizer",
        "httpx",
        "testing",
        "urllib3",
    )
]
OPTIONS = [
    (capability, option, sdk)
    for capability, page in PAGES.items()
    for option in page["option"]
    for sdk in SDKS
    if sdk in option
]


def snippet(capability: str) -> ModuleType:
    module = ModuleType(f"snippet_{capability.replace('-', '_')}")
    code = PAGES[capability]["snippets"]["python"]
    exec(compile(code, f"{capability}.toml", "exec"), vars(module))
    return module


Run = Callable[[ComputeHost, ModuleType], None]
RUNS: dict[str, Run] = {}


def runs(capability: str) -> Callable[[Run], Run]:
    def add(function: Run) -> Run:
        RUNS[capability] = function
        return function

    return add


def client(host: ComputeHost, module: ModuleType) -> ComputeClient:
    return ComputeClient(host.host, NativeApp(module.HttpIncoming))


@runs("handler")
def handler(host: ComputeHost, module: ModuleType) -> None:
    ask = client(host, module)

    assert ask.get("/hello?name=Ada").text == "Hello, Ada!"
    assert ask.get("/hello").text == "Hello, you!"
    assert ask.get("/bye").status == 404


@runs("sending")
def sending(host: ComputeHost, module: ModuleType) -> None:
    shop = host.backend("shop")
    shop.error("connection-refused")
    shop.add("POST", "/orders", status=201, text="thanks")
    first, second = (client(host, module).get("/") for _ in range(2))

    assert (first.status, first.text) == (502, "the shop is closed")
    assert (second.status, second.text) == (201, "thanks")
    assert host.calls[-1].json() == {"lamp": 2}


@runs("http-libraries")
def http_libraries(host: ComputeHost, module: ModuleType) -> None:
    weather = host.backend("weather")
    weather.error("connection-refused")
    weather.get("/now", text="sunny")
    first, second = (client(host, module).get("/") for _ in range(2))

    assert (first.status, first.text) == (502, "no forecast")
    assert (second.status, second.text) == (200, "sunny")


@runs("concurrent")
def concurrent(host: ComputeHost, module: ModuleType) -> None:
    host.backend("news").get("/", text="nothing new ")
    host.backend("stocks").error("dns-timeout")

    assert client(host, module).get("/").text == "nothing new ?"


@runs("streaming")
def streaming(host: ComputeHost, module: ModuleType) -> None:
    host.backend("archive").get("/log", chunks=[b"one ", b"two"])

    assert client(host, module).get("/").text == "from the archive:\none two"


@runs("static-backend")
def static_backend(host: ComputeHost, module: ModuleType) -> None:
    host.backend("origin").get("/lamp", text="a lamp", query={"page": "1"})

    assert client(host, module).get("/lamp?page=1").text == "a lamp"


@runs("dynamic-backend")
def dynamic_backend(host: ComputeHost, module: ModuleType) -> None:
    host.target("reports.example:8443").get("/today", text="all is well")

    assert module.report().body.read() == b"all is well"
    (backend,) = host.backends.values()
    assert (backend.use_tls, backend.cert_hostname) == (True, "reports.example")


@runs("introspection")
def introspection(host: ComputeHost, module: ModuleType) -> None:
    host.backend("origin", BackendConfig(url="https://origin.example:8443"))

    assert module.tell().startswith("origin.example:8443 tls=True connect=0:00:0")


@runs("tls")
def tls(host: ComputeHost, module: ModuleType) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("client.example")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    host.secrets["tls"]["client-key"] = pem
    host.target("api.bank.example").get("/balance", text="7")
    certificate = issued.cert_chain_pems[0].bytes().decode()
    answer = module.balance(authority.cert_pem.bytes().decode(), certificate)

    assert answer.body.read() == b"7"
    assert host.secrets_read == []


@runs("health")
def health(host: ComputeHost, module: ModuleType) -> None:
    host.backend("origin", health=Health.UNHEALTHY)
    host.target("spare.example").get("/", text="the spare one")

    assert module.ask().body.read() == b"the spare one"


@runs("defaults")
def defaults(host: ComputeHost, module: ModuleType) -> None:
    host.backend("origin").get("/", text="the origin")

    assert client(host, module).get("/").text == "the origin"


@runs("secrets")
def secrets(host: ComputeHost, module: ModuleType) -> None:
    host.secrets["credentials"]["api-token"] = b"s3cret"
    host.backend("api").get("/", text="welcome")

    assert module.ask().body.read() == b"welcome"
    assert host.calls[0].headers["authorization"] == "Bearer s3cret"


@runs("configuration")
def configuration(host: ComputeHost, module: ModuleType) -> None:
    host.config_stores["greetings"] = {"nb": "hei"}

    assert (module.greet("nb"), module.greet("en")) == ("hei", "hello")


@runs("kv-store")
def kv_store(host: ComputeHost, module: ModuleType) -> None:
    host.kv["greetings"] = {}

    assert [module.greet("Ada") for _ in range(2)] == ["hello", "hello again"]


@runs("logging")
def logging(host: ComputeHost, module: ModuleType) -> None:
    module.log_visit("/tea")

    assert host.logs["visits"] == ["/tea"]


@runs("cache-override")
def cache_override(host: ComputeHost, module: ModuleType) -> None:
    host.backend("news").get("/", text="old")
    host.backend("news").get("/", text="new")
    ask = client(host, module)
    texts = [ask.get("/").text, ask.get("/").text]
    host.clock.advance(91)

    assert [*texts, ask.get("/").text] == ["old", "old", "new"]


@runs("cache-hooks")
def cache_hooks(host: ComputeHost, module: ModuleType) -> None:
    png = {"content-type": "image/png", "cache-control": "max-age=10"}
    host.backend("shop").get("/lamp", text="a lamp", headers=png)
    ask = client(host, module)
    ask.get("/")
    host.clock.advance(86_399)

    assert ask.get("/").text == "a lamp"
    assert [call.headers["authorization"] for call in host.calls] == ["Bearer token"]


@runs("simple-cache")
def simple_cache(host: ComputeHost, module: ModuleType) -> None:
    ask = client(host, module)
    first = ask.get("/").text
    module.make = lambda: "good evening"
    second = ask.get("/").text
    host.clock.advance(61)

    assert (first, second, ask.get("/").text) == ("hello", "hello", "good evening")


@runs("core-cache")
def core_cache(host: ComputeHost, module: ModuleType) -> None:
    host.backend("news").get("/", text="old")
    host.backend("news").get("/", text="new")
    ask = client(host, module)
    fresh = [ask.get("/").text, ask.get("/").text]
    host.clock.advance(31)

    assert [*fresh, ask.get("/").text] == ["old", "old", "new"]


@runs("runtime")
def runtime(host: ComputeHost, module: ModuleType) -> None:
    host.service = ServiceInfo(pop="OSL", is_staging=True)

    assert re.fullmatch(r"OSL \(staging\): \d+ ms", client(host, module).get("/").text)


@runs("shielding")
def shielding(host: ComputeHost, module: ModuleType) -> None:
    site = ShieldingSite(unencrypted="http://shield.example", encrypted="https://shield.example")
    ask = client(host, module)
    host.target("shield.example").get("/", text="from the shield")
    host.backend("origin").get("/lamp", text="from the origin")
    host.shielding_sites = {"pdx-or-us": site}
    at_the_edge = ask.get("/").text
    host.shielding_sites = {"pdx-or-us": None}

    assert (at_the_edge, ask.get("/lamp").text) == ("from the shield", "from the origin")


@runs("security")
def security(host: ComputeHost, module: ModuleType) -> None:
    ask = client(host, module)
    allowed = ask.get("/").text
    host.waf_verdict = WafVerdict(verdict="block", status=406)

    assert (allowed, ask.get("/").status) == ("hello", 403)


@runs("image-optimizer")
def image_optimizer(host: ComputeHost, module: ModuleType) -> None:
    host.backend("images")
    host.image_optimizer = lambda call: Reply.of(text=call.query_string)

    assert client(host, module).get("/lamp.jpg").text == "region=us_east&format=webp&width=320"


@runs("reuse")
def reuse(host: ComputeHost, module: ModuleType) -> None:
    answers = client(host, module).requests(["/"] * 3)

    assert [answer.text for answer in answers] == ["hello"] * 3


@runs("fanout")
def fanout(host: ComputeHost, module: ModuleType) -> None:
    host.backend("self")
    ask = client(host, module)
    ask.get("/")
    forged = ask.get("/", headers={"Grip-Sig": "e30.e30.AAAA"})

    assert len(host.handoffs) == 1
    assert forged.status == 403


@runs("websocket")
def websocket(host: ComputeHost, module: ModuleType) -> None:
    host.backend("chat")
    ask = client(host, module)
    ask.get("/", headers={"Upgrade": "websocket", "Connection": "Upgrade"})

    assert len(host.handoffs) == 1
    assert ask.get("/").status == 426


@runs("geo")
def geo(host: ComputeHost, module: ModuleType) -> None:
    host.geolocation["192.0.2.1"] = {"city": "Oslo"}
    ask = client(host, module)

    assert ask.get("/", client_address="192.0.2.1").text == "Hello, Oslo"
    assert ask.get("/", client_address="192.0.2.2").text == "Hello, wherever you are"


@runs("acl")
def acl(host: ComputeHost, module: ModuleType) -> None:
    host.acls["visitors"]["192.0.2.0/24"] = "BLOCK"
    host.acls["visitors"]["192.0.2.1/32"] = "ALLOW"
    ask = client(host, module)
    addresses = ["192.0.2.1", "192.0.2.2", "198.51.100.1"]

    assert [ask.get("/", client_address=address).status for address in addresses] == [200, 403, 200]


@runs("erl")
def erl(host: ComputeHost, module: ModuleType) -> None:
    ask = client(host, module)
    first = ask.get("/")
    module.limiter.check_rate("127.0.0.1", 1001)
    second = ask.get("/")

    assert (first.status, second.status) == (200, 429)
    assert second.headers["retry-after"] == "300"


@runs("device-detection")
def device_detection(host: ComputeHost, module: ModuleType) -> None:
    host.devices["Phone/1.0"] = {"device": {"is_mobile": True}}
    ask = client(host, module)

    assert ask.get("/", headers={"User-Agent": "Phone/1.0"}).text == "narrow"
    assert ask.get("/").text == "wide"


@runs("testing")
def shown_test(host: ComputeHost, module: ModuleType) -> None:
    module.test_it_says_hello(host, client(host, module))


@pytest.mark.parametrize("capability", PAGES)
def test_the_snippet_does_what_its_page_says(capability: str, compute_host: ComputeHost) -> None:
    RUNS[capability](compute_host, snippet(capability))


def test_a_policy_without_a_default_refuses(compute_host: ComputeHost) -> None:
    policy.enforce_explicit_backends()
    backend = importlib.import_module("fastly_compute.backend").Backend

    with pytest.raises(BackendNotAllowed):
        backend.for_url("https://elsewhere.example/")


@pytest.mark.parametrize("capability", PAGES)
def test_a_page_is_complete(capability: str) -> None:
    page = PAGES[capability]
    text = (FOLDER / f"{capability}.md").read_text()

    assert set(page) == {"title", "task", "notes", "snippets", "option"}
    assert set(page["snippets"]) == set(SDKS)
    assert text == f"# {page['title']}\n\n```{{comparison}} {capability}\n```\n"
    for option in page["option"]:
        assert set(option) <= {"what", "wit", *SDKS}
        assert all(len(option[sdk]) == 6 for sdk in SDKS if sdk in option), option


def parts(name: str) -> tuple[object, str | None]:
    """Find what a name such as ``Class.method(argument=)`` or ``package.function`` means."""
    path, _, argument = name.removesuffix(")").partition("(")
    first, *rest = path.split(".")
    owners = [package for package in PACKAGES if first in package.__all__]
    named = [package for package in PACKAGES if package.__name__ == f"fastly_compute.{first}"]
    if named and rest:
        owners, (first, *rest) = named, rest
    (owner, *_) = owners or [None]
    assert owner is not None, f"{first} is nothing public"
    thing: object = getattr(owner, first)
    for attribute in rest:
        thing = inspect.getattr_static(thing, attribute)
    return thing, argument.removesuffix("=") or None


@pytest.mark.parametrize(
    ("capability", "what", "name"),
    [(cap, option["what"], option[sdk][0]) for cap, option, sdk in OPTIONS if sdk == "python"],
)
def test_the_python_column_names_the_real_api(capability: str, what: str, name: str) -> None:
    candidates = [package for package in PACKAGES if name.partition("(")[0] in package.__all__]
    thing, argument = parts(name)
    if argument is None:
        return
    functions = [getattr(package, name.partition("(")[0]) for package in candidates] or [thing]
    functions = [getattr(function, "__func__", function) for function in functions]

    assert any(argument in inspect.signature(function).parameters for function in functions)


@pytest.mark.parametrize(
    ("name", "default"),
    [(option[sdk][0], option[sdk][3]) for _, option, sdk in OPTIONS if sdk == "python"],
)
def test_what_is_required_is_what_has_no_default(name: str, default: str) -> None:
    thing, argument = parts(name)
    if argument is None:
        return
    function = getattr(thing, "__func__", thing)
    value = inspect.signature(function).parameters[argument].default
    literal = default.partition(":")[0]

    if default == "required":
        assert value in (inspect.Parameter.empty, None), name
    elif literal in ("None", "True", "False", "()") and value is not None:
        assert repr(value) == literal, name


def errors() -> dict[str, type]:
    names = {}
    for package in PACKAGES:
        for name in package.__all__:
            thing = getattr(package, name)
            if inspect.isclass(thing) and issubclass(thing, FastlyComputeError):
                names[name] = thing
    return names | {"ValueError": ValueError, "TypeError": TypeError}


@pytest.mark.parametrize(
    ("capability", "option"), [(cap, option) for cap, option, sdk in OPTIONS if sdk == "python"]
)
def test_the_errors_of_the_python_column_are_real(
    capability: str, option: dict[str, list[str]]
) -> None:
    known = {*errors(), "HandleClosed", "HostUnavailable", "FastlyComputeError"}
    named = re.findall(r"\b[A-Z]\w+", option["python"][5])

    assert [name for name in named if name not in known] == []


def wit_functions() -> set[str]:
    """Return every function of the interface ``backend``."""
    text = re.sub(r"//.*", "", WIT.read_text())
    (interface,) = re.findall(r"\binterface backend \{(.*?)\n\}", text, re.DOTALL)
    found = set(re.findall(r"^  ([\w-]+): func", interface, re.MULTILINE))
    for resource, body in re.findall(r"resource ([\w-]+) \{(.*?)\n  \}", interface, re.DOTALL):
        names = re.findall(r"^    ([\w-]+)(?:: (?:static )?func)?\(", body, re.MULTILINE)
        found |= {f"{resource}.{name}" for name in names}
    return found


def test_every_function_of_the_backend_interface_is_compared_once() -> None:
    named = [
        name
        for page in PAGES.values()
        for option in page["option"]
        for name in option.get("wit", [])
    ]

    assert len(wit_functions()) > 50
    assert sorted(named) == sorted(wit_functions())


def test_python_has_something_for_every_function_but_one() -> None:
    lacking = [
        option["wit"]
        for page in PAGES.values()
        for option in page["option"]
        if "wit" in option and "python" not in option
    ]

    # Opening a backend again by its name is the same as cloning its handle.
    assert lacking == [["backend.clone"]]
