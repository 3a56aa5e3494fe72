"""The command line."""

import math
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from fastly_compute.cli.commands import build as building
from fastly_compute.cli.commands import new as creating
from fastly_compute.cli.commands import pack as packing
from fastly_compute.cli.commands.kits import KITS
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.progress import megabytes
from fastly_compute.cli.project.roots import app_roots
from fastly_compute.cli.project.settings import is_module_name, load_project

_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


def _module(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    if name is not None and name.endswith(".py"):
        module = name.removesuffix(".py").replace("/", ".")
        raise click.BadParameter(f"{name!r} is a file; write the module's name, {module}")
    if name is not None and not is_module_name(name):
        raise click.BadParameter(
            f"{name!r} is not a module's name; write it as in an import, such as main or shop.edge"
        )
    return name


def _app_options(command: Callable[..., Any]) -> Callable[..., Any]:
    entry = click.option(
        "--entry",
        metavar="MODULE",
        callback=_module,
        help="Module that has HttpIncoming. Default: the setting entry, or main.",
    )
    path = click.option(
        "-p",
        "--python-path",
        type=_FOLDER,
        multiple=True,
        metavar="DIR",
        help="Folder to import from as well; may be given several times.",
    )
    return entry(path(command))


def _passes(
    _context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    if names:
        # Not at the top: passes take time to load, and a cached build needs none.
        from fastly_compute.cli.component.passes import select

        try:
            select("all", names)
        except CliError as error:
            raise click.BadParameter(error.message) from error
    return names


def _limit(_context: click.Context, _parameter: click.Parameter, seconds: float) -> float | None:
    if not (seconds >= 0 and math.isfinite(seconds)):
        raise click.BadParameter(f"{seconds} is not a number of seconds (0 or more)")
    return seconds or None


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise CliError(
            "the current directory does not exist any more; change to the app's folder"
        ) from error


def _note_missing_manifest(folder: Path, consequence: str) -> None:
    if not (folder / "fastly.toml").is_file():
        click.echo(f"Note: no fastly.toml in {folder}: {consequence}.", err=True)


_EXIT_CODES = """\b
Exit codes:
  0  success; also when Ctrl-C ends serve
  1  the command failed, or doctor found a problem
  2  the command line is wrong
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXIT_CODES)
@click.version_option(version("fastly-compute-cli"), message="%(prog)s %(version)s")
def main() -> None:
    """Create, serve, build and pack Python apps for Fastly Compute.

    Every command except new operates on the app in the current directory.
    """


_KITS = "\n".join(f"{name:15} {kit.summary}" for name, kit in KITS.items())


@main.command(short_help="Create a folder with a new app.")
@click.argument("name")
@click.option(
    "--template",
    type=click.Choice(list(KITS)),
    default="handler",
    metavar="KIT",
    help=f"Starter kit to copy:\n\n\b\n{_KITS}",
)
def new(name: str, template: str) -> None:
    """Create the folder NAME with a new app, its tests and its configuration."""
    folder = creating.create(name, _here(), template)
    click.echo(
        f"Made {folder}\n\n"
        "What to do next:\n"
        f"  cd {name}\n"
        '  pip install -e ".[dev]"\n'
        "  fastly-compute serve        # http://127.0.0.1:7676\n"
        "  pytest\n"
        "  fastly-compute build        # bin/main.wasm"
    )


@main.command()
@_app_options
@click.option(
    "--output",
    type=_PATH,
    metavar="FILE",
    help="File to write the component to. Default: the setting output, or bin/main.wasm.",
)
@click.option(
    "--optimize",
    type=click.Choice(["none", "safe", "all"]),
    help="Passes to run so that new sandboxes start faster: none, those that only run Python, or "
    "all. Default: the setting optimize, or all.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="PASS",
    callback=_passes,
    help="Pass to leave out, such as link; may be given several times.",
)
@click.option(
    "--report",
    is_flag=True,
    help="Show what the component consists of: sizes by part, the largest modules first.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="With --report: print it as a JSON object, with all modules.",
)
def build(
    entry: str | None,
    python_path: tuple[Path, ...],
    output: Path | None,
    optimize: str | None,
    without: tuple[str, ...],
    report: bool,
    as_json: bool,
) -> None:
    """Build the app into a WebAssembly component.

    A build is cached: it takes a moment when nothing has changed.
    """
    if as_json and not report:
        raise click.UsageError("--json goes with --report")
    folder = _here()
    project = load_project(
        folder,
        entry=entry,
        output=output,
        python_path=python_path,
        optimize=optimize,
        without=without,
    )
    built = building.build(project)
    shown = built.output
    if shown.is_relative_to(folder):
        shown = shown.relative_to(folder)
    packed = building.package_size(built)
    sizes = f"{megabytes(built.size)} ({megabytes(packed)} as a package)"
    click.echo(f"{shown}  {sizes}{', unchanged' if built.cached else ''}", err=as_json)
    _note_missing_manifest(folder, "it cannot be packed or published")
    if report:
        # Not at the top: it takes time to load, and no other command needs it.
        from fastly_compute.cli.commands import report as reporting

        found = reporting.read_report(built.output, len(app_roots(project)))
        if as_json:
            click.echo(reporting.as_json(found, str(shown), packed))
        else:
            click.echo("\n".join(["", *reporting.lines(found)]))


@main.command(short_help="Pack the component for deployment.")
def pack() -> None:
    """Pack the component and fastly.toml into pkg/NAME.tar.gz, to deploy it."""
    folder = _here()
    package = packing.pack(load_project(folder))
    click.echo(f"{package.relative_to(folder)}  {megabytes(package.stat().st_size)}")


@main.command()
@click.argument("component", type=_FILE, required=False)
@_app_options
@click.option(
    "--runtime",
    type=click.Choice(["wasm", "native", "viceroy"]),
    default="wasm",
    show_default=True,
    help="Run the component (wasm), the app's modules in this interpreter (native), or the "
    "component on Fastly's Viceroy (viceroy).",
)
@click.option(
    "--addr",
    default="127.0.0.1:7676",
    show_default=True,
    metavar="HOST:PORT",
    help="Address to listen on.",
)
@click.option(
    "-C",
    "--config",
    type=_FILE,
    metavar="FILE",
    help="TOML file whose [local_server] has the backends and stores. Default: fastly.toml.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Reload when the app's files change, except *.log and those in .fastlyignore.",
)
@click.option(
    "--time-limit",
    type=float,
    default=120,
    show_default=True,
    metavar="SECONDS",
    callback=_limit,
    help="Time limit per request; 0 disables it. Not for viceroy, which has none.",
)
@click.option(
    "--max-sandboxes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Most sandboxes at once; further requests wait. Default: 16 per core. Not for viceroy.",
)
@click.option(
    "--max-queued",
    type=click.IntRange(min=0),
    default=256,
    show_default=True,
    metavar="N",
    help="Most requests that wait for a sandbox; further ones get a 503. Not for viceroy.",
)
@click.option(
    "--local-pushpin-proxy-port",
    "pushpin_port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Port of a local Pushpin that receives Fanout hand-offs.",
)
@click.option("--quiet", is_flag=True, help="Print nothing about requests.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print each request as a line of JSON to the standard output.",
)
@click.option(
    "--profile",
    is_flag=True,
    help="Print what each request spent its time on: Python, and each host call.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="With --runtime native: raise an error where the app does what no sandbox can, such as "
    "opening a socket or writing a file. Without it, show a warning.",
)
def serve(
    component: Path | None,
    entry: str | None,
    python_path: tuple[Path, ...],
    runtime: str,
    addr: str,
    config: Path | None,
    watch: bool,
    time_limit: float | None,
    max_sandboxes: int | None,
    max_queued: int,
    pushpin_port: int | None,
    quiet: bool,
    as_json: bool,
    profile: bool,
    strict: bool,
) -> None:
    """Serve the app on this machine, or an existing COMPONENT.

    The app is built first, except with --runtime native.
    """
    if quiet and (as_json or profile):
        raise click.UsageError(
            f"--quiet prints nothing about requests, so it does not go with "
            f"{'--json' if as_json else '--profile'}"
        )
    if runtime == "viceroy" and (quiet or as_json or profile):
        raise click.UsageError(
            "--quiet, --json and --profile are for --runtime wasm and native: Viceroy prints its "
            "own log"
        )
    # Not at the top: the other commands need none of the server, which takes time to load.
    from fastly_compute.cli.commands import serve as serving
    from fastly_compute.cli.commands.request_log import RequestLog

    project = load_project(_here(), entry=entry, python_path=python_path)
    if component is None and config is None:
        _note_missing_manifest(project.folder, "the app has no backends and no stores")
    serving.serve(
        project,
        component,
        runtime=runtime,
        address=serving.parse_address(addr),
        config=config,
        watch=watch,
        time_limit=time_limit,
        limits=serving.make_limits(max_sandboxes, max_queued),
        pushpin_port=pushpin_port,
        strict=strict,
        log=RequestLog(style="none" if quiet else "json" if as_json else "text", profile=profile),
    )


@main.command(short_help="Check the environment and the app.")
def doctor() -> None:
    """Check the environment and the app, and say what to do about each problem."""
    # Not at the top: it reads what the local hosts read, and they take time to load.
    from fastly_compute.cli.commands import doctor as examining

    findings = list(examining.examine(load_project(_here())))
    for finding in findings:
        click.echo(f"{finding.mark:6} {finding.text}")
    wrong = sum(finding.mark == "wrong" for finding in findings)
    if wrong:
        raise CliError(f"{wrong} thing{'s' if wrong > 1 else ''} wrong; see above")
