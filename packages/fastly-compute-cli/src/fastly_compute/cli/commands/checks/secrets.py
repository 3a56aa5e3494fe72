"""Finds secrets in the code of an app, which everyone who has the component can read."""

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fastly_compute.cli.commands.checks.finding import Finding
from fastly_compute.cli.project.app_files import IgnoreRules, app_files
from fastly_compute.cli.project.roots import app_roots
from fastly_compute.cli.project.settings import Project

# Tokens that are made to be recognized.
_TOKENS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[opsur]_[0-9A-Za-z]{36}|github_pat_\w{22,})\b"),
    "a GitLab token": re.compile(r"\bglpat-[0-9A-Za-z_-]{20,}"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
}
_NAME = re.compile(
    r"(?:^|[-_])(?:secret|token|passw(?:or)?d|passphrase|credentials?|fastly[-_]key"
    r"|(?:api|access|auth|private|secret|signing|encryption)[-_]?key)$",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[!-~]{16,}")
_LEAST_BITS = 3.3  # for each character: words and paths have less
_TEXT = frozenset({".cfg", ".env", ".ini", ".json", ".py", ".toml", ".txt", ".yaml", ".yml"})
_LARGEST = 1 << 20


def check_secrets(project: Project) -> Iterator[Finding]:
    """Check the files that a build reads, and fastly.toml. What is found is never shown.

    Args:
        project: The app.
    """
    found = False
    for name, file in _files(project):
        text = file.read_text(encoding="utf-8", errors="replace")
        for line, what in sorted({**_assigned(file, text), **_tokens(text)}.items()):
            found = True
            yield Finding(
                "wrong",
                f"{name}:{line} has {what}, which everyone who has the component can read: keep "
                "it in a secret store, and read it with fastly_compute.secret_store",
            )
    if not found:
        yield Finding("ok", "no secrets in the app's code")


def _files(project: Project) -> Iterator[tuple[str, Path]]:
    rules = IgnoreRules(project.folder)
    files = {
        file: file.relative_to(project.folder.resolve()).as_posix()
        for root in app_roots(project)
        for _, file in app_files(project, root.resolve(), rules)
        if file.suffix in _TEXT and file.stat().st_size <= _LARGEST
    }
    yield from sorted((name, file) for file, name in files.items())


def _tokens(text: str) -> dict[int, str]:
    return {
        text.count("\n", 0, match.start()) + 1: what
        for what, pattern in _TOKENS.items()
        for match in pattern.finditer(text)
    }


def _assigned(file: Path, text: str) -> dict[int, str]:
    """Find values that look random and are given to a name that says that they are secret."""
    if file.suffix != ".py":
        return {}
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    return {
        value.lineno: f"what looks like the value of {name}"
        for name, value in _pairs(tree)
        if _NAME.search(name) and isinstance(value, ast.Constant) and _is_random(value.value)
    }


def _pairs(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """List the values of a module with what they are called."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from ((name, value) for name in _called(target))
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from ((name, value) for name in _called(target))
            case ast.keyword(arg=str(name), value=value):
                yield name, value
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield key.value, value


def _called(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            yield name


def _is_random(value: object) -> bool:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        return False
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)) or "://" in value:
        return False
    counts = Counter(value).values()
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return bits >= _LEAST_BITS
