import ctypes
import re
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from click.testing import Result

from fastly_compute.cli.commands.build import Built
from fastly_compute.cli.commands.serve import configuration, parse_address
from fastly_compute.cli.project.settings import Project

Run = Callable[..., Result]
Serving = Callable[..., AbstractContextManager[Any]]
Change = Callable[[Any, Path, str], None]
Write = Callable[[str, str], Path]

APP = """
from fastly_compute.http import IncomingRequest, Response, service


def handle(request: IncomingRequest) -> Response:
    if request.path == "/boom":
        raise ValueError("boom")
    return Response.text("first")


HttpIncoming = service(handle)
"""


BUSY = """
import threading


class HttpIncoming:
    def handle(self, request, body):
        print("busy", flush=True)
        threading.Event().wait()


"""


GRIP = """
from wit_world.imports import backend


class HttpIncoming:
    def handle(self, request, body):
        request.redirect_to_grip_proxy(backend.Backend.open("self"))
"""


@pytest.fixture
def app(write: Write) -> Path:
    return write("main.py", APP)


def test_the_native_host_serves_logs_shows_tracebacks_and_stops(
    app: Path, serving: Serving
) -> None:
    with serving(app.parent, "--runtime", "native") as served:
        answer = served.get()
        failure = served.get("/boom")
        output = served.stop()

    assert answer == (200, "first")
    assert failure == (500, "Internal Server Error")
    assert re.search(r"^GET / 200 in [\d.]+ ms$", output, re.MULTILINE)
    assert re.search(r"^GET /boom 500 in [\d.]+ ms$", output, re.MULTILINE)
    assert f'  File "{app}", line 7, in handle\n    raise ValueError("boom")\n' in output
    assert output.endswith("Stopped.\n")
    assert served.process.returncode == 0


def test_the_wasm_host_serves_logs_shows_tracebacks_and_stops(
    built_app: Built, folder: Path, serving: Serving
) -> None:
    source = built_app.output.parent.parent / "main.py"
    (folder / "main.py").write_bytes(source.read_bytes())
    with serving(folder) as served:
        answer = served.get("/frozen")
        failure = served.get("/boom")
        output = served.stop()

    assert answer == (200, "true")
    assert failure == (500, "Internal Server Error")
    assert re.search(r"^GET /frozen 200 in [\d.]+ ms$", output, re.MULTILINE)
    assert re.search(
        r'^  File ".*/test_the_wasm_host.*/main.py", line \d+, in', output, re.MULTILINE
    )
    assert '    raise ValueError("boom")  # the line that a traceback shows\n' in output
    assert served.process.returncode == 0


def test_being_terminated_is_as_good_as_being_interrupted(app: Path, serving: Serving) -> None:
    with serving(app.parent, "--runtime", "native") as served:
        output = served.stop(signal.SIGTERM)

    assert output == "Stopped.\n"
    assert served.process.returncode == 0


@pytest.mark.parametrize("options", [(), ("--watch",)])
def test_interrupts_while_it_stops_end_it_at_once(
    write: Write, serving: Serving, options: tuple[str, ...]
) -> None:
    app = write("main.py", BUSY)
    with serving(app.parent, "--runtime", "native", *options) as served:
        with socket.create_connection(("127.0.0.1", urlsplit(served.url).port or 0)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            served.wait_for("^busy$")
            served.process.send_signal(signal.SIGINT)
            client.recv(1)  # it has begun to stop, and waits for the request
            while served.process.poll() is None:
                served.process.send_signal(signal.SIGINT)
        output = served.process.communicate()[0]

    assert output == "Stopped.\n"
    assert served.process.returncode == 0


def test_an_interrupt_ends_it_where_a_thread_of_the_app_goes_on(
    write: Write, serving: Serving
) -> None:
    app = write("main.py", BUSY + "threading.Thread(target=threading.Event().wait).start()\n")
    with serving(app.parent, "--runtime", "native") as served:
        served.process.send_signal(signal.SIGINT)
        served.wait_for("^Stopped.$")
        output = served.stop()

    assert output == ""
    assert served.process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the threads are found in Linux's /proc")
def test_an_interrupt_that_the_system_gives_to_another_thread_stops_it(
    app: Path, serving: Serving
) -> None:
    with serving(app.parent, "--runtime", "native") as served:
        process = served.process
        threads = [int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir()]
        other = max(thread for thread in threads if thread != process.pid)
        ctypes.CDLL(None).tgkill(process.pid, other, signal.SIGINT)
        output = process.communicate(timeout=30)[0]

    assert output == "Stopped.\n"
    assert process.returncode == 0


def test_watching_loads_the_app_again_and_keeps_it_where_that_fails(
    app: Path, serving: Serving, change_until_noticed: Change
) -> None:
    with serving(app.parent, "--runtime", "native", "--watch") as served:
        before = served.get()
        served.wait_for("GET / 200")
        change_until_noticed(served, app, APP.replace("first", "a second"))
        served.wait_for(r"Reloaded in [\d.]+ s")
        after = served.get()
        app.write_text("import gone\n")
        served.wait_for("Error: cannot serve main: importing it failed with ModuleNotFound")
        served.wait_for("Build failed; still serving the previous version.")
        app.write_text("raise SystemExit\n")
        served.wait_for("Error: cannot serve main: importing it failed with SystemExit")
        served.wait_for("Build failed; still serving the previous version.")
        still = served.get()
        served.stop()

    assert before == (200, "first")
    assert after == still == (200, "a second")


def test_an_app_that_takes_too_long_is_ended(write: Write, folder: Path, serving: Serving) -> None:
    write(
        "main.py",
        "class HttpIncoming:\n    def handle(self, request, body):\n        while 1: ...\n",
    )
    with serving(folder, "--runtime", "native", "--time-limit", "0.2") as served:
        status, content = served.get()
        served.stop()

    assert status == 500
    assert "longer than the host's time limit" in content


@pytest.mark.parametrize("limit", ["-1", "nan", "inf", "soon"])
def test_a_time_limit_is_a_number_of_seconds(limit: str, app: Path, run: Run) -> None:
    result = run("serve", "--runtime", "native", "--time-limit", limit)

    assert result.exit_code == 2
    assert "--time-limit" in result.stderr


READING = """
from fastly_compute.http import IncomingRequest, Response, service


def handle(request: IncomingRequest) -> Response:
    return Response(body=request.body.read())


HttpIncoming = service(handle)
"""


def test_a_request_that_no_sandbox_can_take_gets_a_503(
    write: Write, folder: Path, serving: Serving
) -> None:
    write("main.py", READING)
    options = ["--runtime", "native", "--max-sandboxes", "1", "--max-queued", "0"]
    with serving(folder, *options) as served:
        address = urlsplit(served.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as upload:
            upload.sendall(
                b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            )
            # The app reads: the one sandbox is taken.
            continued = upload.recv(1024)
            refused = served.get()
            upload.sendall(b"ok")
            answer = upload.recv(1024)
        served.stop()

    assert continued.startswith(b"HTTP/1.1 100 ")
    assert refused[0] == 503
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--max-sandboxes", "0"), ("--max-sandboxes", "few"), ("--max-queued", "-1")],
)
def test_a_limit_is_a_number(option: str, value: str, app: Path, run: Run) -> None:
    result = run("serve", "--runtime", "native", option, value)

    assert result.exit_code == 2
    assert option in result.stderr


@pytest.mark.parametrize("port", ["0", "65536", "pushpin"])
def test_a_pushpin_has_a_port(port: str, app: Path, run: Run) -> None:
    result = run("serve", "--runtime", "native", "--local-pushpin-proxy-port", port)

    assert result.exit_code == 2
    assert "--local-pushpin-proxy-port" in result.stderr


def test_what_an_app_leaves_to_fanout_goes_to_pushpins_port(
    write: Write, folder: Path, serving: Serving
) -> None:
    write("main.py", GRIP)
    write("viceroy.toml", '[local_server.backends.self]\nurl = "http://127.0.0.1:1"\n')
    with socket.create_server(("127.0.0.1", 0)) as pushpin:
        port = str(pushpin.getsockname()[1])
        options = ("--runtime", "native", "-C", "viceroy.toml", "--local-pushpin-proxy-port", port)
        with serving(folder, *options) as served:
            address = served.url.removeprefix("http://").split(":")
            with socket.create_connection((address[0], int(address[1])), timeout=30) as client:
                client.sendall(b"GET /chat HTTP/1.1\r\nHost: h\r\n\r\n")
                other, _ = pushpin.accept()
                with other:
                    seen = b""
                    while not seen.endswith(b"\r\n\r\n"):
                        seen += other.recv(4096)
            served.stop()

    assert seen.startswith(b"GET /chat HTTP/1.1\r\n")
    assert b"\r\npushpin-route: self\r\n" in seen


def test_a_port_in_use_is_an_error(app: Path, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--runtime", "native", "--addr", f"127.0.0.1:{port}")

    assert result.exit_code == 1
    assert f"Error: cannot listen on 127.0.0.1:{port}: Address already in use" in result.stderr
    assert "--addr" in result.stderr


@pytest.mark.parametrize(
    "text", ["[local_server", "[local_server]\nbackend = 3\n", "[local_server.backends.a]\nx = 1"]
)
def test_a_wrong_configuration_is_one_line(text: str, app: Path, write: Write, run: Run) -> None:
    write("viceroy.toml", text)
    result = run("serve", "-C", "viceroy.toml", "--addr", "127.0.0.1:0")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: viceroy.toml")
    assert result.stderr.count("\n") == 1


def test_a_configuration_that_is_not_there_is_an_error(app: Path, run: Run) -> None:
    result = run("serve", "-C", "gone.toml")

    assert result.exit_code == 2
    assert "gone.toml" in result.stderr


def test_the_apps_own_exception_on_the_native_host_has_its_traceback(
    write: Write, run: Run
) -> None:
    write("broken.py", "raise ValueError('no tariff')\n")
    result = run("serve", "--runtime", "native", "--entry", "broken", "--addr", "127.0.0.1:0")

    assert result.exit_code == 1
    assert "ValueError: no tariff" in result.stderr
    assert "Error: cannot serve broken: importing it failed with ValueError" in result.stderr


@pytest.mark.parametrize("code", ["3", ""])
def test_an_app_that_exits_on_the_native_host_is_an_error(
    write: Write, run: Run, code: str
) -> None:
    path = write("leaving.py", f"import sys\nsys.exit({code})\n")
    result = run("serve", "--runtime", "native", "--entry", "leaving", "--addr", "127.0.0.1:0")

    assert result.exit_code == 1
    assert f'  File "{path}", line 2, in <module>\n' in result.stderr
    failed = "Error: cannot serve leaving: importing it failed with SystemExit"
    assert result.stderr.endswith(f"{failed}{code and f': {code}'}\n")


def test_a_syntax_error_on_the_native_host_is_shown_where_it_is(write: Write, run: Run) -> None:
    path = write("unclear.py", "def f(:\n    pass\n")
    result = run("serve", "--runtime", "native", "--entry", "unclear", "--addr", "127.0.0.1:0")

    assert result.exit_code == 1
    assert f'  File "{path}", line 1\n    def f(:\n' in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.endswith(
        "Error: cannot serve unclear: importing it failed with "
        "SyntaxError: invalid syntax (unclear.py, line 1)\n"
    )


def test_without_viceroy_the_error_says_how_to_install_it(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VICEROY", str(app.with_name("gone")))
    result = run("serve", "--runtime", "viceroy")

    assert result.exit_code == 1
    assert "cargo install viceroy --version 0.22.0 --locked" in result.stderr


def test_the_default_configuration_is_the_local_server_of_fastly_toml(
    folder: Path, write: Write
) -> None:
    project = Project(folder=folder)
    without = configuration(project, None)
    manifest = write("fastly.toml", "name = 'a'\n")
    bare = configuration(project, None)
    write("fastly.toml", "name = 'a'\n[local_server]\n")

    assert (without, bare) == (None, None)
    assert configuration(project, None) == manifest
    assert configuration(project, Path("viceroy.toml")) == Path("viceroy.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:0", ("::1", 0)), ("edge:1", ("edge", 1))],
)
def test_an_address_is_a_host_and_a_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize("text", ["", "7676", ":7676", "host:", "host:http", "host:65536"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="is not an address"):
        parse_address(text)


def test_a_component_is_served_as_it_is(folder: Path, built_app: Built, serving: Serving) -> None:
    with serving(folder, str(built_app.output), "--runtime", "wasm") as served:
        status = served.get("/frozen")[0]
        served.stop()

    assert status == 200


def test_a_file_that_is_no_component_is_an_error(folder: Path, run: Run) -> None:
    (folder / "notes.txt").write_text("not WebAssembly")
    result = run("serve", "notes.txt")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: notes.txt is not WebAssembly; give a component, such as the bin/main.wasm of a "
        "build\n"
    )


def test_the_native_host_takes_no_component(folder: Path, run: Run) -> None:
    (folder / "main.wasm").write_bytes(b"")
    result = run("serve", "main.wasm", "--runtime", "native")

    assert result.exit_code == 2
    assert "--runtime native runs an app's modules, not a component" in result.stderr


def test_a_traceback_of_the_native_host_begins_with_the_apps_own_frame(
    write: Write, run: Run
) -> None:
    path = write("failing.py", "def helper():\n    return 1 / 0\n\n\nhelper()\n")
    result = run("serve", "--runtime", "native", "--entry", "failing")

    assert result.exit_code == 1
    note, _, report = result.stderr.partition("\n")
    assert note.startswith("Note: no fastly.toml in ")
    assert report.startswith(
        f'Traceback (most recent call last):\n  File "{path}", line 5, in <module>\n'
    )
    assert result.stderr.endswith(
        "Error: cannot serve failing: importing it failed with "
        "ZeroDivisionError: division by zero\n"
    )


def test_the_native_host_names_a_module_without_a_handler(
    write: Write, folder: Path, run: Run
) -> None:
    write("empty.py", "x = 1\n")
    result = run("serve", "--runtime", "native", "--entry", "empty")

    assert result.exit_code == 1
    assert "Traceback" not in result.stderr
    assert f"Error: {folder / 'empty.py'} has no HttpIncoming. Add one: " in result.stderr


OPENING = """
import socket

from fastly_compute.http import IncomingRequest, Response, service


def handle(request: IncomingRequest) -> Response:
    with socket.socket():
        return Response.text("opened")


HttpIncoming = service(handle)
"""


def test_what_no_sandbox_can_is_a_warning_natively(write: Write, serving: Serving) -> None:
    app = write("main.py", OPENING)
    with serving(app.parent, "--runtime", "native") as served:
        answers = [served.get() for _ in range(2)]
        output = served.stop()

    assert answers == [(200, "opened")] * 2
    warning = f"{app}:8: UnavailableInSandboxWarning: main:8 opens a socket, but a sandbox has no"
    assert output.count(warning) == 1
    assert output.count("UnavailableInSandbox") == 1


def test_what_no_sandbox_can_is_an_error_with_strict(write: Write, serving: Serving) -> None:
    app = write("main.py", OPENING)
    with serving(app.parent, "--runtime", "native", "--strict") as served:
        answer = served.get()
        output = served.stop()

    assert answer == (500, "Internal Server Error")
    assert f'  File "{app}", line 8, in handle\n' in output
    assert "UnavailableInSandbox: main:8 opens a socket, but a sandbox has no sockets" in output


@pytest.mark.parametrize("runtime", ["wasm", "viceroy"])
def test_strict_is_refused_where_it_has_no_effect(app: Path, run: Run, runtime: str) -> None:
    result = run("serve", "--runtime", runtime, "--strict")

    assert result.exit_code == 2
    assert f"--strict is for --runtime native, not {runtime}" in result.stderr
