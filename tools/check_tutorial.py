"""Follow the tutorial word by word, from an empty folder, with the wheels in dist/.

Every command of the page is run in the terminal that its block names, every file is written from
the block that has its name, and what the terminals show is compared with the page: see console.py.
A command that a later block of its terminal continues, up to ^C, keeps running until there.
What the packages depend on comes from PyPI.
"""

import os
import re
import socket
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from console import differs
from terminal import Terminal

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
# How long to wait at most for the end of a command, and for a line of one that goes on.
END_SECONDS = 300
LINE_SECONDS = 90
# Commands that are not run here, and why.
NOT_RUN = {
    "pip install hatch": "hatch runs this script",
    "hatch build --all": "it made the wheels in dist/",
    "fastly auth login": "it needs an account",
    "fastly compute publish": "it needs an account; tests/test_fastly_cli.py runs what it runs",
}
BLOCK = re.compile(
    r"^:::\{tab-item\} (?P<tab>.*)\n|^(?P<end>:::)\n|^## (?P<section>.*)\n"
    r"|^```(?:\{code-block\} )?(?P<language>python|toml|console)\n"
    r"(?::caption: (?P<caption>.*)\n\n)?(?P<text>(?:.*\n)*?)```\n",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code of the page.

    Attributes:
        section: The heading that it stands under.
        tab: The tab that it is in, if it is in one.
        language: Its language.
        caption: Its caption, or nothing.
        text: What is in it.
    """

    section: str
    tab: str
    language: str
    caption: str
    text: str

    @property
    def terminal(self) -> str:
        """The terminal that it is for."""
        return self.caption or "first terminal"


def read() -> str:
    """Return the text of the page, with what it includes."""
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    return re.sub(
        r"^```\{include\} (.*)\n```\n",
        lambda found: (DOCS / found[1]).read_text(encoding="utf-8"),
        page,
        flags=re.MULTILINE,
    )


def blocks(page: str, installer: str) -> Iterator[Block]:
    """Return the blocks that a reader with pip or uv follows."""
    section = tab = ""
    for found in BLOCK.finditer(page):
        if found["language"] is None:
            section = found["section"] or section
            tab = found["tab"] or ""
        elif tab in {"", installer}:
            yield Block(
                section=section,
                tab=tab,
                language=found["language"],
                caption=found["caption"] or "",
                text=found["text"],
            )


class Reader:
    """Someone who follows the page.

    Args:
        folder: An empty folder.
        cache: The cache of the command `fastly-compute`.
        published: Whether the page says nothing of where the packages are.
    """

    def __init__(self, folder: Path, cache: Path, *, published: bool) -> None:
        """Begin with no terminal."""
        self.folder = folder
        ours = ("CI", "HATCH", "PIP_", "PYTHON", "UV_FIND", "VIRTUAL_ENV")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            "FASTLY_COMPUTE_CACHE": str(cache),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TERM": "dumb",
        }
        if published:
            # Those that are to be released, not an earlier version from PyPI.
            dist = str(ROOT / "dist")
            self.environment |= {"PIP_FIND_LINKS": dist, "UV_FIND_LINKS": dist}
        self.terminals: dict[str, Terminal] = {}
        self.running: dict[str, str] = {}

    def follow(self, todo: Iterable[Block]) -> set[str]:
        """Do what the blocks say, and return the commands."""
        commands = set()
        remaining = list(todo)
        while remaining:
            block = remaining.pop(0)
            if block.language != "console":
                self.write(block)
                continue
            before, *steps = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
            if before:
                self.go_on(block.terminal, before)
            later = (
                one.text
                for one in remaining
                if one.language == "console" and one.terminal == block.terminal
            )
            # A block without a command is what the last one of its terminal shows further.
            last_stays = not next(later, "$ ").startswith("$ ")
            for number, step in enumerate(steps, 1):
                command, _, output = step.partition("\n")
                commands.add(command)
                if command not in NOT_RUN:
                    stays = last_stays and number == len(steps)
                    self.run(block.terminal, command, output, stays=stays)
        return commands

    def write(self, block: Block) -> None:
        """Make the edit that a block is."""
        name, _, where = block.caption.partition(", ")
        path = self.folder / "shop" / name
        assert path.is_file(), f"the page says {block.caption!r}, and there is no {path}"
        assert where in {"", "at its end"}, where
        before = path.read_text(encoding="utf-8") + "\n" if where else ""
        path.write_text(before + block.text, encoding="utf-8")

    def run(self, name: str, command: str, output: str, *, stays: bool) -> None:
        """Run a command; leave it running if it stays, when it has shown its output."""
        if name not in self.terminals:
            self.terminals[name] = Terminal(self.folder, self.environment)
        terminal = self.terminals[name]
        print(f"{name}: $ {command}", flush=True)
        terminal.start(command)
        if stays:
            self.running[name] = output
            self.expect(name, output)
            return
        shown = self.expect(name, None)
        assert terminal.status() == 0, f"$ {command}\n{shown}"
        # What an installation prints is left out.
        assert not output or not differs(output, shown), self.difference(output, shown)

    def go_on(self, name: str, output: str) -> None:
        """Wait until a running command has shown more, and stop it where the block does."""
        before, stop, _ = output.partition("^C")
        assert stop, f"nothing stops what runs in the {name}: a block ends without ^C"
        started = self.running.pop(name)
        self.expect(name, started + before)
        self.terminals[name].interrupt()
        shown = self.expect(name, None)
        assert not differs(started + output, shown), self.difference(started + output, shown)
        assert self.terminals[name].status() == 0, shown

    def expect(self, name: str, output: str | None) -> str:
        """Wait until a terminal shows what it should, or, for None, until the command ends."""
        terminal = self.terminals[name]
        try:
            if output is None:
                return terminal.wait(None, END_SECONDS)
            return terminal.wait(lambda text: not differs(output, text), LINE_SECONDS)
        except TimeoutError as error:
            raise AssertionError(self.difference(output or "(its end)", str(error))) from None

    @staticmethod
    def difference(output: str, shown: str) -> str:
        """Say how what was shown differs from the page."""
        return f"the page shows\n\n{output}\nand the terminal\n\n{shown}"

    def close(self) -> None:
        """Close all terminals."""
        for terminal in self.terminals.values():
            terminal.close()


def free_ports(count: int) -> list[str]:
    """Return ports that nothing listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def on_this_machine(page: str) -> str:
    """Put the places of this machine into the page, where it has those of any."""
    serve, origin = free_ports(2)
    page = page.replace("path/to/the/clone", str(ROOT))
    page = page.replace("$ fastly-compute serve", "$ fastly-compute serve --addr 127.0.0.1:7676")
    return page.replace("7676", serve).replace("8000", origin)


def main() -> None:
    """Follow the page with pip to its end, and with uv until all is installed."""
    page = on_this_machine(read())
    published = "_FIND_LINKS" not in page
    commands: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        for installer in ("pip", "uv"):
            folder = Path(name, installer)
            folder.mkdir()
            reader = Reader(folder, Path(name, "cache"), published=published)
            todo = list(blocks(page, installer))
            if installer == "uv":
                todo = [block for block in todo if block.section == "Install"]
            try:
                commands |= reader.follow(todo)
                if installer == "uv":
                    reader.run("first terminal", "pytest -q", "…\n2 passed in 1s\n", stays=False)
            finally:
                reader.close()
        tomllib.loads(Path(name, "pip/shop/fastly.toml").read_text(encoding="utf-8"))
    gone = set() if published else NOT_RUN.keys() - commands
    assert not gone, f"not on the page: {gone}"
    print("The tutorial works as it stands.")


if __name__ == "__main__":
    main()
