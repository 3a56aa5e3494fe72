"""Looks the names in the tables of docs/comparison up in the sources of the other SDKs.

A cell's name must be defined in the SDK, and within the type, module or package that it is written
with. Its arguments, types and errors must occur there. ``tools/check_snippets.py`` runs this, as it
has the sources at hand.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

# What belongs to a language; the types of JavaScript's SDK leave DOMException out.
KEYWORDS = {
    "rust": {"impl"},
    "go": {"default", "func", "go", "select"},
    "javascript": {"DOMException", "await", "catch", "new"},
}
# What functions do, which defines nothing.
BODIES = {
    "rust": r"(?ms)^( *)((?:[\w()\"]+ )*fn \w[^{;]*)\{\n.*?^\1\}",
    "go": r"(?ms)^()(func [^\n]*)\{\n.*?^\}",
}
# How a name is defined, wherever that is.
DEFINED = {
    "rust": r"(?m:\bpub (?:const |unsafe )*(?:(?:fn|struct|enum|trait|type|mod|static) )?{name}\b"
    r"|^ +{name}(?: ?[,({{=]|$))"
    r"|(?ms:^(?:pub trait|impl[^\n]* for) (?:(?!^\}}).)*?^    fn {name}\b)",
    "go": r"(?m:^func (?:\([^)]*\) )?{name}\b|^type {name}\b|^\t(?:\w+, )*{name}\b)",
    "javascript": r"\b(?:class|interface|function|type|var|let|const) {name}\b"
    r"|\b{name}\??(?:<[^>]*>)?[(:]|'{name}'",
}
# Where the members of a type are.
MEMBERS = {
    "rust": r"(?ms)^(?:pub )?(?:struct|enum|trait) {name}\b.*?^}}"
    r"|^impl\b(?:<[^>]*>)? (?:[\w:<>]+ for )?{name}\b.*?^}}",
    "go": r"(?ms)^type {name} (?:struct|interface) {{.*?^}}|^func \(\w+ \*?{name}\) [^\n]*",
    "javascript": r"(?ms)^( *)(?:declare |export )*(?:class|interface|var) "
    r"{name}(?:Constructor)?\b.*?^\1}}",
}
CODE = re.compile(r"`([^`]*)`")
PATH = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::)[A-Za-z_]\w*)*")
ERROR = re.compile(r"\b(?:\w+(?:\.|::))*[A-Z]\w+")


def definitions(language: str, code: str) -> str:
    """Return code without its comments and without what its functions do."""
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", code, flags=re.DOTALL)
    return re.sub(BODIES[language], r"\1\2{}", code) if language in BODIES else code


class Source:
    """The source of an SDK, and what its language brings along."""

    def __init__(
        self, language: str, files: Mapping[str, str], standard: Mapping[str, str] | None = None
    ) -> None:
        self.language = language
        self.files = {path: definitions(language, code) for path, code in files.items()}
        self.standard = {
            path: definitions(language, code) for path, code in (standard or {}).items()
        }
        everything = [*self.files.items(), *self.standard.items()]
        self.words = {word for item in everything for word in re.findall(r"\w+", " ".join(item))}
        self.text = "\n".join(self.files.values())

    def _pattern(self, patterns: Mapping[str, str], name: str) -> re.Pattern[str]:
        return re.compile(patterns[self.language].format(name=re.escape(name)))

    def scope(self, owner: str) -> str:
        """Return the text where members of a type, module or package are defined."""
        alias = re.search(rf"\btype {owner} = \w+\.(\w+)", self.text)
        members = self._pattern(MEMBERS, alias[1] if alias else owner)
        for files in (self.files, self.standard):
            found = [match[0] for code in files.values() for match in members.finditer(code)]
            found = found or [
                code
                for path, code in files.items()
                if owner in Path(path).parts or owner == Path(path).stem
            ]
            if found:
                return "\n".join(found)
        return self.text

    def defines(self, path: str) -> bool:
        """Say whether the last name of a path is defined within the one before it."""
        *owners, name = re.split(r"\.|::", path)
        if not all(owner in self.words for owner in owners):
            return False
        scope = self.scope(owners[-1]) if owners else self.text
        return self._pattern(DEFINED, name).search(scope) is not None

    def holds(self, path: str) -> bool:
        """Say whether each name of a path occurs."""
        return all(name in self.words for name in re.split(r"\.|::", path))


def names(cell: str) -> Iterator[tuple[str, bool]]:
    """Yield the paths that a cell has as code, and whether they are not arguments of another.

    A cell is code; one with backticks has its code in them, and one in italics has none.
    """
    if cell.startswith("*") and cell.endswith("*"):
        return
    for code in CODE.findall(cell) or [cell]:
        code = re.sub(r"\"[^\"]*\"|[\w-]+-\w[\w-]*", "", code)
        for match in PATH.finditer(code):
            before = code[: match.start()]
            yield match[0], before.count("(") == before.count(")")


def wrong(source: Source, cells: Sequence[str]) -> Iterator[str]:
    """Yield the names in the cells of an option that its SDK does not have."""
    name, kind, *_, error = cells
    keywords = KEYWORDS[source.language]
    for path, is_name in names(name):
        if path not in keywords and not (source.defines if is_name else source.holds)(path):
            yield path
    for path in [*(path for path, _ in names(kind)), *ERROR.findall(error)]:
        if path not in keywords and not source.holds(path):
            yield path


def check_tables(source: Source, folder: Path) -> list[str]:
    """Return what is wrong with an SDK's names in the tables of a folder, each with its row."""
    errors = []
    for path in sorted(folder.glob("*.toml")):
        for option in tomllib.loads(path.read_text(encoding="utf-8"))["option"]:
            if source.language in option:
                errors += [
                    f"{path.name}, {option['what']}: {source.language} has no {name}"
                    for name in wrong(source, option[source.language])
                ]
    return errors


def read(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Return the texts of files, by their paths within a folder."""
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}
