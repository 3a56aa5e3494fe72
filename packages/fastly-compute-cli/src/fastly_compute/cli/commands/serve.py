"""The development server: builds an app, serves it on one of three hosts, and follows changes."""

import contextlib
import importlib
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click

from fastly_compute.cli.commands.build import check
from fastly_compute.cli.commands.rebuild import Rebuilding
from fastly_compute.cli.commands.request_log import RequestLog
from fastly_compute.cli.commands.stopping import Stopping
from fastly_compute.cli.commands.viceroy import INSTALL, Viceroy, find_viceroy
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.app_modules import forget_modules
from fastly_compute.cli.project.native_extensions import loaded_native_extensions
from fastly_compute.cli.project.roots import app_roots, import_roots
from fastly_compute.cli.project.settings import Project, read_toml
from fastly_compute.cli.project.watching import changes
from fastly_compute.local import (
    ComponentError,
    ConfigError,
    EntryError,
    Host,
    HostConfig,
    Limits,
    NativeApp,
    Server,
    WasmApp,
    load,
    profile_call,
)
from fastly_compute.local.runtime import native

_LAST_PORT = 65535
_WAKE_SECONDS = 0.5
_GUEST_PATH = re.compile(r'^(  File ")/(\d+)/')


def parse_address(text: str) -> tuple[str, int]:
    """Read ``HOST:PORT``.

    Args:
        text: Such as ``127.0.0.1:7676`` or ``[::1]:7676``.

    Raises:
        UsageError: It is not an address.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and colon and port.isascii() and port.isdigit()):
        raise click.UsageError(f"--addr {text!r} is not an address; write it as 127.0.0.1:7676")
    if int(port) > _LAST_PORT:
        raise click.UsageError(
            f"--addr {text!r} is not an address: its port must be from 0 to {_LAST_PORT}"
        )
    return host, int(port)


def configuration(project: Project, given: Path | None) -> Path | None:
    """Choose the file that configures the host.

    Returns:
        The given one; else the app's fastly.toml if it has a ``[local_server]``; else None.
    """
    if given is not None:
        return given
    path = project.folder / "fastly.toml"
    return path if path.is_file() and "local_server" in read_toml(path) else None


def make_limits(sandboxes: int | None, queued: int) -> Limits:
    """Make the limits that the user gives; *sandboxes* is None for the default."""
    if sandboxes is None:
        return Limits(queued=queued)
    return Limits(sandboxes=sandboxes, queued=queued)


def serve(
    project: Project,
    component: Path | None = None,
    *,
    runtime: str,
    address: tuple[str, int],
    config: Path | None,
    watch: bool,
    time_limit: float | None = None,
    limits: Limits | None = None,
    pushpin_port: int | None = None,
    strict: bool = False,
    log: RequestLog = RequestLog(),  # noqa: B008 - a frozen value
) -> None:
    """Serve an app until the user stops it.

    Args:
        project: The app.
        component: A component to serve as it is, in place of building the app.
        runtime: ``wasm``, ``native`` or ``viceroy``.
        address: Where to listen.
        config: A file with a ``[local_server]``, or None for the app's fastly.toml.
        watch: Whether to build and load the app again when its files change.
        time_limit: Time limit per request, in seconds; None disables it. Viceroy
            has none.
        limits: How many sandboxes there are at once, and how many requests wait. Viceroy has no
            such limits.
        pushpin_port: Where a Pushpin on this machine takes what the app leaves to Fanout.
        strict: Whether the native runtime raises where the app does what no sandbox can, instead
            of warning.
        log: What is printed about each request. Viceroy prints its own lines instead.

    Raises:
        CliError: The app cannot be built or served; the message says what to do.
        UsageError: An option does not go with the others.
    """
    if component is not None and runtime == "native":
        raise click.UsageError(
            f"--runtime native runs an app's modules, not a component such as {component}; "
            "serve it with --runtime wasm or viceroy"
        )
    if strict and runtime != "native":
        raise click.UsageError(
            f"--strict is for --runtime native, not {runtime}: "
            "a component fails by itself where it does what no sandbox can"
        )

    rebuilding = Rebuilding(project, watch=watch)

    def make() -> Path:
        return component or rebuilding.build()

    def make_host(configured: HostConfig) -> Host:
        made = _host(project, configured, time_limit)
        made.pushpin_port = pushpin_port
        made.unavailable = "error" if strict else "warn"
        if log.profile:
            made.interpose = profile_call
        return made

    # A process manager's way to stop it is as good as the user's.
    stopping = Stopping()
    try:
        with contextlib.closing(rebuilding), stopping:
            if runtime == "viceroy":
                options = []
                if pushpin_port is not None:
                    options = ["--local-pushpin-proxy-port", str(pushpin_port)]
                _serve_viceroy(project, make, address, config, options, watch=watch)
            else:
                native = partial(_native, project)
                load_app = native if runtime == "native" else lambda: _wasm(make())
                _serve_embedded(
                    project, make_host, load_app, address, config, limits, log, watch=watch
                )
    except KeyboardInterrupt:
        stopping.end(err=log.owns_output)


def _serve_embedded(
    project: Project,
    make_host: Callable[[HostConfig], Host],
    make: Callable[[], WasmApp | NativeApp],
    address: tuple[str, int],
    config: Path | None,
    limits: Limits | None,
    log: RequestLog,
    *,
    watch: bool,
) -> None:
    configured = _configured(project, config)
    app = make()
    try:
        server = Server(
            make_host(configured), app, address, limits=limits, on_request=log.on_request
        )
    except OSError as error:
        raise CliError(
            f"cannot listen on {address[0]}:{address[1]}: {error.strerror or error}; "
            "give another address with --addr"
        ) from error
    with server:
        try:
            kind = "wasm" if isinstance(app, WasmApp) else "native"
            _announce(project, kind, server.url, err=log.owns_output)
            for _ in changes(project, config) if watch else _never():
                _reload(server, project, config, make_host, make)
        finally:
            server.host.close()


def _announce(project: Project, runtime: str, url: str, *, err: bool = False) -> None:
    click.echo(f"Serving {project.entry} on {url} (runtime {runtime}, Ctrl-C to stop)", err=err)


def _reload(
    server: Server,
    project: Project,
    config: Path | None,
    make_host: Callable[[HostConfig], Host],
    make: Callable[[], WasmApp | NativeApp],
) -> None:
    started = time.monotonic()
    try:
        configured = _configured(project, config)
        app = make()
    except CliError as error:
        error.show()
        click.echo("Build failed; still serving the previous version.", err=True)
        return
    before = server.host
    server.replace(make_host(configured), app)
    before.close()
    click.echo(f"Reloaded in {time.monotonic() - started:.1f} s", err=True)


def _wasm(component: Path) -> WasmApp:
    try:
        return WasmApp(component)
    except ComponentError as error:
        raise CliError(str(error)) from error


def _native(project: Project) -> NativeApp:
    roots = import_roots(project)
    check(project, roots)
    own = [*app_roots(project), *project.python_path]
    forget_modules(own)
    importlib.invalidate_caches()
    for root in reversed(own):
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))
    before = set(sys.modules)
    try:
        app = NativeApp.load(project.entry, project.folder)
    except EntryError as error:
        raise CliError(str(error)) from error
    except (Exception, SystemExit) as error:
        said = str(error)
        reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
        raise CliError(
            f"cannot serve {project.entry}: importing it failed with {reason}",
            details=_app_frames(error),
        ) from error
    loaded = loaded_native_extensions(set(sys.modules) - before, roots)
    if loaded:
        click.echo(
            "Warning: the app loads native extensions, which are not built for the component's "
            f"guest: {', '.join(loaded)}. In the component, these packages work only if they can "
            "do without them.",
            err=True,
        )
    return app


def _app_frames(error: BaseException) -> str:
    """Format a traceback from the app's first frame on; where it has none, nothing.

    The entry module's syntax error has none, but says itself where it is.
    """
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    if frames is None:
        own = isinstance(error, SyntaxError)
        return "".join(traceback.format_exception_only(error)) if own else ""
    return "".join(traceback.format_exception(error.with_traceback(frames)))


def _is_ours(path: str) -> bool:
    return path in {__file__, native.__file__, importlib.__file__} or path.startswith("<frozen")


def _configured(project: Project, config: Path | None) -> HostConfig:
    path = configuration(project, config)
    try:
        return HostConfig() if path is None else load(path)
    except ConfigError as error:
        raise CliError(str(error)) from error


def _host(project: Project, configured: HostConfig, time_limit: float | None) -> Host:
    roots = import_roots(project)

    def say(line: str) -> None:
        found = _GUEST_PATH.match(line)
        if found and int(found[2]) < len(roots):
            line = f"{found[1]}{roots[int(found[2])]}/{line[found.end() :]}"
        click.echo(line, err=True)

    return Host(configured, output=say, time_limit=time_limit)


def _never() -> Iterator[None]:
    # The system may give Ctrl-C to any thread, but only this one acts on it, once it wakes.
    while not threading.Event().wait(_WAKE_SECONDS):
        pass
    yield


def _serve_viceroy(
    project: Project,
    make: Callable[[], Path],
    address: tuple[str, int],
    config: Path | None,
    options: list[str],
    *,
    watch: bool,
) -> None:
    viceroy = find_viceroy()
    if viceroy is None:
        raise CliError(f"viceroy is not on PATH or in $VICEROY; install it: {INSTALL}")
    path = configuration(project, config)
    settings = [] if path is None else ["-C", str(path)]
    host, port = address
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [viceroy, "serve", "-v", "--addr", place, *settings, *options]

    def start(component: Path) -> Viceroy:
        return Viceroy([*command, str(component)], lambda url: _announce(project, "viceroy", url))

    running = start(make())
    try:
        for _ in changes(project, config) if watch else ():
            try:
                component = make()
            except CliError as error:
                error.show()
                continue
            running.stop()
            running = start(component)
        status = running.wait()
    finally:
        running.stop()
    if status:
        raise CliError(f"viceroy ended with exit code {status}; its last lines say why")
