"""A build embeds the app's modules and files, and those of the distributions that it needs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fastly_compute.cli.project.embedding import Embedding, embedding
from fastly_compute.cli.project.settings import load_project

Write = Callable[[str, str], Path]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An environment's folder of packages."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    return folder


def install(site: Path, name: str, files: list[str], *requires: str) -> Path:
    """Put a distribution into an environment, as an installer does."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    (info / "METADATA").write_text("\n".join(lines))
    for file in files:
        path = site / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    record = [*files, f"{info.name}/METADATA", f"{info.name}/RECORD"]
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in record))
    return info


def found(folder: Path, site: Path) -> Embedding:
    return embedding(load_project(folder), [folder.resolve(), site])


def modules(found: Embedding) -> list[str]:
    return [name for name, _ in found.modules]


def test_the_modules_of_an_app_are_embedded_without_its_tests(
    folder: Path, site: Path, write: Write
) -> None:
    for name in ("main.py", "shop/__init__.py", "shop/late.py", "shop/__main__.py"):
        write(name, "")
    for name in ("tests/test_shop.py", "tests/helpers.py", "test_main.py", "conftest.py"):
        write(name, "")
    write(".venv/pyvenv.cfg", "")
    write(".venv/lib/thing.py", "")

    assert found(folder, site).modules == [
        ("main", "/0/main.py"),
        ("shop", "/0/shop/__init__.py"),
        ("shop.late", "/0/shop/late.py"),
    ]


def test_data_is_embedded_where_packages_and_web_frameworks_have_it(
    folder: Path, site: Path, write: Write
) -> None:
    for name in ("templates/page.html", "static/css/site.css", "shop/data.json"):
        write(name, "")
    for name in ("shop/__init__.py", "main.py", "notes.txt", "data/big.csv", ".env"):
        write(name, "")

    assert found(folder, site).files == [
        ("/0/shop/data.json", "shop"),
        ("/0/static/css/site.css", "static"),
        ("/0/templates/page.html", "templates"),
    ]


@pytest.mark.parametrize("name", ["key.pem", "server.key", ".env", "id_ed25519", "store.p12"])
def test_what_looks_like_a_secret_is_embedded_only_if_it_is_named(
    folder: Path, site: Path, write: Write, name: str
) -> None:
    write("shop/__init__.py", "")
    write(f"shop/{name}", "")
    assert found(folder, site).files == []

    write("pyproject.toml", f'[tool.fastly-compute]\ninclude = ["/shop/{name}"]\n')
    assert found(folder, site).files == [(f"/0/shop/{name}", "shop")]


def test_the_settings_include_and_exclude(folder: Path, site: Path, write: Write) -> None:
    for name in ("data/a.json", "data/b.csv", "static/x.txt", "shop/__init__.py", "shop/old.py"):
        write(name, "")
    write(
        "pyproject.toml",
        """
        [tool.fastly-compute]
        include = ["/data/*.json"]
        include-modules = ["mailbox"]
        exclude = ["shop/old.py"]
        """,
    )
    wanted = found(folder, site)

    assert wanted.files == [("/0/data/a.json", "data")]
    assert modules(wanted) == ["shop"]
    assert wanted.include == ["mailbox"]


def test_what_fastlyignore_names_is_not_embedded(folder: Path, site: Path, write: Write) -> None:
    for name in ("static/a.txt", "static/b.txt", "drafts.py"):
        write(name, "")
    write(".fastlyignore", "b.txt\n/drafts.py\n")
    wanted = found(folder, site)

    assert wanted.files == [("/0/static/a.txt", "static")]
    assert wanted.modules == []


def test_the_distributions_that_an_app_imports_come_with_what_they_require(
    folder: Path, site: Path, write: Write
) -> None:
    write("main.py", "def handle():\n    from web.views import View\n")
    install(site, "Web", ["web/__init__.py", "web/views.py", "web/page.html"], "tools>=1")
    install(site, "tools", ["tools.py"], 'speed; extra == "fast"', 'winapi; os_name == "nt"')
    for name in ("speed", "winapi", "unrelated"):
        install(site, name, [f"{name}.py"])
    wanted = found(folder, site)

    assert modules(wanted) == ["main", "tools", "web", "web.views"]
    assert wanted.files == [
        ("/1/tools-1.0.dist-info/METADATA", "tools"),
        ("/1/web/page.html", "web"),
        ("/1/Web-1.0.dist-info/METADATA", "web"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "import json, space.one, web.views as views",
        "from space import one; import web",
        "if True: import space.one, web",
        "from space import (\n        other,\n        one,\n    )\n    import web  # web",
        'one = __import__("space.one"), importlib.import_module("web")',
    ],
)
def test_each_module_that_an_import_names_brings_its_distribution(
    line: str, folder: Path, site: Path, write: Write
) -> None:
    write("main.py", f"import importlib\n\n\ndef handle():\n    {line}\n")
    install(site, "space-one", ["space/one/__init__.py"])
    install(site, "space-two", ["space/two/__init__.py"])
    install(site, "web", ["web/__init__.py", "web/views.py"])

    assert modules(found(folder, site)) == ["main", "space.one", "web", "web.views"]


def test_declared_dependencies_come_with_their_extras(
    folder: Path, site: Path, write: Write
) -> None:
    write("pyproject.toml", '[project]\nname = "shop"\ndependencies = ["web[fast] ~= 1.0"]\n')
    install(site, "web", ["web.py"], 'speed; extra == "fast"')
    install(site, "speed", ["speed.py"])

    assert modules(found(folder, site)) == ["speed", "web"]


def test_of_a_namespace_only_the_distributions_that_are_imported_come(
    folder: Path, site: Path, write: Write
) -> None:
    write("main.py", "import space.one\n")
    install(site, "space-one", ["space/one.py"])
    install(site, "space-two", ["space/two.py"])

    assert modules(found(folder, site)) == ["main", "space.one"]


def test_tests_and_sources_of_distributions_are_left_out(
    folder: Path, site: Path, write: Write
) -> None:
    write("main.py", "import web\n")
    left_out = ["bin/web", "web-1.0.dist-info/licenses/LICENSE", "web/tests/test_web.py"]
    left_out += ["web/fast.pyx", "web/fast.c", "web/py.typed", "web/x.pyi", "web/de.po"]
    install(site, "web", ["web/__init__.py", "web/test.py", *left_out])

    wanted = found(folder, site)
    assert modules(wanted) == ["main", "web", "web.test"]
    assert [path for path, _ in wanted.files] == ["/1/web-1.0.dist-info/METADATA"]


def test_the_distribution_that_is_imported_is_the_first_of_its_name(
    folder: Path, site: Path, write: Write, tmp_path: Path
) -> None:
    write("main.py", "import web\n")
    install(site, "web", ["web.py"])
    second = tmp_path / ".second"
    second.mkdir()
    install(second, "web", ["web.py"])
    wanted = embedding(load_project(folder), [folder.resolve(), site, second])

    assert wanted.modules == [("main", "/0/main.py"), ("web", "/1/web.py")]


def test_an_editable_install_is_embedded_from_its_own_folder(
    folder: Path, site: Path, write: Write, tmp_path: Path
) -> None:
    write("main.py", "import web\n")
    source = tmp_path / "web-source"
    source.mkdir()
    (source / "web.py").write_text("")
    info = install(site, "web", ["web.pth"])
    (site / "web.pth").write_text(f"{source}\n")
    (info / "direct_url.json").write_text(
        json.dumps({"url": f"file://{source}", "dir_info": {"editable": True}})
    )
    wanted = embedding(load_project(folder), [folder.resolve(), site, source])

    assert wanted.modules == [("main", "/0/main.py"), ("web", "/2/web.py")]


def test_time_zones_come_whenever_they_are_installed(
    folder: Path, site: Path, write: Write
) -> None:
    write("main.py", "")
    install(site, "tzdata", ["tzdata/__init__.py", "tzdata/zones"])

    assert ("/1/tzdata/zones", "tzdata") in found(folder, site).files


def test_a_source_folder_is_a_root_of_its_own(folder: Path, site: Path, write: Write) -> None:
    write("src/shop/__init__.py", "")
    write("src/shop/data.json", "")
    roots = [folder.resolve(), folder.resolve() / "src", site]
    wanted = embedding(load_project(folder), roots)

    assert wanted.modules == [("shop", "/1/shop/__init__.py")]
    assert wanted.files == [("/1/shop/data.json", "shop")]
    assert wanted.aliases == {"/0/src": "/1"}


def test_modules_of_a_further_root_are_embedded(folder: Path, site: Path, write: Write) -> None:
    write("lib/helpers.py", "")
    write("pyproject.toml", '[tool.fastly-compute]\npython-path = ["lib"]\n')
    roots = [folder.resolve(), (folder / "lib").resolve(), site]

    assert ("helpers", "/1/helpers.py") in embedding(load_project(folder), roots).modules
