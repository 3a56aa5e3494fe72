"""Lets autodoc speak of the packages' public names, wherever they are defined."""

import ast
import importlib
import inspect
import pkgutil
import re
from textwrap import indent
from types import ModuleType
from typing import Any, get_origin

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.napoleon import GoogleDocstring
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

import fastly_compute

PACKAGES = tuple(
    f"fastly_compute.{module.name}" for module in pkgutil.iter_modules(fastly_compute.__path__)
)


def definitions() -> dict[str, str]:
    """Return the public name of each class and function, by the place where it is defined.

    No aliases: ``Callable[[Body], BodyLike]`` has the name and module of ``Callable``.
    """
    found = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        things = {name: getattr(module, name) for name in module.__all__}
        # A second name for the same class comes after its own.
        for name, thing in sorted(
            things.items(), key=lambda pair: pair[0] != getattr(pair[1], "__name__", "")
        ):
            if inspect.isclass(thing) or inspect.isroutine(thing):
                found.setdefault(f"{thing.__module__}.{thing.__qualname__}", f"{package}.{name}")
    return found


def all_names() -> list[str]:
    """Return every public name, those of public modules included, with their packages."""
    found = []
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            thing = getattr(module, name)
            found.append(f"{package}.{name}")
            if inspect.ismodule(thing):
                found += [f"{thing.__name__}.{inner}" for inner in public_members(thing)]
    return found


def public_members(module: ModuleType) -> list[str]:
    """Return the public names of a public module: what it lists, else what it defines."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, thing in vars(module).items()
        if hasattr(thing, "__qualname__") and thing.__module__ == module.__name__ and name[0] != "_"
    ]


def data_docs() -> dict[str, tuple[str, str]]:
    """Return value and docstring of constants and type aliases, by their public names."""
    found = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        for statement in ast.walk(ast.parse(inspect.getsource(module))):
            if not isinstance(statement, ast.ImportFrom) or statement.module is None:
                continue
            if not statement.module.startswith(package):
                continue
            analyzer = ModuleAnalyzer.for_module(statement.module)
            docs, values = analyzer.find_attr_docs(), _values(analyzer.code)
            for alias in statement.names:
                name = alias.asname or alias.name
                if alias.name in values and name in module.__all__:
                    doc = "\n".join(docs.get(("", alias.name), []))
                    found[f"{package}.{name}"] = values[alias.name], doc
    return found


def _values(code: str) -> dict[str, str]:
    values = {}
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            values[statement.target.id] = _text(statement.value or statement.annotation)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values[statement.targets[0].id] = _text(statement.value)
    return values


def _text(value: ast.expr) -> str:
    """Return the text of a value, or what a forward reference has in its quotes."""
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return value.value if is_text and "|" in value.value else ast.unparse(value)


GROUPS = ("Functions", "Classes", "Errors", "Types and constants")
LONGEST_VALUE = 160
# Where CPython defines what it documents elsewhere.
MOVED = {
    "concurrent.futures._base.Future": "concurrent.futures.Future",
    "concurrent.futures.thread.ThreadPoolExecutor": "concurrent.futures.ThreadPoolExecutor",
    "json.decoder.JSONDecodeError": "json.JSONDecodeError",
}
DEFAULT = re.compile(r"<[^<>]*(?:<[^<>]*>[^<>]*)?>")
INTERNAL = re.compile(r"\b(_wit|_Object|_Lookup|async_io|http_req|cache)\b[.]?\w*")


class PublicNames:
    """What autodoc and the references are told."""

    def __init__(self) -> None:
        self._public = definitions()
        names = all_names()
        self._names = set(names)
        self._bare = {name.rpartition(".")[2]: name for name in reversed(names)}

    def describe(
        self,
        app: Sphinx,
        what: str,
        name: str,
        thing: object,
        options: object,
        lines: list[str],
    ) -> None:
        """Read the docstring of a property as that of a function.

        Napoleon takes what is before a colon in the first line of a property for its type, and
        knows no sections there.
        """
        if what in ("attribute", "data", "property"):
            lines[:] = ["..", "", *GoogleDocstring(lines, app.config, app, "method", name).lines()]

    def resolve(
        self, app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: nodes.TextElement
    ) -> nodes.Element | None:
        """Find what a signature names by the place where it is defined, or by its bare name."""
        if node.get("refdomain") != "py":
            return None
        target = node["reftarget"] = MOVED.get(node["reftarget"], node["reftarget"])
        public = self._public_name(target) or self._own_name(target, node) or self._bare.get(target)
        if public is not None:
            found = env.domains.python_domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", public, node, contents
            )
            if found is not None:
                return found
        return contents if _exists(target) else None

    def prefer_own(self, app: Sphinx, document: nodes.document) -> None:
        """Look for a type in a signature in the signature's own package first."""
        for node in document.findall(pending_xref):
            if node.get("refdomain") == "py":
                target = node["reftarget"]
                own = node["reftype"] == "class" and self._own_name(target, node)
                node["reftarget"] = self._public_name(target) or own or target

    def _own_name(self, target: str, node: pending_xref) -> str | None:
        """Return the name that the package of the module around a reference has, if it has it."""
        own = ".".join([*(node.get("py:module") or "").split(".")[:2], target])
        return own if own in self._names else None

    def _public_name(self, target: str) -> str | None:
        head, tail = target, ""
        while head and head not in self._public:
            head, _, last = head.rpartition(".")
            tail = f".{last}{tail}"
        return self._public[head] + tail if head else None

    def sign(
        self,
        app: Sphinx,
        what: str,
        name: str,
        thing: object,
        options: object,
        signature: str | None,
        returns: str | None,
    ) -> tuple[str | None, str | None]:
        """Show no way to make what only the host or the SDK makes, errors among it."""
        if signature and inspect.isclass(thing) and issubclass(thing, BaseException):
            return "", None
        if what == "class" and signature and INTERNAL.search(signature):
            return "", None
        return signature and DEFAULT.sub("...", signature), returns

    def inherit(
        self, app: Sphinx, name: str, thing: object, options: object, bases: list[type]
    ) -> None:
        """Name the bases without their type arguments, which are of the bindings."""
        bases[:] = [get_origin(base) or base for base in bases]


def _exists(target: str) -> bool:
    """Return whether it is a name of the SDK that is not public, and so has no page."""
    head, _, last = target.rpartition(".")
    if not head.startswith("fastly_compute."):
        return False
    try:
        return hasattr(importlib.import_module(head), last)
    except ModuleNotFoundError:
        return False


def _documented(full: str, data: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return value and docstring of a constant; those of the package that a name comes from."""
    name = full.rpartition(".")[2]
    named = (other for other in data if other.rpartition(".")[2] == name)
    return data.get(full) or data.get(next(named, ""))


class Api(SphinxDirective):
    """Documents every public name of a package."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes: functions, classes, errors, and then types and constants."""
        package = self.arguments[0]
        module = importlib.import_module(package)
        data = data_docs()
        groups: dict[str, list[str]] = {title: [] for title in GROUPS}
        for name in module.__all__:
            thing = getattr(module, name)
            full = f"{package}.{name}"
            if inspect.ismodule(thing):
                continue
            if inspect.isclass(thing):
                is_error = issubclass(thing, BaseException)
                kind = "autoexception" if is_error else "autoclass"
                lines = [f".. {kind}:: {full}", "   :exclude-members: explanation"]
                if thing.__bases__ != (object,):
                    lines.append("   :show-inheritance:")
                groups["Errors" if is_error else "Classes"] += [*lines, ""]
            elif inspect.isroutine(thing):
                groups["Functions"] += [f".. autofunction:: {full}", ""]
            elif (found := _documented(full, data)) is not None:
                value, doc = found
                if not doc:
                    raise self.error(f"{full} has no docstring")
                lines = [f".. py:data:: {name}"]
                if len(value) < LONGEST_VALUE:
                    lines.append(f"   :value: {value}")
                groups["Types and constants"] += [*lines, "", indent(doc, "   "), ""]
            else:
                doc = inspect.cleandoc(thing.callback.__doc__)
                groups["Functions"] += [f".. py:function:: {name}()", "", indent(doc, "   "), ""]
        text = [f"```{{eval-rst}}\n.. py:currentmodule:: {package}\n```"]
        for title, lines in groups.items():
            if lines:
                text += ["", f"### {title}", "", "```{eval-rst}", *lines, "```"]
        return self.parse_text_to_nodes("\n".join(text), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect it."""
    app.setup_extension("sphinx.ext.autodoc")
    names = PublicNames()
    app.add_directive("api", Api)
    app.connect("autodoc-process-docstring", names.describe, priority=100)
    app.connect("autodoc-process-signature", names.sign)
    app.connect("autodoc-process-bases", names.inherit)
    app.connect("doctree-read", names.prefer_own)
    app.connect("missing-reference", names.resolve, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
