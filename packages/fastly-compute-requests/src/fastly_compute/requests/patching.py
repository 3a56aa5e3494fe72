"""Standing in for ``requests`` in libraries that import it themselves."""

import sys

from fastly_compute.requests.refused import RefusedModules

_PACKAGE = __name__.rpartition(".")[0]


def install() -> None:
    """Let ``import requests`` find this package, here and in every library that is imported later.

    Call it where the app is imported, before the libraries are. The real ``requests`` does not run
    on Compute: it needs sockets.

    Raises:
        RuntimeError: The real ``requests`` was imported before, by what has it already.

    Example:
        >>> from fastly_compute import requests
        >>> def add_library() -> None:
        ...     requests.install()
        ...     import requests_oauthlib
    """
    package = sys.modules[_PACKAGE]
    if sys.modules.get("requests", package) is not package:
        raise RuntimeError(
            "requests was imported before: call install() before you import what needs it"
        )
    if RefusedModules not in sys.meta_path:
        sys.meta_path.insert(0, RefusedModules)
    for name, module in list(sys.modules.items()):
        if name == _PACKAGE or name.startswith(f"{_PACKAGE}."):
            sys.modules["requests" + name[len(_PACKAGE) :]] = module
