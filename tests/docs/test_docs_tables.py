"""The look-up of the comparison's names: it finds what is there, and only that."""

import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "check_tables.py"))
RUST = """
pub struct Request {}

impl Request {
    /// Like `set_pass`.
    pub fn send(self, backend: impl ToBackend) -> Result<Response, SendError> {
        let quick = 1;
        self.finish()
    }
}

pub trait BackendExt {
    fn is_healthy(&self) -> bool;
}

pub enum SendError {
    TooLong,
}
"""
GO = """package fsthttp

type SendError = fastly.Detail

type CacheOptions struct {
\tTTL uint32 // not MaxAge
}

func (b *Backend) Name() string {
\tLog(b)
\treturn ""
}
"""
JAVASCRIPT = """
declare module 'fastly:backend' {
  class Backend {
    /** Not `open`. */
    static exists(name: string): boolean;
    readonly isSSL: boolean;
  }
  interface Options {
    mode?: 'pass' | 'none';
  }
}
"""
SOURCES = {
    "rust": TOOL["Source"]("rust", {"fastly-0.13.2/src/http/request.rs": RUST}),
    "go": TOOL["Source"](
        "go",
        {"fsthttp/backend.go": GO},
        {
            "internal/abi/fastly/types.go": "func (d Detail) Cause() string {\n}\n",
            "sync/waitgroup.go": "type WaitGroup struct {\n}\n",
        },
    ),
    "javascript": TOOL["Source"](
        "javascript",
        {"types/backend.d.ts": JAVASCRIPT},
        {
            "lib.es5.d.ts": "interface Promise<T> {\n}\n"
            "interface PromiseConstructor {\n    race(): void;\n}\n"
        },
    ),
}
NAMES = [
    ("rust", "Request::send", True),
    ("rust", "request::Request", True),
    ("rust", "BackendExt::is_healthy", True),
    ("rust", "SendError::TooLong", True),
    ("rust", "send", True),
    ("rust", "SendError::send", False),
    ("rust", "set_pass", False),
    ("rust", "finish", False),
    ("rust", "quick", False),
    ("go", "CacheOptions.TTL", True),
    ("go", "fsthttp.CacheOptions", True),
    ("go", "Backend.Name", True),
    ("go", "SendError.Cause", True),
    ("go", "sync.WaitGroup", True),
    ("go", "CacheOptions.MaxAge", False),
    ("go", "CacheOptions.Name", False),
    ("go", "WaitGroup", False),
    ("go", "Log", False),
    ("javascript", "Backend.exists", True),
    ("javascript", "backend.isSSL", True),
    ("javascript", "mode", True),
    ("javascript", "pass", True),
    ("javascript", "Promise.race", True),
    ("javascript", "Backend.open", False),
    ("javascript", "Backend.mode", False),
    ("javascript", "isTLS", False),
]


@pytest.mark.parametrize(("language", "path", "there"), NAMES)
def test_a_name_is_found_where_it_is_defined(language: str, path: str, there: bool) -> None:
    assert SOURCES[language].defines(path) is there


def table(folder: Path, *cells: str) -> list[str]:
    row = f"[[option]]\nwhat = 'send'\nrust = {list(cells)}\n"
    (folder / "sending.toml").write_text(row)
    problems: list[str] = TOOL["check_tables"](SOURCES["rust"], folder)
    return problems


@pytest.mark.parametrize(
    "cells",
    [
        ("Request::send(…, backend)", "Result<Response>", "", "", "", "SendError: TooLong"),
        ("`send`, one after the other", "", "", "", "", "panics"),
        ("*a function of `cargo`*", "", "", "", "", ""),
    ],
)
def test_a_row_of_real_names_holds(tmp_path: Path, cells: tuple[str, ...]) -> None:
    assert table(tmp_path, *cells) == []


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Request::post", ("Request::post", "", "", "", "", "")),
        ("timeout", ("send(timeout)", "", "", "", "", "")),
        ("with_send", ("`send` or `with_send`", "", "", "", "", "")),
        ("Reply", ("send", "Result<Reply>", "", "", "", "")),
        ("SendError::TooShort", ("send", "", "", "", "", "SendError::TooShort")),
    ],
)
def test_a_wrong_name_is_named_with_its_row(
    tmp_path: Path, name: str, cells: tuple[str, ...]
) -> None:
    assert table(tmp_path, *cells) == [f"sending.toml, send: rust has no {name}"]
