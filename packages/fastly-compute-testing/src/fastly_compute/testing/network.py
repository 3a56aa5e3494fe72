"""Replaces the network: finds the backend's replies, and records the requests."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from urllib.parse import urlsplit

from fastly_compute.local import BackendConfig
from fastly_compute.local.extending import HTTPTransport, OriginRequest, OriginResponse, SendFailure
from fastly_compute.testing.backend import CallbackFailed, FakeBackend, call_back
from fastly_compute.testing.call import Call
from fastly_compute.testing.delivery import Delivery
from fastly_compute.testing.headers import MessageHeaders
from fastly_compute.testing.image_call import ImageCall
from fastly_compute.testing.reply import Reply


class Network:
    """The transport of a host under test.

    Attributes:
        problems: What the test has to fail for.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[Call | None] = []
        self.problems: list[str] = []
        self._origins = HTTPTransport()
        self._delivery = Delivery()
        self._backends: dict[str, FakeBackend] = {}
        self._targets: dict[tuple[str, int | None], FakeBackend] = {}

    def backend(self, name: str) -> FakeBackend:
        """Return what replies for the static backend of that name."""
        if name not in self._backends:
            self._backends[name] = FakeBackend(f"backend {name!r}", self._origins, self._delivery)
        return self._backends[name]

    def target(self, target: str) -> FakeBackend:
        """Return what replies for the dynamic backends of a host and port."""
        key = _key(target)
        if key not in self._targets:
            self._targets[key] = FakeBackend(f"target {target!r}", self._origins, self._delivery)
        return self._targets[key]

    def begin(
        self, name: str, config: BackendConfig, request: OriginRequest
    ) -> Callable[[], OriginResponse]:
        """Choose what is registered for a request, in the order in which guests send them."""
        call = _call(name, config, request, b"")
        with self._lock:
            place = len(self._calls)
            self._calls.append(None)
            backend = self._find(name, config)
            rule = None if backend is None else backend.choose(call)

        def answer() -> OriginResponse:
            body = _read(request)
            seen = self._calls[place] = replace(call, body=body)
            if rule is None:
                reasons = self._declared(call) if backend is None else backend.mismatches(call)
                self.problems.append(_unmatched(call, reasons))
                raise SendFailure("destination-not-found", f"no reply is registered for {call}")
            try:
                return rule.respond(seen, replace(request, body=body))
            except CallbackFailed as failed:
                raise self._failure(f"the callback for {call}", failed) from failed

        return answer

    def optimize_image(
        self,
        function: Callable[[ImageCall], Reply],
        name: str,
        config: BackendConfig,
        request: OriginRequest,
        query_string: str,
    ) -> OriginResponse:
        """Call a test's function, which stands for the Image Optimizer.

        Raises:
            SendFailure: The function raised.
        """
        call = _call(name, config, request, _read(request))
        try:
            reply = call_back(function, ImageCall(origin=call, query_string=query_string))
        except CallbackFailed as failed:
            raise self._failure(f"the image_optimizer for {call}", failed) from failed
        return self._delivery.send(reply, call, timedelta())

    def _failure(self, what: str, failed: CallbackFailed) -> SendFailure:
        self.problems.append(f"{what[0].upper()}{what[1:]} raised an exception:\n{failed}".rstrip())
        return SendFailure("internal-error", f"{what} failed")

    @property
    def calls(self) -> list[Call]:
        """Every request to a backend that was sent to its end, in the order of their sending."""
        return [call for call in self._calls if call is not None]

    def take_unused(self) -> list[str]:
        """Say which replies were never used because of an earlier one, and forget it."""
        backends = (*self._backends.values(), *self._targets.values())
        return [unused for backend in backends for unused in backend.take_unused()]

    def close(self) -> None:
        """End what is still to come, and close the connections of what was passed through."""
        self._delivery.close()
        self._origins.close()

    def _find(self, name: str, config: BackendConfig) -> FakeBackend | None:
        if name in self._backends:
            return self._backends[name]
        host = config.host.lower()
        found = self._targets.get((host, config.port))
        if found is None and config.port == (443 if config.use_tls else 80):
            found = self._targets.get((host, None))
        return found

    def _declared(self, call: Call) -> list[str]:
        declared = [*(f"backend {name!r}" for name in self._backends), *map(_shown, self._targets)]
        return [
            f"it is for a dynamic backend, and target({call.config.authority!r}) is not declared",
            f"declared: {', '.join(declared) or 'nothing'}",
        ]


def _call(name: str, config: BackendConfig, request: OriginRequest, body: bytes) -> Call:
    path, _, query = request.path_and_query.partition("?")
    return Call(
        backend=name,
        config=config,
        method=request.method,
        path=path,
        query=query,
        headers=MessageHeaders.of_wire(request.headers),
        body=body,
    )


def _read(request: OriginRequest) -> bytes:
    return request.body if isinstance(request.body, bytes) else b"".join(request.body)


def _unmatched(call: Call, reasons: Iterable[str]) -> str:
    return f"No reply is registered for {call}:\n" + "\n".join(f"  - {why}" for why in reasons)


def _shown(key: tuple[str, int | None]) -> str:
    host = f"[{key[0]}]" if ":" in key[0] else key[0]
    return f"target {host if key[1] is None else f'{host}:{key[1]}'!r}"


def _key(target: str) -> tuple[str, int | None]:
    rule = f"target = {target!r}: must be a host, with or without a port, such as api.example.com"
    if "/" in target:
        raise ValueError(rule)
    try:
        config = BackendConfig(url=f"http://{target}")
    except ValueError as error:
        raise ValueError(rule) from error
    return config.host.lower(), urlsplit(config.url).port
