"""The blocks ``comparison``: a page of the comparison, from its file in docs/comparison."""

import html
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from embedded import embed
from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "docs" / "comparison"
VERSIONS = FOLDER / "versions" / "versions.toml"
SDKS = ("python", "rust", "go", "javascript")
LEXERS = {"javascript": "typescript"}
COLUMNS = ("name", "type", "unit", "default", "check", "error")
NOTHING = "\u2013"
# The words of the other SDKs have a page too, which is made of all others.
WORDS = "words"


def capabilities() -> list[str]:
    """Return the capabilities, in the order of their pages."""
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    listed = index.rpartition(":hidden:")[2].partition("```")[0].split()
    return [name for name in listed if name != WORDS]


def load(capability: str) -> dict[str, Any]:
    """Return what the file of a capability holds."""
    return tomllib.loads((FOLDER / f"{capability}.toml").read_text(encoding="utf-8"))


def versions() -> dict[str, dict[str, str]]:
    """Return the SDKs that are compared."""
    compared = tomllib.loads(VERSIONS.read_text(encoding="utf-8"))
    version = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
    return compared | {"python": compared["python"] | {"version": version}}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> list[str]:
    lines = [f"{{.comparison .{kind}}}", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _code(text: str) -> str:
    """Return a cell as code, unless it says itself what of it is code, or is in italics."""
    if "`" in text or (text.startswith("*") and text.endswith("*")):
        return text
    return f"`{text}`" if text else NOTHING


def _short(name: str) -> str:
    """Return the argument alone of what is named with its class or function."""
    _, inside, argument = name.partition("(")
    return _code(argument.removesuffix("=)") if inside and argument.endswith("=)") else name)


def _named(name: str) -> str:
    """Return an argument with what it is an argument of."""
    owner, inside, argument = name.partition("(")
    if not inside or not argument.endswith("=)"):
        return _code(name)
    return f"{_short(name)} of {_code(owner)}"


def _details(sdk: str, options: list[dict[str, Any]]) -> list[str]:
    rows = [
        (option["what"], _named(name), _code(kind), *(cell or NOTHING for cell in rest))
        for option in options
        if sdk in option
        for name, kind, *rest in [option[sdk]]
    ]
    return _table(("option", *COLUMNS), rows, "details")


def _beside(option: dict[str, Any], sdk: str) -> str:
    """Return a cell of the table with all SDKs: name and default, the rest when pointed at."""
    if sdk not in option:
        return NOTHING
    name, *rest = option[sdk]
    facts = dict(zip(COLUMNS[1:], rest, strict=True))
    default = facts.pop("default")
    hover = "; ".join(f"{what}: {fact}" for what, fact in facts.items() if fact)
    shown = _short(name)
    if hover:
        shown = f'<span title="{html.escape(hover)}">{shown}</span>'
    if not default:
        return shown
    label = default if default.startswith("required") else f"default: {default}"
    return f'{shown}<br><span class="default">{label}</span>'


def page(capability: str) -> str:
    """Return the text of a capability's page, below its title."""
    data, sdks = load(capability), versions()
    options = data["option"]
    lines = [data["task"], "", "::::::{tab-set}", ":sync-group: sdk", ""]
    for sdk in SDKS:
        about = sdks[sdk]
        lexer = LEXERS.get(sdk, sdk)
        lines += [f":::::{{tab-item}} {about['title']}", f":sync: {sdk}", ""]
        lines += [f"```{lexer}", data["snippets"][sdk].rstrip("\n"), "```", ""]
        lines += _details(sdk, options)
        lines += [":::::", ""]
    lines += ["::::::", "", "## What to know", "", data["notes"], "", "## Side by side", ""]
    rows = [(option["what"], *(_beside(option, sdk) for sdk in SDKS)) for option in options]
    lines += _table(("option", *(sdks[sdk]["title"] for sdk in SDKS)), rows, "side-by-side")
    compared = ", ".join(f"{sdks[sdk]['name']} {sdks[sdk]['version']}" for sdk in SDKS)
    lines += [f"Compared: {compared}. {NOTHING} is: nothing of the kind."]
    return "\n".join(lines)


def overview() -> str:
    """Return the text of the overview: how many of the options each SDK has."""
    sdks = versions()
    rows = []
    for capability in capabilities():
        data = load(capability)
        options = data["option"]
        counts = [str(sum(sdk in option for option in options)) for sdk in SDKS]
        rows.append((f"[{data['title']}]({capability}.md)", str(len(options)), *counts))
    titles = (f"{sdks[sdk]['title']} {sdks[sdk]['version']}" for sdk in SDKS)
    return "\n".join(_table(("capability", "options", *titles), rows, "overview"))


def words() -> str:
    """Return the text of the page that finds the names of the other SDKs here."""
    sdks = versions()
    found: dict[str, list[tuple[str, ...]]] = {sdk: [] for sdk in SDKS[1:]}
    for capability in capabilities():
        data = load(capability)
        link = f"[{data['title']}]({capability}.md)"
        for option in data["option"]:
            here = _named(option["python"][0]) if "python" in option else NOTHING
            for sdk, rows in found.items():
                if sdk in option:
                    rows.append((_named(option[sdk][0]), option["what"], here, link))
    lines = []
    for sdk, rows in found.items():
        title = sdks[sdk]["title"]
        head = (f"in {title}", "for", "in Python", "page")
        rows.sort(key=lambda row: row[0].strip("`*").casefold())
        lines += [f"## {title}", "", *_table(head, rows, "words")]
    return "\n".join(lines)


def text_of(capability: str) -> tuple[str, list[Path]]:
    """Return the text of a page and its files; without a name, that of the overview."""
    if capability in ("", WORDS):
        named, text = capabilities(), words() if capability else overview()
    else:
        named, text = [capability], page(capability)
    return text, [VERSIONS, *(FOLDER / f"{name}.toml" for name in named)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    embed(app, "comparison", text_of)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
