"""Look up the names in the tables of docs/comparison in the sources of the other SDKs.

A cell's name must be defined in the SDK, within the type, module or package that qualifies it. Its
arguments, types and errors must occur there. ``tools/check_snippets.py``, which downloads the
sources, runs this.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

# Names of the language; the types of JavaScript's SDK omit DOMException.
KEYWORDS = {
    "rust": {"impl"},
    "go": {"default", "func", "go", "select"},
    "javascript": {"DOMException", "await", "catch", "new"},
}
# The bodies of functions, which define nothing.
BODIES = {
    "rust": r"(?ms)^( *)((?:[\w()\"]+ )*fn \w[^{;]*)\{\n.*?^\1\}",
    "go": r"(?ms)^()(func [^\n]*)\{\n.*?^\}",
}
# The definition of a name, in any scope.
DEFINED = {
    "rust": r"(?m:\bpub (?:const |unsafe )*(?:(?:fn|struct|enum|trait|type|mod|static) )?{name}\b"
    r"|^ +{name}(?: ?[,({{=]|$))"
    r"|(?ms:^(?:pub trait|impl[^\n]* for) (?:(?!^\}}).)*?^    fn {name}\b)",
    "go": r"(?m:^func (?:\([^)]*\) )?{name}\b|^type {name}\b|^\t(?:\w+, )*{name}\b)",
    "javascript": r"\b(?:class|interface|function|type|var|let|const) {name}\b"
    r"|\b{name}\??(?:<[^>]*>)?[(:]|'{name}'",
}
# The definition of a type, with its members.
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
    """Return code without comments and function bodies."""
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", code, flags=re.DOTALL)
    return re.sub(BODIES[language], r"\1\2{}", code) if language in BODIES else code


class Source:
    """The source of an SDK, and that of its language's library."""

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
        """Return the text that defines the members of a type, module or package."""
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
        """Return whether the last name of a path is defined within the one before it."""
        *owners, name = re.split(r"\.|::", path)
        if not all(owner in self.words for owner in owners):
            return False
        scope = self.scope(owners[-1]) if owners else self.text
        return self._pattern(DEFINED, name).search(scope) is not None

    def holds(self, path: str) -> bool:
        """Return whether each name of a path occurs."""
        return all(name in self.words for name in re.split(r"\.|::", path))


def names(cell: str) -> Iterator[tuple[str, bool]]:
    """Yield the paths in a cell's code, and whether each is not an argument of another.

    A cell is code; one with backticks has its code between them, and one in italics has no code.
    """
    if cell.startswith("*") and cell.endswith("*"):
        return
    for code in CODE.findall(cell) or [cell]:
        code = re.sub(r"\"[^\"]*\"|[\w-]+-\w[\w-]*", "", code)
        for match in PATH.finditer(code):
            before = code[: match.start()]
            yield match[0], before.count("(") == before.count(")")


def wrong(source: Source, cells: Sequence[str]) -> Iterator[str]:
    """Yield the names in an option's cells that its SDK does not have."""
    name, kind, *_, error = cells
    keywords = KEYWORDS[source.language]
    for path, is_name in names(name):
        if path not in keywords and not (source.defines if is_name else source.holds)(path):
            yield path
    for path in [*(path for path, _ in names(kind)), *ERROR.findall(error)]:
        if path not in keywords and not source.holds(path):
            yield path


def check_tables(source: Source, folder: Path) -> list[str]:
    """Return the wrong names of an SDK in the tables of a folder, each with its row."""
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
