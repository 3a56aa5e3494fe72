"""Reads files and imports modules in requests: the path names a function below."""

import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import shop
from jinja2 import Environment, FileSystemLoader

from fastly_compute.http import IncomingRequest, Response, service

HERE = Path(__file__).parent
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
PLACES = [
    "Africa/Cairo",
    "America/Lima",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Perth",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Paris",
    "Pacific/Auckland",
    "Pacific/Fiji",
    "UTC",
]
ZONES = [ZoneInfo(place) for place in PLACES]


class Importer:
    """A finder at the end of all, as six has one."""

    @staticmethod
    def find_spec(name, path, target=None):
        return None


sys.meta_path.append(Importer)


def late_import(request):
    import mailbox_of_ours
    from shop import late

    return [late.NAME, late.__file__.rpartition("/")[2], mailbox_of_ours.NAME]


def standard_library(request):
    import calendar
    import colorsys
    import logging.handlers

    return [calendar.month_name[1], colorsys.__name__, logging.handlers.__name__]


def coroutine(request):
    import asyncio

    async def main():
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(str.upper, "slept")

    return asyncio.run(main())


def by_name(request):
    import importlib

    return [importlib.import_module(f"shop.{name}").__name__ for name in ("late", "later")]


def missing_import(request):
    try:
        import no_such_module  # noqa: F401
    except ImportError as error:
        return [type(error).__name__, str(error), error.name]


def failing_import(request):
    import traceback

    try:
        import shop.broken  # noqa: F401
    except ZeroDivisionError:
        return traceback.format_exc().splitlines()[-2:]


def distribution(request):
    from importlib.metadata import entry_points, version

    entry_points(group="console_scripts")
    return [version("jinja2") == version("Jinja2"), version("fastly-compute-http")]


def resources(request):
    from importlib.resources import as_file, files
    from pkgutil import get_data

    folder = files("shop")
    with as_file(folder / "data.json") as path:
        return [
            json.loads(folder.joinpath("data.json").read_text()),
            get_data("shop", "data.json").decode(),
            sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json")),
            json.loads(path.read_text()),
        ]


def template(request):
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
    return environment.get_template("page.html").render(name="<Ada>")


def reading(request):
    path = HERE / "templates" / "page.html"
    with open(path, "rb") as file, open("templates/page.html") as text:
        content = file.read(5), file.seek(0), file.read(), file.readable(), file.writable()
        lines = text.readlines()
    return {
        "content": [str(part) for part in content],
        "lines": lines,
        "size": [path.stat().st_size, os.path.getsize("templates/page.html")],
        "old": path.stat().st_mtime > 1_700_000_000,
        "is": [path.is_file(), path.is_dir(), path.parent.is_dir(), path.exists()],
        "access": [os.access(path, os.R_OK), os.access(HERE / "gone", os.R_OK)],
        "names": sorted(os.listdir("templates")),
        "walk": [sorted(names) for _, _, names in os.walk(HERE / "templates")],
        "scan": [[entry.name, entry.is_file()] for entry in os.scandir(str(HERE / "static"))],
        "glob": sorted(found.name for found in HERE.glob("templates/**/*.html")),
        "resolved": path.resolve().name,
        "bytes": os.listdir(os.fsencode(HERE / "static")) == [b"note.txt"],
    }


def not_there(request):
    return {
        name: (HERE / name).exists()
        for name in (".env", "data/plain.json", "shop/key.pem", "shop/.hidden", "static/note.txt")
    }


def time_zones(request):
    hours = [NOON.astimezone(zone).hour for zone in ZONES]
    again = [NOON.astimezone(ZoneInfo(place)).hour for place in PLACES]
    try:
        ZoneInfo("Europe/Atlantis")
    except ZoneInfoNotFoundError as error:
        missing = str(error)
    return {
        "same": hours == again,
        "Oslo": NOON.astimezone(ZoneInfo("Europe/Oslo")).isoformat(),
        "available": {"Europe/Oslo", "UTC", *PLACES} <= available_timezones(),
        "missing": missing,
    }


def filled_in(request):
    import multiprocessing.synchronize
    import ssl

    return [ssl.create_default_context().check_hostname, multiprocessing.synchronize.RLock.__name__]


def package_with_data(request):
    from shop.wares import NAME

    return NAME


def missing_file(request):
    found = []
    for path in (HERE / "data" / "gone.json", "/elsewhere/gone.json"):
        try:
            open(path)
        except OSError as error:
            found.append([type(error).__name__, error.errno == 2 or error.errno == 44])
    return found


def writing(request):
    spooled = tempfile.SpooledTemporaryFile()
    spooled.write(b"in memory")
    spooled.seek(0)
    return spooled.read().decode()


def refused_writing(request):
    found = {}
    for name, write in {
        "open": lambda: open(HERE / "static" / "note.txt", "a"),
        "new": lambda: Path("new.txt").write_text("x"),
        "mkdir": lambda: os.mkdir("folder"),
        "remove": lambda: os.remove(HERE / "static" / "note.txt"),
        "rename": lambda: os.rename("a", "b"),
        "tempfile": tempfile.TemporaryFile,
    }.items():
        try:
            write()
        except OSError as error:
            found[name] = [type(error).__name__, str(error)]
    return found


@service
def HttpIncoming(request: IncomingRequest) -> Response:
    return Response.json(globals()[request.path[1:]](request))


assert shop.NAME == "shop"
