"""The command line."""

import math
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from fastly_compute.cli.commands import build as building
from fastly_compute.cli.commands import doctor as examining
from fastly_compute.cli.commands import new as creating
from fastly_compute.cli.commands import pack as packing
from fastly_compute.cli.commands.kits import KITS
from fastly_compute.cli.errors import CliError
from fastly_compute.cli.progress import megabytes
from fastly_compute.cli.project.settings import load_project

_PATH = click.Path(path_type=Path)


def _app_options(command: Callable[..., Any]) -> Callable[..., Any]:
    entry = click.option(
        "--entry",
        metavar="MODULE",
        help="The module that has HttpIncoming. By default the setting entry, or main.",
    )
    path = click.option(
        "-p",
        "--python-path",
        type=_PATH,
        multiple=True,
        metavar="DIR",
        help="A further folder to import from; may be given several times.",
    )
    return entry(path(command))


def _limit(_context: click.Context, _parameter: click.Parameter, seconds: float) -> float | None:
    if not (seconds >= 0 and math.isfinite(seconds)):
        raise click.BadParameter(f"{seconds} is not a number of seconds (0 or more)")
    return seconds or None


def _note_missing_manifest(folder: Path, consequence: str) -> None:
    if not (folder / "fastly.toml").is_file():
        click.echo(f"Note: no fastly.toml in {folder}: {consequence}.", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("fastly-compute-cli"), message="%(prog)s %(version)s")
def main() -> None:
    """Make, build, serve and pack Python apps for Fastly Compute.

    All but new work on the app in the present folder.
    """


_KITS = "\n".join(f"{name:15} {kit.summary}" for name, kit in KITS.items())


@main.command()
@click.argument("name")
@click.option(
    "--template",
    default="handler",
    metavar="KIT",
    help=f"The starter kit to copy:\n\n\b\n{_KITS}",
)
def new(name: str, template: str) -> None:
    """Make a folder NAME with a new app, its test and its configuration."""
    folder = creating.create(name, Path.cwd(), template)
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
    help="Where the component goes. By default the setting output, or bin/main.wasm.",
)
@click.option(
    "--optimize",
    type=click.Choice(["none", "safe", "all"]),
    help="Which passes make new sandboxes start faster: none, those that only run Python, or all. "
    "By default the setting optimize, or all.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="PASS",
    help="Leave out one pass, such as link; may be given several times.",
)
def build(
    entry: str | None,
    python_path: tuple[Path, ...],
    output: Path | None,
    optimize: str | None,
    without: tuple[str, ...],
) -> None:
    """Build the app into a component."""
    folder = Path.cwd()
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
    packed = megabytes(building.package_size(built))
    sizes = f"{megabytes(built.size)} ({packed} as a package)"
    click.echo(f"{shown}  {sizes}{', unchanged' if built.cached else ''}")
    _note_missing_manifest(folder, "it cannot be packed or published")


@main.command()
def pack() -> None:
    """Put the component and fastly.toml into pkg/NAME.tar.gz."""
    folder = Path.cwd()
    package = packing.pack(load_project(folder))
    click.echo(f"{package.relative_to(folder)}  {megabytes(package.stat().st_size)}")


@main.command()
@click.argument("component", type=_PATH, required=False)
@_app_options
@click.option(
    "--runtime",
    type=click.Choice(["wasm", "native", "viceroy"]),
    default="wasm",
    show_default=True,
    help="wasm runs the component, native the modules in this interpreter, viceroy the component "
    "on Fastly's Viceroy.",
)
@click.option("--addr", default="127.0.0.1:7676", show_default=True, help="Where to listen.")
@click.option(
    "-C",
    "--config",
    type=_PATH,
    metavar="FILE",
    help="A file with a [local_server]. By default the app's fastly.toml.",
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
    help="What the app may take for one request, 0 for no limit. Viceroy has none.",
)
@click.option(
    "--max-sandboxes",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many sandboxes run at once; further requests wait. By default 16 per core. "
    "Viceroy has no such limit.",
)
@click.option(
    "--max-queued",
    type=click.IntRange(min=0),
    default=256,
    show_default=True,
    metavar="N",
    help="How many requests wait for a sandbox; further ones get a 503.",
)
@click.option(
    "--local-pushpin-proxy-port",
    "pushpin_port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Where a Pushpin on this machine takes what the app leaves to Fanout.",
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
    strict: bool,
) -> None:
    """Serve the app on this machine, or the existing COMPONENT."""
    # Not at the top: the other commands need none of the server, which takes time to load.
    from fastly_compute.cli.commands import serve as serving

    project = load_project(Path.cwd(), entry=entry, python_path=python_path)
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
    )


@main.command()
def doctor() -> None:
    """Say what is installed, what was found and what is wrong."""
    findings = list(examining.examine(load_project(Path.cwd())))
    for finding in findings:
        click.echo(f"{finding.mark:6} {finding.text}")
    wrong = sum(finding.mark == "wrong" for finding in findings)
    if wrong:
        raise CliError(f"{wrong} thing{'s' if wrong > 1 else ''} wrong; see above")
