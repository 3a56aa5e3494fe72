"""The host of one test."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from fastly_compute.local import (
    BackendConfig,
    Clock,
    Handoff,
    Health,
    Host,
    RecordedResponse,
    ServiceInfo,
    ShieldingSite,
    Unavailable,
    WafVerdict,
    load,
)
from fastly_compute.local.extending import check_unavailable
from fastly_compute.testing.acls import make_acls, read_acls
from fastly_compute.testing.backend import FakeBackend
from fastly_compute.testing.call import Call
from fastly_compute.testing.faults import Faults
from fastly_compute.testing.image_call import ImageCall
from fastly_compute.testing.kv import KvStores
from fastly_compute.testing.layers import Layers
from fastly_compute.testing.lookups import Fields, Lookups
from fastly_compute.testing.network import Network
from fastly_compute.testing.records import Records
from fastly_compute.testing.reply import Reply
from fastly_compute.testing.stores import Stores

# A name that no resolver knows (RFC 6761, section 6.4).
_NOWHERE = BackendConfig(url="http://backend.invalid")


class ComputeHost:
    """A host without a network, which records what its guests do.

    The fixture ``compute_host`` gives every test a new one. While it is open as a context
    manager, code of this thread is its guest.

    Args:
        unavailable: What happens when an app that runs natively does what no sandbox can, such as
            opening a socket: ``"error"``, ``"warn"`` or ``"allow"``.

    Raises:
        ValueError: *unavailable* is something else.

    Attributes:
        host: The host itself, to run other apps on.
        secrets: The secret stores: ``secrets["vault"]["token"] = b"..."``.
        config_stores: The config stores: ``config_stores["settings"]["greeting"] = "hello"``. An
            app that opens them as dictionaries finds them as well.
        kv: The KV stores: ``kv["shelf"]["lamp"] = b"..."``, and what the app wrote is read back
            the same way.
        acls: The access control lists: ``acls["visitors"]["192.0.2.0/24"] = "BLOCK"``, or
            ``"ALLOW"``.
        geolocation: What is known about addresses: ``geolocation["192.0.2.1"] = {"city": "Oslo"}``.
        devices: What is known about user agents: ``devices["Agent/1.0"] = {"device": {...}}``.
        calls: Every request to a backend that was sent to its end, in order, also those that had
            no reply.
        backends: The dynamic backends that guests registered, by name, with what they are. They
            stay when the sandbox is gone.
        secrets_read: The store and the name of each secret whose plaintext was read, in order.
        logs: The messages to each log endpoint, as text; an endpoint without any has an empty list.
        handoffs: The requests that guests left to Fanout or to a WebSocket's backend, as
            `fastly_compute.local.Handoff`.
        handoff_reply: The client's response instead, by default an empty 200; of a `Reply`,
            its status, headers and body.
        output: The lines that the host had to say.

    Example:
        >>> from fastly_compute.testing import ComputeHost
        >>> with ComputeHost() as compute_host:
        ...     compute_host.secrets["vault"]["token"] = b"s3cret"
        ...     compute_host.backend("origin").get("/users", json=[])
        ...     compute_host.check()
    """

    def __init__(self, *, unavailable: Unavailable = "error") -> None:
        self._network = Network()
        self._faults = Faults()
        self._records = Records()
        self.logs: defaultdict[str, list[str]] = defaultdict(list)
        self.output: list[str] = []
        self._image_optimizer: Callable[[ImageCall], Reply] | None = None
        self.handoffs: list[Handoff] = []
        self.handoff_reply = Reply()
        self.host = Host(
            output=self.output.append,
            transport=self._network,
            on_log=self._logged,
            on_handoff=self._handed_off,
            unavailable=unavailable,
        )
        self.host.interpose = Layers(self._faults, self._records)
        self.secrets = Stores(
            bytes,
            lambda: self.host.config.secret_stores,
            lambda stores: self._configure(secret_stores=stores),
        )
        self.config_stores = Stores(
            str,
            lambda: self.host.config.config_stores,
            lambda stores: self._configure(config_stores=stores),
        )
        self.kv = KvStores(self.host)
        self.acls = Stores(
            str,
            lambda: read_acls(self.host.config),
            lambda acls: self._configure(acls=make_acls(acls)),
        )
        self.geolocation = Lookups(
            lambda: self.host.config.geolocation.addresses, self._set_geolocation
        )
        self.devices = Lookups(
            lambda: self.host.config.device_detection,
            lambda devices: self._configure(device_detection=devices),
        )
        self._active = self.host.guest_context()

    @property
    def calls(self) -> list[Call]:
        """Every request to a backend, in order, also those that had no reply."""
        return self._network.calls

    @property
    def backends(self) -> Mapping[str, BackendConfig]:
        """The dynamic backends that guests registered, by name."""
        return MappingProxyType(self._records.backends)

    @property
    def secrets_read(self) -> list[tuple[str, str]]:
        """The store and the name of each secret whose plaintext was read, in order."""
        return list(self._records.secrets_read)

    @property
    def clock(self) -> Clock:
        """The time that caches, KV stores and rates go by: ``clock.advance(seconds)``."""
        return self.host.clock

    @property
    def caching(self) -> bool:
        """Whether requests to backends go through the cache, as on the platform; can be set."""
        return self.host.caching

    @caching.setter
    def caching(self, caching: bool) -> None:
        self.host.caching = caching

    @property
    def unavailable(self) -> Unavailable:
        """What happens when a native app does what no sandbox can; can be set.

        ``"error"`` raises `fastly_compute.local.UnavailableInSandbox` there, ``"warn"`` shows a
        warning once for each place, ``"allow"`` does nothing. Only what the app does while it
        handles a request counts, not the code of the test.
        """
        return self.host.unavailable

    @unavailable.setter
    def unavailable(self, unavailable: Unavailable) -> None:
        self.host.unavailable = check_unavailable(unavailable)

    @property
    def service(self) -> ServiceInfo:
        """The facts that the app can read about its service and machine; can be set."""
        return self.host.config.service

    @service.setter
    def service(self, service: ServiceInfo) -> None:
        self._configure(service=service)

    @property
    def waf_verdict(self) -> WafVerdict:
        """What the Next-Gen WAF says about each request that the app inspects; can be set."""
        return self.host.config.waf_verdict

    @waf_verdict.setter
    def waf_verdict(self, verdict: WafVerdict) -> None:
        self._configure(waf_verdict=verdict)

    @property
    def image_optimizer(self) -> Callable[[ImageCall], Reply] | None:
        """The function that replies for the Image Optimizer; can be set.

        None, the default, is a host without one: the app gets the error ``unsupported``. What the
        function raises fails the test; the app gets the error ``generic-error``.
        """
        return self._image_optimizer

    @image_optimizer.setter
    def image_optimizer(self, function: Callable[[ImageCall], Reply] | None) -> None:
        if function is not None and not callable(function):
            raise TypeError(f"image_optimizer: must be a function, not {type(function).__name__}")
        self._image_optimizer = function
        transform = None if function is None else partial(self._network.optimize_image, function)
        self.host.image_optimizer = transform

    @property
    def shielding_sites(self) -> Mapping[str, ShieldingSite | None]:
        """The shields by name; None is the site that the app runs on. Can be set.

        ``target`` declares what a shield replies.
        """
        return self.host.config.shielding_sites

    @shielding_sites.setter
    def shielding_sites(self, sites: Mapping[str, ShieldingSite | None]) -> None:
        self._configure(shielding_sites=sites)

    @property
    def fastly_keys(self) -> Collection[str]:
        """The values of a request's Fastly-Key that are valid; can be set."""
        return self.host.config.fake_valid_fastly_keys

    @fastly_keys.setter
    def fastly_keys(self, keys: Collection[str]) -> None:
        if isinstance(keys, str):
            raise TypeError("fastly_keys: must be a collection of keys, not one of them")
        self._configure(fake_valid_fastly_keys=keys)

    def backend(
        self, name: str, config: BackendConfig | None = None, *, health: Health | None = None
    ) -> FakeBackend:
        """Declare a static backend, or return the one declared before.

        Args:
            name: Its name.
            config: What the guest finds out about it; by default ``http://backend.invalid`` and
                the platform's defaults. Given again, it takes the place of what was there.
            health: The result of its health check, instead of the configured one.

        Returns:
            The reply.

        Raises:
            ValueError: The name is empty.
        """
        known = self.host.config.backends
        chosen = config or known.get(name, _NOWHERE)
        if health is not None:
            chosen = replace(chosen, health=health)
        self._configure(backends={**known, name: chosen})
        return self._network.backend(name)

    def target(self, target: str) -> FakeBackend:
        """Declare what the dynamic backends of a target reply, whatever their names.

        Args:
            target: Host and port, such as ``api.example.com:8443``. Without a port, 443 for
                backends with TLS and 80 for others.

        Returns:
            What they reply.

        Raises:
            ValueError: It is not a host with or without a port.
        """
        return self._network.target(target)

    def load(self, path: str | Path) -> None:
        """Take over the `[local_server]` of a ``fastly.toml`` or ``viceroy.toml``.

        Its stores and lists come beside those that are there, and take the place of those with
        the same name. Its backends are declared, and have no replies yet.

        Args:
            path: The file, from the working directory.

        Raises:
            fastly_compute.local.ConfigError: It cannot be read, or breaks a rule.
        """
        loaded = load(Path(path))
        now = self.host.config
        addresses = {**now.geolocation.addresses, **loaded.geolocation.addresses}
        self._configure(
            config_stores={**now.config_stores, **loaded.config_stores},
            secret_stores={**now.secret_stores, **loaded.secret_stores},
            acls={**now.acls, **loaded.acls},
            geolocation=replace(loaded.geolocation, addresses=addresses),
            device_detection={**now.device_detection, **loaded.device_detection},
            shielding_sites={**now.shielding_sites, **loaded.shielding_sites},
            fake_valid_fastly_keys={*now.fake_valid_fastly_keys, *loaded.fake_valid_fastly_keys},
        )
        for name, items in loaded.kv_stores.items():
            self.kv[name] = items
        for name, backend in loaded.backends.items():
            self.backend(name, backend)

    def fail(
        self, interface: str, function: str, error: str, *, on_call: int | None = None
    ) -> None:
        """Make a host call fail, on whatever host the app runs.

        Of two failures of the same call, the one registered last counts, and one with *on_call*
        takes precedence over one without.

        Args:
            interface: The interface as the WIT names it, such as ``kv-store``.
            function: The function, such as ``send``, or ``store.lookup`` for one of a resource.
            error: A case of what it can fail with, such as ``generic-error``, ``not-found`` for
                what opens something, or, where a request's response is waited for, also a case of
                `send-error-detail`, such as ``dns-timeout``.
            on_call: Which of the calls that follow, counted from 1; None is every one.

        Raises:
            ValueError: The interface, function or error is unknown, or the function cannot fail.
                The message lists those there are.

        Example:
            >>> from fastly_compute.testing import ComputeHost
            >>> compute_host = ComputeHost()
            >>> compute_host.fail("secret-store", "store.open", "not-found")
            >>> compute_host.fail("http-req", "send", "dns-timeout", on_call=2)
        """
        self._faults.fail(interface, function, error, on_call=on_call)

    def short_writes(self, most: int = 1) -> None:
        """Let ``http-body.write`` take few bytes at a time, as a host may.

        Args:
            most: How many, at least 1.

        Raises:
            ValueError: It is less than 1.
        """
        self._faults.short_writes(most)

    def tiny_buffers(self) -> None:
        """Let each answer be too large for the buffer that it is first asked for with.

        The call fails with ``buffer-len`` as if it had been given a buffer of no size, and the
        next one goes through as it is.
        """
        self._faults.tiny_buffers()

    def take_problems(self) -> list[str]:
        """Return what the test has to fail for, and forget it."""
        problems = list(self._network.problems)
        self._network.problems.clear()
        return problems

    def take_unused(self) -> list[str]:
        """Return which replies an earlier one kept from being used so far, and forget it."""
        return self._network.take_unused()

    def check(self) -> None:
        """Make sure that requests and replies matched; the fixture does so at the test's end.

        Raises:
            AssertionError: A request had no reply, a callback raised, or a reply was never used
                because of an earlier one. What was registered, and why it did not fit, is in its
                text.
        """
        problems = [*self.take_problems(), *self.take_unused()]
        if problems:
            raise AssertionError("\n\n".join(problems))

    def _logged(self, endpoint: str, message: bytes) -> None:
        self.logs[endpoint].append(message.decode(errors="backslashreplace"))

    def _handed_off(self, handoff: Handoff) -> RecordedResponse:
        self.handoffs.append(handoff)
        reply = self.handoff_reply
        return RecordedResponse(
            status=reply.status,
            headers=reply.to_wire(),
            body=bytearray(reply.content),
            complete=True,
        )

    def _configure(self, **changes: Any) -> None:
        self.host.config = replace(self.host.config, **changes)

    def _set_geolocation(self, addresses: Mapping[str, Fields]) -> None:
        self._configure(geolocation=replace(self.host.config.geolocation, addresses=addresses))  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        self._active.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._active.__exit__(exc_type, exc_value, traceback)
        self._network.close()
        self.host.close()
