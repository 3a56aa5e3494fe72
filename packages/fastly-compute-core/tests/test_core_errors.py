import copy
import pickle
import re
from pathlib import Path

import pytest

from fastly_compute import core
from fastly_compute.core.errors import CLASSES, EXPLANATIONS

WIT = Path(__file__).parents[2] / "fastly-compute-cli/src/fastly_compute/cli/wit/deps/compute.wit"


def cases(kind: str, name: str) -> list[str]:
    """The cases of one type of the WIT's interface ``types``."""
    flags = re.DOTALL | re.MULTILINE
    (interface,) = re.findall(r"^interface types \{$(.*?)^\}$", WIT.read_text(), flags)
    (body,) = re.findall(rf"^  {kind} {name} \{{$(.*?)^  \}}$", interface, flags)
    return re.findall(r"^    ([a-z0-9-]+)(?:\(.*\))?,$", body, re.MULTILINE)


def test_every_error_of_the_wit_has_an_explanation_and_a_class():
    in_wit = {*cases("variant", "error"), *cases("enum", "open-error")}

    assert len(in_wit) >= 16
    assert set(EXPLANATIONS) == in_wit
    assert set(CLASSES) == in_wit


def test_the_bindings_errors_are_named_as_in_the_wit():
    from wit_world.imports import types

    variants = [kind for name, kind in vars(types).items() if name.startswith("Error_")]
    values = [kind(7) if kind is types.Error_BufferLen else kind() for kind in variants]

    assert [core.case_of(value) for value in values] == cases("variant", "error")
    assert [core.case_of(member) for member in types.OpenError] == cases("enum", "open-error")


@pytest.mark.parametrize("name", ["http_req", "kv_store", "http_body"])
def test_the_cases_of_other_variants_and_enums_are_named_too(name):
    bindings = __import__(f"wit_world.imports.{name}", fromlist=["_"])
    text = WIT.read_text()
    kinds = [
        kind
        for key, kind in vars(bindings).items()
        if re.match(r"(SendErrorDetail|KvError|TrailerError)_", key)
    ]

    assert len(kinds) >= 2
    for kind in kinds:
        case = core.case_of(kind.__new__(kind))
        assert re.search(rf"^    {case}[(,]", text, re.MULTILINE), case


@pytest.mark.parametrize("case", sorted(CLASSES))
def test_every_exception_derives_from_the_base_class_and_names_the_operation(case):
    error = CLASSES[case]("backend.open", case=case, subject="origin")

    assert isinstance(error, core.HostError)
    assert isinstance(error, core.FastlyComputeError)
    assert str(error) == f"backend.open on 'origin' failed: {EXPLANATIONS[case]} ({case})"
    assert (error.operation, error.case, error.subject) == ("backend.open", case, "origin")


@pytest.mark.parametrize(
    ("kind", "caught_as"),
    [
        (core.NotFound, LookupError),
        (core.InvalidArgument, ValueError),
        (core.InvalidSyntax, ValueError),
        (core.NameTooLong, ValueError),
        (core.NameReserved, ValueError),
        (core.Unsupported, NotImplementedError),
        (core.HttpIncomplete, EOFError),
        (core.HostUnavailable, RuntimeError),
        (core.HandleClosed, ValueError),
    ],
)
def test_errors_can_be_caught_as_built_in_exceptions(kind, caught_as):
    assert issubclass(kind, caught_as)


def test_an_error_without_a_subject_names_only_the_operation():
    error = core.HostError("http-body.new", case="generic-error")

    assert str(error) == "http-body.new failed: the host gave no reason (generic-error)"
    assert error.subject is None


def test_an_unknown_case_is_shown_unchanged():
    class Error_Quite_NewThing:  # noqa: N801 - as the bindings name them
        pass

    error = core.host_error(Error_Quite_NewThing(), "x.y")

    assert type(error) is core.HostError
    assert str(error) == "x.y failed: new-thing (new-thing)"


def test_a_package_can_have_its_own_class_for_a_case():
    from wit_world.imports.types import OpenError

    class StoreMissing(core.NotFound):
        explanation = "no such store"

    classes = {"not-found": StoreMissing}

    error = core.host_error(OpenError.NOT_FOUND, "store.open", subject="s", classes=classes)
    assert type(error) is StoreMissing
    assert str(error) == "store.open on 's' failed: no such store (not-found)"
    other = core.host_error(OpenError.RESERVED, "store.open", subject="s", classes=classes)
    assert type(other) is core.NameReserved


@pytest.mark.parametrize("travel", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_an_error_keeps_its_attributes_between_processes(travel):
    error = travel(core.NotFound("backend.open", case="not-found", subject="origin"))

    assert type(error) is core.NotFound
    assert (error.operation, error.case, error.subject) == ("backend.open", "not-found", "origin")
    assert str(error).startswith("backend.open on 'origin' failed: it does not exist, or is not ")
