"""Bot detection in `fastly:compute/http-downstream`: read from request headers, as on Viceroy."""

from typing import cast, get_args

from componentize_py_types import Err
from wit_world.imports import http_downstream as wit
from wit_world.imports.http_downstream import BotCategory, BotCategory_Extra
from wit_world.imports.types import Error_GenericError, Error_LimitExceeded

from fastly_compute.local.interfaces.http_req import Request
from fastly_compute.local.runtime.resource import Resource
from fastly_compute.local.whole_number import whole_number

# In the order of the WIT's cases, which the numbers follow; the ninth is spelled as in Viceroy.
_CATEGORIES = dict(
    zip(
        (
            "none",
            "suspected",
            "accessibility",
            "ai-crawler",
            "ai-fetcher",
            "content-fetcher",
            "monitoring-site-tools",
            "online-marketing",
            "page-preview",
            "platform-integration",
            "research",
            "search-engine-crawler",
            "search-engine-optimization",
            "security-tools",
        ),
        get_args(BotCategory)[:-1],
        strict=True,
    )
)
_BY_NUMBER = [*_CATEGORIES.values()]
_HEADLESS = 14
_MOST = (1 << 32) - 1


class ExtraBotCategory(Resource):
    """A category that the WIT has no name for."""

    def __init__(self, raw: int) -> None:
        self._raw = raw

    def as_raw(self) -> int:
        """Return its number."""
        return self._raw


def _said(ds_request: Request, what: str) -> str | None:
    if ds_request.exchange is None:
        raise Err(Error_GenericError())
    for name, value in ds_request.exchange.incoming.headers:
        if name.lower() == f"x-fastly-bot-{what}":
            return value.decode("latin-1")
    return None


def _fitting(text: str | None, max_len: int) -> str | None:
    if text is not None and len(text) > max_len:
        raise Err(Error_LimitExceeded())
    return text


def downstream_bot_analyzed(ds_request: Request) -> bool:
    """Return whether the request was analyzed for bots."""
    return _said(ds_request, "analyzed") == "true"


def downstream_bot_detected(ds_request: Request) -> bool:
    """Return whether a bot sent the request."""
    return _said(ds_request, "detected") == "true"


def downstream_bot_name(ds_request: Request, max_len: int) -> str | None:
    """Return the bot's name."""
    return _fitting(_said(ds_request, "name"), max_len)


def downstream_bot_category(ds_request: Request, max_len: int) -> str | None:
    """Return the bot's category."""
    return _fitting(_said(ds_request, "category"), max_len)


def downstream_bot_category_kind(ds_request: Request) -> BotCategory | None:
    """Return the bot's category as a case of the WIT's enum; the header may have its number."""
    said = _said(ds_request, "category")
    if said is None:
        return None
    named = _CATEGORIES.get(said.lower())
    if named is not None:
        return cast("BotCategory", named())
    if said.lower() == "headless":
        return _extra(_HEADLESS)
    number = whole_number(said, _MOST)
    if number is None:
        raise Err(Error_GenericError())
    return cast("BotCategory", _BY_NUMBER[number]()) if number < _HEADLESS else _extra(number)


def _extra(number: int) -> BotCategory:
    # Our own resource replaces the one that the bindings declare.
    return BotCategory_Extra(cast("wit.ExtraBotCategory", ExtraBotCategory(number)))


def downstream_bot_verified(ds_request: Request) -> bool | None:
    """Return whether the bot is verified; Viceroy reads the header for *analyzed* instead."""
    said = _said(ds_request, "analyzed")
    return None if said is None else said == "true"
