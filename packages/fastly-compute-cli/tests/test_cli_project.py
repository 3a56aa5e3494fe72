from collections.abc import Callable
from pathlib import Path

import pytest

from fastly_compute.cli.errors import CliError
from fastly_compute.cli.project.settings import load_project, service_name

Write = Callable[[str, str], Path]


def test_an_app_without_settings_has_the_entry_main_and_the_output_of_the_fastly_cli(
    folder: Path,
) -> None:
    project = load_project(folder)

    assert project.entry == "main"
    assert project.output == folder / "bin" / "main.wasm"
    assert project.python_path == ()


def test_settings_are_read_from_pyproject_toml(folder: Path, write: Write) -> None:
    (folder / "lib").mkdir()
    write(
        "pyproject.toml",
        """
        [tool.fastly-compute]
        entry = "shop.edge"
        output = "out/shop.wasm"
        python-path = ["lib"]
        optimize = "safe"
        without = ["warm-up"]
        include = ["/data/"]
        include-modules = ["mailbox"]
        exclude = ["*.mo"]
        """,
    )
    project = load_project(folder)

    assert project.entry == "shop.edge"
    assert project.output == folder / "out" / "shop.wasm"
    assert project.python_path == (folder / "lib",)
    assert (project.optimize, project.without) == ("safe", ("warm-up",))
    assert project.include == ("/data/",)
    assert project.include_modules == ("mailbox",)
    assert project.exclude == ("*.mo",)


def test_the_command_line_comes_before_the_settings(folder: Path, write: Write) -> None:
    write(
        "pyproject.toml",
        """
        [tool.fastly-compute]
        entry = "shop"
        output = "a.wasm"
        optimize = "none"
        without = ["link"]
        """,
    )
    (folder / "lib").mkdir()
    project = load_project(
        folder,
        entry="other",
        output=Path("b.wasm"),
        python_path=[Path("lib")],
        optimize="safe",
        without=["warm-up"],
    )

    assert project.entry == "other"
    assert project.output == folder / "b.wasm"
    assert project.python_path == (folder / "lib",)
    assert (project.optimize, project.without) == ("safe", ("warm-up", "link"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('entri = "main"', "unknown key 'entri'; the keys are entry, output, python-path, "),
        ("entry = 3", "entry must be a string, not 3"),
        ('entry = "main:app"', "entry 'main:app' is not a module's name"),
        ('output = ""', "output must be a string, not ''"),
        ('python-path = "lib"', "python-path must be a list of folders"),
        ('python-path = ["gone"]', "gone is not a folder"),
        ("optimize = true", "optimize must be a string, not True"),
        ('without = "link"', "without must be a list of names of passes"),
        ('include = "data"', "include must be a list of patterns"),
        ("include-modules = [1]", "include-modules must be a list of names of modules"),
        ("exclude = 1", "exclude must be a list of patterns"),
        ("entry = ", "pyproject.toml is not valid TOML"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(
    settings: str, message: str, folder: Path, write: Write
) -> None:
    write("pyproject.toml", f"[tool.fastly-compute]\n{settings}\n")

    with pytest.raises(CliError) as caught:
        load_project(folder)
    assert message in caught.value.message


def test_a_table_that_is_none_is_refused(folder: Path, write: Write) -> None:
    write("pyproject.toml", "[tool]\nfastly-compute = 3\n")

    with pytest.raises(CliError, match="must be a table"):
        load_project(folder)


@pytest.mark.parametrize(
    ("name", "expected"), [("my-app", "my-app"), ("My edge_proxy!", "My-edge-proxy")]
)
def test_the_services_name_becomes_a_file_name(
    name: str, expected: str, folder: Path, write: Write
) -> None:
    write("fastly.toml", f'name = "{name}"\n')

    assert service_name(folder) == expected


@pytest.mark.parametrize("text", ["", 'name = "!"', "name = 3"])
def test_a_fastly_toml_without_a_name_is_an_error(text: str, folder: Path, write: Write) -> None:
    write("fastly.toml", text)

    with pytest.raises(CliError, match="name is missing; add one"):
        service_name(folder)
