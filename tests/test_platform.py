"""Every function of the WIT is used by a package, or has a reason why not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from fastly_compute.local.extending import WIT_FUNCTIONS

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/platform.md"
TOOLS = {"cli", "local", "stubs", "testing"}
# By the start of a function's label.
UNUSED = {
    "backend.Backend.clone": "a Backend can be used as often as wanted",
    "backend.Backend.get_name": "the name is known without a call",
    "cache.ExtraLookupOptions": "no options beyond the record yet",
    "cache.ExtraWriteOptions": "no options beyond the record yet",
    "cache.ExtraReplaceOptions": "no options beyond the record yet",
    "cache.Entry.step": "the Python objects release what they hold themselves",
    "cache.ReplaceEntry.step": "the Python objects release what they hold themselves",
    "erl.PenaltyBox.get_name": "the name is known without a call",
    "erl.RateCounter.get_name": "the name is known without a call",
    "http-body.write_front": "a Body of several parts is written in order",
    "http-body.get_known_length": "Content-Length has it",
    "http-body.get_trailer_value": "the plural reads every value",
    "http-cache.Entry.get_age_ns": "the Age of a found response has it",
    "http-cache.Entry.get_hits": "a response does not show how often it was found",
    "http-cache.get_suggested_cache_key": "the host uses it if CacheOptions has no key",
    "http-downstream.ExtraBotCategory": "no categories beyond the enum yet",
    "http-downstream.downstream_bot_category_kind": "downstream-client-bot-category has it",
    "http-downstream.downstream_original_header_count": "the names are counted",
    "http-req.Request.get_header_value": "the plural reads every value",
    "http-req.Request.insert_header": "headers are appended to a new request",
    "http-req.Request.set_version": "backends are sent HTTP/1.1",
    "http-req.send_uncached": "CacheOptions(pass_through=True) does it",
    "http-req.send_async_uncached": "CacheOptions(pass_through=True) does it",
    "http-req.upgrade_websocket": "IncomingRequest.handoff_websocket does it",
    "http-resp.Response.get_header_value": "the plural reads every value",
    "http-resp.Response.insert_header": "set-header-values replaces them",
    "http-resp.Response.set_version": "the platform sets it for the client",
    "image-optimizer.transform": "deprecated: send-to-image-optimizer replaces it",
    "kv-store.Store.list": "store.list-async followed by await-list is the same",
    "log.Endpoint.clone": "a LogEndpoint can be used as often as wanted",
}


def names_in(source: str) -> Iterator[str]:
    """Yield what a module may call a function of the bindings by, in Python or in the WIT."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name):
                yield name
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w-]+", text):
                yield text.replace("-", "_")


def prefixes_in(source: str) -> Iterator[str]:
    """Yield the beginnings of the names that a module puts together."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                yield text.replace("-", "_")


def used() -> dict[str, set[str]]:
    """Return the names that packages use, by the interface whose bindings they have."""
    found: dict[str, set[str]] = {}
    for package in sorted((ROOT / "packages").glob("fastly-compute-*")):
        if package.name.removeprefix("fastly-compute-") in TOOLS:
            continue
        sources = [path.read_text() for path in package.glob("src/**/*.py")]
        names = {name for source in sources for name in names_in(source)}
        prefixes = {prefix for source in sources for prefix in prefixes_in(source)}
        names |= {prefix + name for prefix in prefixes for name in names}
        for source in sources:
            for interface in re.findall(r"bindings\.interface\(\"(\w+)\"\)", source):
                found.setdefault(interface.replace("_", "-"), set()).update(names)
    return found


def test_every_function_of_the_wit_is_used_or_has_a_reason() -> None:
    names = used()
    unused = []
    for label in WIT_FUNCTIONS:
        interface, *owner, function = label.split(".")
        name = owner[-1] if function == "__init__" else function
        if name not in names.get(interface, set()):
            unused.append(label)

    unexplained = [label for label in unused if not label.startswith(tuple(UNUSED))]
    stale = [reason for reason in UNUSED if not any(label.startswith(reason) for label in unused)]
    assert not unexplained
    assert not stale


def test_the_page_about_the_platform_has_every_interface() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \|", PAGE.read_text(), re.MULTILINE)
    in_wit = {label.partition(".")[0] for label in WIT_FUNCTIONS}

    assert {interface for interface, _ in rows} == in_wit
    for interface, package in rows:
        assert package.startswith("`fastly-compute-") or package == "none yet", interface
