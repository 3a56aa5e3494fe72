"""Which actions count as an app's, where they are reported, and how often."""

import gc
import http.client
import os
import socket
import threading
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path

import markupsafe._speedups
import pytest
from wit_world.imports import async_io, backend, http_body, http_downstream, http_req, http_resp

from fastly_compute.local import (
    BackendConfig,
    Host,
    HostConfig,
    NativeApp,
    Server,
    Unavailable,
    UnavailableInSandbox,
    UnavailableInSandboxWarning,
)

Action = Callable[[], object]
DISCARD = ("127.0.0.1", 9)


def app(handle: Action) -> NativeApp:
    class HttpIncoming:
        def handle(self, request: object, body: object) -> None:
            handle()

    return NativeApp(HttpIncoming)


def do(action: Action, *, host: Host | None = None, unavailable: Unavailable = "error") -> None:
    """Let an app do it while it handles a request, and raise what it raises."""
    raised: list[BaseException] = []

    def handle() -> None:
        try:
            action()
        except BaseException as error:
            raised.append(error)

    with Host(unavailable=unavailable) as made:
        (host or made).request(app(handle))
    if raised:
        raise raised[0]


def warnings_of(action: Action) -> list[str]:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        do(action, unavailable="warn")
    return [str(one.message) for one in shown if one.category is UnavailableInSandboxWarning]


def test_the_message_names_module_and_line() -> None:
    def opens() -> None:
        socket.create_connection(DISCARD)

    line = opens.__code__.co_firstlineno + 1
    with pytest.raises(UnavailableInSandbox) as caught:
        do(opens)

    assert str(caught.value).startswith(f"{__name__}:{line} resolves '127.0.0.1', but a sandbox")


def test_the_message_names_the_line_of_the_app_that_called_a_library(tmp_path: Path) -> None:
    library = tmp_path / "site-packages" / "library.py"
    names: dict[str, Action] = {"__name__": "library"}
    exec(compile("import socket\ndef open(): socket.socket()", library, "exec"), names)

    def calls() -> None:
        names["open"]()

    line = calls.__code__.co_firstlineno + 1
    with pytest.raises(UnavailableInSandbox) as caught:
        do(calls)

    assert str(caught.value).startswith(
        f"library:2, called from {__name__}:{line}, opens a socket, but"
    )


def test_an_extension_is_reported_at_the_import_that_began_it(tmp_path: Path, monkeypatch) -> None:
    package = tmp_path / "with_extension"
    package.mkdir()
    (package / "__init__.py").write_text("from with_extension import _speedups\n")
    found = Path(markupsafe._speedups.__file__)
    (package / found.name).symlink_to(found)
    monkeypatch.syspath_prepend(tmp_path)

    def imports() -> None:
        import with_extension  # type: ignore[import-not-found]  # noqa: F401

    line = imports.__code__.co_firstlineno + 1
    with pytest.raises(UnavailableInSandbox) as caught:
        do(imports)

    assert str(caught.value).startswith(f"{__name__}:{line} imports the native extension with_ext")


def test_a_warning_is_shown_once_for_each_place_and_the_action_goes_on() -> None:
    made: list[socket.socket] = []

    def opens() -> None:
        made.extend(socket.socket() for _ in range(3))
        made.append(socket.socket())

    shown = warnings_of(opens)
    for one in made:
        one.close()

    line = opens.__code__.co_firstlineno + 1
    assert len(made) == 4
    assert [text.partition(" opens a socket, but ")[0] for text in shown] == [
        f"{__name__}:{line}",
        f"{__name__}:{line + 1}",
    ]


def test_each_host_warns_by_itself() -> None:
    def opens() -> None:
        socket.socket().close()

    assert [len(warnings_of(opens)) for _ in range(2)] == [1, 1]


def test_a_warning_that_is_an_error_is_raised_each_time() -> None:
    with Host() as host:
        for _ in range(2):
            with pytest.raises(UnavailableInSandboxWarning):
                do(lambda: socket.socket().close(), host=host)


def test_it_can_be_allowed() -> None:
    do(lambda: socket.socket().close(), unavailable="allow")


def test_other_values_are_refused() -> None:
    with pytest.raises(ValueError, match="unavailable = 'off': must be one of error, warn, allow"):
        Host(unavailable="off")


def test_an_app_that_handles_the_error_goes_on() -> None:
    begun: list[str] = []

    def falls_back() -> None:
        try:
            socket.create_connection(DISCARD)
        except OSError:
            begun.append("a backend")

    do(falls_back)

    assert begun == ["a backend"]


def test_what_the_host_does_for_the_app_is_allowed() -> None:
    """It resolves a name and opens a socket."""
    failed: list[BaseException] = []

    def sends() -> None:
        request = http_req.Request.new()
        request.set_uri("http://localhost/")
        try:
            http_req.send(request, http_body.new(), backend.Backend.open("origin"))
        except BaseException as error:
            failed.append(error)

    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    config = HostConfig(backends={"origin": BackendConfig(url=f"http://localhost:{port}")})
    with Host(config, unavailable="error") as host:
        do(sends, host=host)

    detail = failed[0].value.detail  # type: ignore[attr-defined]
    assert type(detail) is http_req.SendErrorDetail_ConnectionRefused


def test_what_the_host_does_when_the_app_drops_something_is_allowed() -> None:
    """A further request that the app does not take gets a new sandbox, and so a thread."""
    waiting = threading.Event()
    problems: list[BaseException] = []

    def takes_one() -> None:
        http_resp.send_downstream(http_resp.Response.new(), http_body.new())
        if waiting.is_set():
            return
        options = http_downstream.NextRequestOptions(timeout_ms=None, extra=None)
        try:
            with http_downstream.next_request(options) as following:
                waiting.set()
                async_io.select([following])
        except BaseException as error:
            problems.append(error)

    def get(server: Server) -> int:
        connection = http.client.HTTPConnection(*server.address, timeout=30)
        connection.request("GET", "/")
        status = connection.getresponse().status
        connection.close()
        return status

    with (
        Host(output=lambda line: None, unavailable="error") as host,
        Server(host, app(takes_one), ("127.0.0.1", 0)) as server,
    ):
        first = get(server)
        assert waiting.wait(30)
        second = get(server)

    assert (first, second, problems) == (200, 200, [])


def test_code_outside_a_request_is_not_the_apps(tmp_path: Path) -> None:
    with Host(unavailable="error") as host, host.guest_context():
        socket.socket().close()
        (tmp_path / "file").write_bytes(b"content")
        thread = threading.Thread(target=os.getpid)
        thread.start()
        thread.join()


def test_other_threads_are_not_the_apps() -> None:
    opened: list[socket.socket] = []
    asked, done = threading.Event(), threading.Event()

    def opens() -> None:
        asked.wait(30)
        opened.append(socket.socket())
        done.set()

    thread = threading.Thread(target=opens)
    thread.start()
    do(lambda: (asked.set(), done.wait(30)))
    thread.join()
    opened[0].close()


def test_what_runs_when_an_object_is_collected_is_not_the_apps(tmp_path: Path) -> None:
    class Node:
        pass

    path = tmp_path / "removed"
    path.write_text("")
    node = Node()
    node.itself = node  # type: ignore[attr-defined]
    weakref.finalize(node, os.remove, path)
    del node
    do(gc.collect)

    assert not path.exists()


def test_an_app_within_a_callback_of_another_ones_host() -> None:
    """The mark of the outer app is there again when the inner one has ended."""

    def inner() -> None:
        do(lambda: socket.socket().close(), unavailable="allow")
        socket.socket()

    with pytest.raises(UnavailableInSandbox):
        do(inner)


def test_the_app_of_a_server() -> None:
    lines: list[str] = []
    with (
        Host(output=lines.append, unavailable="error") as host,
        Server(host, app(socket.socket), ("127.0.0.1", 0)) as server,
    ):
        connection = http.client.HTTPConnection(*server.address, timeout=30)
        connection.request("GET", "/")
        status = connection.getresponse().status
        connection.close()

    assert status == 500
    assert any(".UnavailableInSandbox: " in line for line in lines)
