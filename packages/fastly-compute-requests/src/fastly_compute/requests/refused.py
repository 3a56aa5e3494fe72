"""What ``requests`` has and this package has not, each with the reason: one table for all of it."""

import opcode
import sys
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from types import MappingProxyType, ModuleType
from typing import Any

_URLLIB3 = (
    "it belongs to urllib3, which needs sockets: a backend says where and how requests go (see "
    "fastly_compute.backend)"
)
_NO_URLLIB3 = "it belongs to urllib3: catch the exception of requests instead"
_CONNECTIONS = (
    "it sets up connections of urllib3, and connections are the platform's: configure a backend "
    "and mount a BackendAdapter"
)
_PROXIES = "proxies are not supported: a backend says where requests go"
_ENVIRONMENT = "the environment is not read: pass the value explicitly"
_FILES = "files cannot be read at run time: read them at module level"
_OWN = "requests has it for itself"

REFUSED: Mapping[str, str] = {
    "packages": "urllib3 and the like are not part of this package: import them by their own names",
    "help": "it describes an installation with sockets and OpenSSL",
    "check_compatibility": "urllib3 is not used, so it has no version to check",
    "chardet_version": "not used: bodies without a charset are read as UTF-8",
    "charset_normalizer_version": "not used: bodies without a charset are read as UTF-8",
    "DependencyWarning": _NO_URLLIB3,
    "NullHandler": _OWN,
    "adapters.PoolManager": _URLLIB3,
    "adapters.Retry": "it belongs to urllib3: import it from there, or give max_retries a number",
    "adapters.SOCKSProxyManager": _PROXIES,
    "adapters.TimeoutSauce": "it belongs to urllib3: timeout= takes seconds or a pair",
    "adapters.proxy_from_url": _PROXIES,
    "adapters.parse_url": _URLLIB3,
    **{
        f"adapters.{name}": _NO_URLLIB3
        for name in (
            "ClosedPoolError",
            "ConnectTimeoutError",
            "LocationValueError",
            "NewConnectionError",
            "ProtocolError",
            "ReadTimeoutError",
            "ResponseError",
        )
    },
    "HTTPAdapter.build_connection_pool_key_attributes": _CONNECTIONS,
    "HTTPAdapter.cert_verify": _CONNECTIONS,
    "HTTPAdapter.config": "requests has it for earlier versions of itself, and never fills it",
    "HTTPAdapter.get_connection": _CONNECTIONS,
    "HTTPAdapter.get_connection_with_tls_context": _CONNECTIONS,
    "HTTPAdapter.init_poolmanager": _CONNECTIONS,
    "HTTPAdapter.poolmanager": _CONNECTIONS,
    "HTTPAdapter.proxy_headers": _PROXIES,
    "HTTPAdapter.proxy_manager": _PROXIES,
    "HTTPAdapter.proxy_manager_for": _PROXIES,
    "HTTPAdapter.request_url": _PROXIES,
    "RequestsCookieJar.get_policy": "the rules are those of RFC 6265",
    "RequestsCookieJar.set_policy": "the rules are those of RFC 6265: override set_cookie instead",
    "Session.rebuild_proxies": _PROXIES,
    "exceptions.BaseHTTPError": "it belongs to urllib3: catch RequestException",
    "exceptions.CompatJSONDecodeError": _OWN,
    "models.RequestEncodingMixin": _OWN,
    "models.RequestField": _URLLIB3,
    "models.encode_multipart_formdata": _URLLIB3,
    "models.parse_url": _URLLIB3,
    "auth.CONTENT_TYPE_FORM_URLENCODED": _OWN,
    "auth.CONTENT_TYPE_MULTI_PART": _OWN,
    "auth.b64encode": _OWN,
    "compat.ModuleType": _OWN,
    "cookies.CookiePolicy": "the rules are those of RFC 6265: override set_cookie instead",
    "sessions.preferred_clock": _OWN,
    **{
        f"models.{name}": _NO_URLLIB3
        for name in (
            "DecodeError",
            "LocationParseError",
            "ProtocolError",
            "ReadTimeoutError",
            "SSLError",
        )
    },
    "models.UnsupportedOperation": _OWN,
    "models.RequestsJSONDecodeError": _OWN,
    "models.RequestsSSLError": _OWN,
    "models.unicode_is_ascii": _OWN,
    "utils.HEADER_VALIDATORS": "use check_header_validity",
    "utils.address_in_network": _PROXIES,
    "utils.atomic_open": _FILES,
    "utils.dotted_netmask": _PROXIES,
    "utils.extract_zipped_paths": _FILES,
    "utils.is_ipv4_address": _PROXIES,
    "utils.is_valid_cidr": _PROXIES,
    "utils.make_headers": _URLLIB3,
    "utils.parse_url": _URLLIB3,
    "utils.set_environ": _ENVIRONMENT,
    "compat.urllib3_version": "urllib3 is not used",
}
"""The reason for each name: that of a class's attribute begins with the class."""

_MODULES = frozenset({"packages", "help"})
# In requests, the names that these modules import from those can be had from these as well.
_IMPORTING = frozenset({"adapters", "api", "auth", "cookies", "models", "sessions", "utils"})
_IMPORTED = ("compat", "exceptions", "utils", "cookies", "models", "status_codes")
_FROM = opcode.opmap["IMPORT_FROM"]


def attribute(kind: type, known_as: str, name: str) -> AttributeError:
    """Make the error for an attribute that objects of a class have not.

    Args:
        kind: The class.
        known_as: The name under which the table has it.
        name: The attribute.

    Returns:
        The error, with the reason if there is one.
    """
    reason = REFUSED.get(f"{known_as}.{name}")
    return AttributeError(
        f"{kind.__name__!r} object has no attribute {name!r}" + (f": {reason}" if reason else "")
    )


def module_getattr(
    module: str, later: Mapping[str, Callable[[], Any]] = MappingProxyType({})
) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a module, which says why it has not what ``requests`` has.

    Args:
        module: Its name in ``requests``; empty for the package itself.
        later: Names that are imported on first use, by the module that defines them.

    Returns:
        The function. It raises an ImportError for ``from requests.utils import name``, where
        Python hides the text of any other error, and an AttributeError otherwise.
    """
    prefix = f"{module}." if module else ""
    known_as = f"requests.{module}" if module else "requests"

    def __getattr__(name: str) -> Any:  # noqa: N807 - that is what it becomes
        if name in later:
            return later[name]()
        reason = REFUSED.get(prefix + name)
        if reason is None and module in _IMPORTING and not name.startswith("_"):
            for other in _IMPORTED:
                there = sys.modules.get(f"{__package__}.{other}")
                value = getattr(there, name, None) if other == "compat" else vars(there).get(name)
                if value is not None and not isinstance(value, ModuleType):
                    return value
        text = f"module {known_as!r} has no attribute {name!r}" + (f": {reason}" if reason else "")
        caller = sys._getframe(1)
        if reason and caller.f_code.co_code[caller.f_lasti] == _FROM:
            raise ImportError(f"cannot import name {name!r} from {known_as!r}: {reason}", name=name)
        raise AttributeError(text)

    return __getattr__


class RefusedModules:
    """A finder of modules that knows those of ``requests`` which are not here, and says why."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Refuse a module.

        Raises:
            ImportError: It is one of them.
        """
        package, _, module = name.partition(".")
        if package == "requests" and module.partition(".")[0] in _MODULES:
            reason = REFUSED[module.partition(".")[0]]
            raise ModuleNotFoundError(f"No module named {name!r}: {reason}", name=name)
        return None
