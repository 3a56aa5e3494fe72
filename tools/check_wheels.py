"""Check the wheels in dist/: their contents, and that each works alone in a clean environment."""

import re
import runpy
import subprocess
import sys
import tempfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
BINDINGS = ROOT / "tests/typing/bindings_api.py"
# The dependencies that each package may have: docs/architecture.md.
DEPENDS = {
    "core": set(),
    "secret-store": {"core"},
    "config-store": {"core"},
    "log": {"core"},
    "backend": {"core", "secret-store"},
    "http": {"core", "backend"},
    "requests": {"backend", "http"},
    "wsgi": {"http"},
    "asgi": {"http"},
    "cache": {"core", "http"},
    "kv-store": {"core", "http"},
    "fanout": {"backend", "core", "http", "secret-store"},
    "geo": {"core"},
    "acl": {"core"},
    "erl": {"core"},
    "device-detection": {"core"},
    "runtime": {"core"},
    "shielding": {"backend", "core"},
    "security": {"core", "http"},
    "image-optimizer": {"backend", "core", "http"},
    "httpx": {"backend", "http", "httpx"},
    "urllib3": {"backend", "core", "http", "secret-store", "urllib3"},
    "stubs": set(),
    "local": {"h11", "httpcore", "platformdirs", "wasmtime"},
    "testing": {"core", "local", "pytest"},
    "cli": {
        "click",
        "componentize-py",
        "local",
        "packaging",
        "pathspec",
        "platformdirs",
        "wasmtime",
        "watchfiles",
    },
}
GUEST = DEPENDS.keys() - {"cli", "local", "stubs", "testing"}
GUEST_LIMIT = 30_000 * len(GUEST)
NOTICED = {"cli", "local", "stubs", "testing"}
# What a distribution of type stubs has instead of a package.
STUBS = ("componentize_py_types-stubs", "wit_world-stubs")
SHIPPED = {
    "local": ["bindings/wit_world/imports/backend.py", "bindings/componentize_py_types.py"],
    "cli": [
        "wit/deps/compute.wit",
        "component/wasi_stub/module.wat",
        "component/wasi_stub/component.wat",
        "component/guest/fastly_compute_entry.py",
        "component/guest/stand_ins/_ssl.py",
    ],
}


def short(distribution: str) -> str:
    """Return a distribution's name without the common prefix."""
    return re.sub(r"[-_.]+", "-", distribution).lower().removeprefix("fastly-compute-")


def check_contents(package: str, wheel: zipfile.ZipFile) -> None:
    """Check the files and the metadata of one wheel."""
    names = wheel.namelist()
    leaves = STUBS if package == "stubs" else (f"fastly_compute/{package.replace('-', '_')}",)
    assert "fastly_compute/__init__.py" not in names, f"{package} owns the namespace"
    assert "fastly_compute/py.typed" not in names, f"{package} types the namespace"
    expected = ["__init__.pyi"] if package == "stubs" else ["__init__.py", "py.typed"]
    for leaf in leaves:
        for needed in [*expected, *SHIPPED.get(package, [])]:
            assert f"{leaf}/{needed}" in names, f"{package} lacks {needed}"
    licenses = [n for n in names if ".dist-info/licenses/" in n]
    legal = {"LICENSE", "NOTICE"} if package in NOTICED else {"LICENSE"}
    assert {Path(n).name for n in licenses} == legal, f"{package} has {licenses}"
    folders = tuple(f"{leaf}/" for leaf in leaves)
    strange = [n for n in names if not n.startswith(folders) and ".dist-info/" not in n]
    assert not strange, f"{package} has files outside its folder: {strange}"
    (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
    required = HeaderParser().parsestr(wheel.read(metadata).decode()).get_all("Requires-Dist") or []
    found = {short(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in required}
    assert found == DEPENDS[package], f"{package} depends on {sorted(found)}"


def check_kits(wheel: zipfile.ZipFile) -> None:
    """Check that the wheel of the CLI has the starter kits, as they are in examples/."""
    folder = "fastly_compute/cli/commands"
    path = ROOT / "packages/fastly-compute-cli/src" / folder / "kits.py"
    kits = runpy.run_path(str(path))["KITS"]
    files = {f"{kit.example}/{file}" for kit in kits.values() for file in kit.files}
    templates = f"{folder}/templates/"
    shipped = {name.removeprefix(templates) for name in wheel.namelist() if templates in name}
    assert shipped == files, f"the kits of cli differ in {sorted(shipped ^ files)}"
    for file in files:
        same = wheel.read(templates + file) == (ROOT / "examples" / file).read_bytes()
        assert same, f"{file} in the wheel of cli is not the example's"


def check_new(python: str, folder: Path) -> None:
    """Make an app of each kit, without the repository."""
    new = [python, "-I", "-m", "fastly_compute.cli", "new"]
    listed = subprocess.run([*new, "--help"], check=True, capture_output=True, text=True).stdout
    kits = re.findall(r"^ {18,}([a-z]+(?:-[a-z]+)*) {2,}", listed, re.MULTILINE)
    assert len(kits) > 4, listed
    for kit in kits:
        command = [*new, f"my-{kit}", "--template", kit]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        assert (folder / f"my-{kit}/main.py").is_file(), kit


def install(folder: Path, *packages: str) -> str:
    """Install wheels into a new environment, and return its Python."""
    environment = folder / "-".join(packages)
    python = str(environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "-p", sys.executable, environment], check=True)
    # uv would take an earlier build of the same version from its cache.
    ours = [part for name in DEPENDS for part in ("--refresh-package", f"fastly-compute-{name}")]
    command = [*uv, "pip", "install", "-q", "-p", python, "--find-links", str(DIST), *ours]
    subprocess.run([*command, *(f"fastly-compute-{name}" for name in packages)], check=True)
    return python


def check_alone(package: str, folder: Path) -> None:
    """Install one wheel alone, and import it."""
    python = install(folder, package)
    module = f"fastly_compute.{package.replace('-', '_')}"
    code = f"import {module} as m; assert m.__file__.startswith({str(folder)!r}); m.__all__"
    subprocess.run([python, "-I", "-c", code], check=True, cwd=folder)
    if package == "cli":
        check_new(python, folder)


def check_sdists(folder: Path) -> None:
    """Build a wheel from each source distribution, and compare it with the wheel in dist/."""
    for sdist in sorted(DIST.glob("*.tar.gz")):
        command = [sys.executable, "-m", "uv", "build", "-q", "--wheel"]
        subprocess.run([*command, "-o", folder, sdist], check=True)
    for path in sorted(DIST.glob("*.whl")):
        # An sdist may lack files from outside the package, such as the version or the license.
        with zipfile.ZipFile(path) as direct, zipfile.ZipFile(folder / path.name) as built:
            assert sorted(direct.namelist()) == sorted(built.namelist()), path.name
            (metadata,) = [n for n in direct.namelist() if n.endswith(".dist-info/METADATA")]
            assert direct.read(metadata) == built.read(metadata), path.name


def check_types(folder: Path) -> None:
    """Check the types that a user's type checker finds in the wheels."""
    files = {*(ROOT / "tests/typing").glob("*.py")} - {BINDINGS}
    run_mypy(folder, install(folder, *sorted(GUEST), "testing"), *sorted(files))
    # Without any other package, which may define what the stubs lack.
    readme = (ROOT / "packages/fastly-compute-stubs/README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    main = folder / "main.py"
    main.write_text(example, encoding="utf-8")
    run_mypy(folder, install(folder, "stubs"), BINDINGS, main)


def run_mypy(folder: Path, python: str, *files: Path) -> None:
    """Check files with mypy, and with the packages that a Python has."""
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable"]
    cache = ["--cache-dir", str(folder / "mypy")]
    subprocess.run([*mypy, python, *cache, *files], check=True, cwd=folder)


def check_descriptions() -> None:
    """Check that PyPI can render the descriptions of the distributions."""
    files = [str(path) for path in sorted(DIST.iterdir()) if path.suffix in {".whl", ".gz"}]
    command = [sys.executable, "-m", "twine", "--no-color", "check", "--strict", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    """Check all wheels."""
    wheels = {short(path.name.partition("-")[0]): path for path in DIST.glob("*.whl")}
    assert wheels.keys() == DEPENDS.keys(), f"dist/ has {sorted(wheels)}: run hatch build --all"
    for package, path in sorted(wheels.items()):
        with zipfile.ZipFile(path) as wheel:
            check_contents(package, wheel)
            if package == "cli":
                check_kits(wheel)
    size = sum(wheels[package].stat().st_size for package in GUEST)
    assert size < GUEST_LIMIT, f"the guest packages take {size} bytes"
    check_descriptions()
    with tempfile.TemporaryDirectory() as folder:
        for package in sorted(wheels.keys() - {"stubs"}):
            check_alone(package, Path(folder))
            print(f"{package}: installs and imports alone", flush=True)
        check_sdists(Path(folder, "rebuilt"))
        check_types(Path(folder))
    print(
        f"The guest packages take {size / 1000:.0f} KB of the {GUEST_LIMIT / 1000:.0f} KB allowed."
    )


if __name__ == "__main__":
    main()
