"""Sending requests through the Image Optimizer, as a guest does it."""

import gzip
import io
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from componentize_py_types import Err
from wit_world.imports import types

from fastly_compute import core, image_optimizer
from fastly_compute.backend import BackendNotFound
from fastly_compute.core import HandleClosed, HostUnavailable
from fastly_compute.http import CacheOptions, Request, Response, service
from fastly_compute.image_optimizer import (
    Crop,
    Format,
    ImageOptimizerCallFailed,
    ImageOptimizerOptions,
    ImageOptimizerUnsupported,
    InvalidImageOption,
    Percent,
    Pixels,
    Ratio,
    Region,
    send_to_image_optimizer,
)
from fastly_compute.image_optimizer.errors import CLASSES
from fastly_compute.local import BackendConfig, NativeApp
from fastly_compute.testing import ComputeClient, ComputeHost, ImageCall, Reply

WIT = Path(__file__).parents[2] / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"
URL = "https://images.example.com/lamp.jpg?width=9&token=s3cret"
OPTIONS = ImageOptimizerOptions(
    region=Region.EU_WEST, format=Format.AUTO, width=Pixels(640), crop=Crop(Ratio(16, 9))
)
SENT = "region=eu_west&crop=16%3A9&format=auto&width=640"


@pytest.fixture
def seen(compute_host) -> list[ImageCall]:
    """The requests to the Image Optimizer, which makes every image small."""
    calls: list[ImageCall] = []

    def transform(call):
        calls.append(call)
        return Reply.of(headers={"Content-Type": "image/webp", "X-Io": "yes"}, body=b"small")

    compute_host.backend("images", BackendConfig(url="https://origin.example"))
    compute_host.image_optimizer = transform
    return calls


def test_the_image_optimizer_gets_the_options_and_the_request(seen) -> None:
    request = Request("GET", URL, headers={"Accept": "image/webp"})
    with send_to_image_optimizer(request, OPTIONS, "images") as response:
        assert (response.status, response.headers["content-type"]) == (200, "image/webp")
        assert response.body.read() == b"small"

    (call,) = seen
    assert call.query_string == SENT
    assert call.options == {
        "region": "eu_west",
        "crop": "16:9",
        "format": "auto",
        "width": "640",
    }
    assert (call.origin.backend, call.origin.config.host) == ("images", "origin.example")
    assert (call.origin.method, call.origin.path) == ("GET", "/lamp.jpg")
    assert call.origin.query == "width=9&token=s3cret"
    assert call.origin.headers["host"] == "images.example.com"
    assert call.origin.headers["accept"] == "image/webp"
    assert call.origin.body == b""


def test_without_a_backend_the_urls_own_is_used(compute_host, seen) -> None:
    send_to_image_optimizer(Request("GET", URL), OPTIONS).close()

    assert seen[0].origin.config.authority == "images.example.com"
    assert len(compute_host.backends) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"a body",
        lambda: "a body",
        lambda: io.BytesIO(b"a body"),
        lambda: (part for part in (b"a b", b"ody")),
    ],
)
def test_a_body_is_sent(seen, make) -> None:
    send_to_image_optimizer(Request("POST", URL, body=make()), OPTIONS, "images").close()

    assert seen[0].origin.body == b"a body"


def test_the_clients_body_and_the_response_are_passed_on_unread(compute_host, seen) -> None:
    @service
    def app(request):
        image = Request("POST", URL, body=request.body)
        response = send_to_image_optimizer(image, OPTIONS, "images")
        with pytest.raises(HandleClosed):
            request.body.read()
        return response

    calls = []

    def watch(name, function, args):
        calls.append(name)
        return function(*args)

    compute_host.host.interpose = watch
    response = ComputeClient(compute_host.host, NativeApp(app)).post("/", body=b"x" * 100_000)

    assert (response.status, response.body, response.headers["x-io"]) == (200, b"small", "yes")
    assert seen[0].origin.body == b"x" * 100_000
    assert "image-optimizer.send_to_image_optimizer" in calls
    assert not [name for name in calls if name.startswith("http-body.")]


def test_gzip_is_decompressed_if_that_is_wanted(compute_host, seen) -> None:
    compute_host.image_optimizer = lambda call: Reply.of(
        headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"<svg/>")
    )
    request = Request("GET", URL, decompress_gzip=True)

    assert send_to_image_optimizer(request, OPTIONS, "images").body.read() == b"<svg/>"


def test_without_an_image_optimizer_the_error_says_so(compute_host) -> None:
    compute_host.backend("images").get("/lamp.jpg", body=b"the original")
    request = Request("GET", URL)
    with pytest.raises(ImageOptimizerUnsupported) as caught:
        send_to_image_optimizer(request, OPTIONS, "images")

    assert str(caught.value) == (
        "image-optimizer.send-to-image-optimizer on 'images' failed: only Fastly's platform has an "
        "Image Optimizer, on services with that product (unsupported)"
    )
    assert isinstance(caught.value, NotImplementedError)
    assert request.send("images").body.read() == b"the original"


def test_an_image_optimizer_can_be_taken_away_again(compute_host, seen) -> None:
    assert compute_host.image_optimizer is not None
    compute_host.image_optimizer = None

    with pytest.raises(ImageOptimizerUnsupported):
        send_to_image_optimizer(Request("GET", URL), OPTIONS, "images")
    assert not seen
    with pytest.raises(TypeError, match=r"^image_optimizer: must be a function, not str$"):
        compute_host.image_optimizer = "small"


def raises(call):
    raise ZeroDivisionError("the fake is wrong")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (raises, "ZeroDivisionError: the fake is wrong"),
        (lambda call: b"small", "a callback must return a Reply, not bytes"),
    ],
)
def test_a_function_that_fails_fails_the_test(function, message) -> None:
    with ComputeHost() as host:
        host.backend("images")
        host.image_optimizer = function
        with pytest.raises(ImageOptimizerCallFailed, match=r"\(generic-error\)$") as caught:
            send_to_image_optimizer(Request("GET", URL), OPTIONS, "images")
        (problem,) = host.take_problems()

    assert type(caught.value) is ImageOptimizerCallFailed
    assert problem.startswith("The image_optimizer for GET /lamp.jpg?")
    assert problem.endswith(message)


def test_a_late_reply_is_an_error(compute_host, seen) -> None:
    compute_host.image_optimizer = lambda call: Reply(latency=3600)

    with pytest.raises(ImageOptimizerCallFailed, match=r"\(generic-error\)$"):
        send_to_image_optimizer(Request("GET", URL), OPTIONS, "images")


@pytest.mark.parametrize("cache", [CacheOptions(ttl=3), CacheOptions(pass_through=True)])
def test_cache_options_are_refused_since_they_have_no_effect(seen, cache) -> None:
    with pytest.raises(InvalidImageOption) as caught:
        send_to_image_optimizer(Request("GET", URL, cache=cache), OPTIONS, "images")

    assert str(caught.value) == (
        "request.cache: the Image Optimizer ignores the request's CacheOptions: leave them out"
    )
    assert not seen


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((URL, OPTIONS), "request must be a Request, not str"),
        ((Request("GET", URL), SENT), "options must be ImageOptimizerOptions, not str"),
    ],
)
def test_an_argument_of_another_type_is_refused(arguments, message) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        send_to_image_optimizer(*arguments)


def test_an_unknown_backend_is_an_error(seen) -> None:
    with pytest.raises(BackendNotFound):
        send_to_image_optimizer(Request("GET", URL), OPTIONS, "nowhere")


def test_a_body_that_was_read_is_not_sent(seen) -> None:
    request = Request("POST", URL, body=b"a body")
    request.body.read()

    with pytest.raises(HandleClosed):
        send_to_image_optimizer(request, OPTIONS, "images")
    assert not seen


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (types.Error_Unsupported(), ImageOptimizerUnsupported),
        (types.Error_GenericError(), ImageOptimizerCallFailed),
        (types.Error_HttpInvalid(), ImageOptimizerCallFailed),
    ],
)
def test_each_error_of_the_host_has_its_exception(compute_host, seen, error, kind) -> None:
    def refuse(name, function, args):
        if name.startswith("image-optimizer."):
            raise Err(error)
        return function(*args)

    compute_host.host.interpose = refuse
    with pytest.raises(kind) as caught:
        send_to_image_optimizer(Request("GET", URL), OPTIONS, "images")
    assert type(caught.value) is kind
    assert caught.value.operation == "image-optimizer.send-to-image-optimizer"
    assert caught.value.subject == "images"
    assert "s3cret" not in str(caught.value)


def test_every_error_of_the_wit_becomes_an_error_of_this_package() -> None:
    assert set(CLASSES) == set(core.errors.CLASSES)
    for case, kind in CLASSES.items():
        error = kind("image-optimizer.send-to-image-optimizer", case=case, subject="images")
        again = pickle.loads(pickle.dumps(error))

        assert isinstance(error, image_optimizer.ImageOptimizerError)
        assert (type(again), str(again)) == (type(error), str(error))


def test_options_are_made_without_a_host_but_nothing_is_sent() -> None:
    options = ImageOptimizerOptions(region=Region.ASIA, width=Percent(50))

    with pytest.raises(HostUnavailable):
        send_to_image_optimizer(Request("GET", URL), options, "images")


def test_everything_that_the_wit_offers_is_used() -> None:
    text = WIT.read_text(encoding="utf-8")
    (interface,) = re.findall(
        r"^interface image-optimizer \{$(.*?)^\}$", text, re.DOTALL | re.MULTILINE
    )

    assert re.findall(r"^ +([a-z-]+): func", interface, re.MULTILINE) == [
        "send-to-image-optimizer",
        "transform-image-optimizer-request",  # deprecated
    ]
    assert re.findall(r"^    ([a-z-]+): option", interface, re.MULTILINE) == [
        "sdk-claims-opts",
        "extra",
    ]


def test_the_package_can_be_imported_without_a_host_and_without_heavy_modules() -> None:
    code = (
        "import fastly_compute.http, sys; before = set(sys.modules)\n"
        "import fastly_compute.image_optimizer\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "['fastly_compute']\n"


def test_a_response_can_be_changed(seen) -> None:
    response = send_to_image_optimizer(Request("GET", URL), OPTIONS, "images")

    assert isinstance(response, Response)
    response.headers["Cache-Control"] = "max-age=60"
    assert response.headers["X-Io"] == "yes"
