"""Shields, and the backends that lead to them."""

from dataclasses import dataclass, field
from typing import Self

from fastly_compute.backend import Backend, BackendNotFound
from fastly_compute.backend.registration import shields
from fastly_compute.core import Duration
from fastly_compute.shielding import _wit
from fastly_compute.shielding.errors import (
    ShieldBackendInUse,
    ShieldHasNoBackend,
    ShieldingCallFailed,
)
from fastly_compute.shielding.options import checked_name, checked_options


@dataclass(frozen=True, slots=True)
class Shield:
    """A site of Fastly's that requests to an origin go through.

    Edge sites send their requests to the shield, and only the shield asks the origin: its cache
    serves them all. Both sites run the app and both have a cache, so that a response may be stored
    twice. To purge it on both, give it a surrogate key.

    Attributes:
        name: Its name, such as ``pdx-or-us``.
        running_on: Whether the app runs on it, or on a site that Fastly uses instead.

    Example:
        >>> from fastly_compute.backend import Backend
        >>> from fastly_compute.shielding import Shield
        >>> def next_hop() -> Backend:
        ...     shield = Shield.find("pdx-or-us")
        ...     return Backend.open("origin") if shield.running_on else shield.encrypted_backend()
    """

    name: str
    running_on: bool
    _unencrypted: str = field(repr=False)
    _encrypted: str = field(repr=False)

    @classmethod
    def find(cls, name: str) -> Self:
        """Look up a shield (``shielding.shield-info``).

        Args:
            name: The shield's code in `Fastly's list
                <https://www.fastly.com/documentation/guides/concepts/shielding/#shield-locations>`_,
                such as ``pdx-or-us``: 1 to 255 printable ASCII characters, without spaces.

        Returns:
            The shield.

        Raises:
            TypeError: The name is not a ``str``.
            InvalidShieldName: The name is invalid.
            ShieldNotFound: No shield has that name. Locally, ``shielding_sites`` of
                ``[local_server]`` has them.
            ShieldingUnsupported: This host or service has no shielding.
            ShieldingCallFailed: The host refused for another reason, or its answer is malformed.
            HostUnavailable: No host is available.
        """
        info = _wit.shield_info(checked_name(name))
        urls = info[1:].split("\0")
        if info[:1] not in ("\0", "\1") or len(urls) != 3 or urls[2]:
            raise ShieldingCallFailed(
                "shielding.shield-info", case="a malformed answer", subject=name
            )
        return cls(name, info[0] == "\1", urls[0], urls[1])

    def encrypted_backend(
        self,
        *,
        first_byte_timeout: Duration | None = None,
        between_bytes_timeout: Duration | None = None,
        cache_key: str | None = None,
    ) -> Backend:
        """Find or make the backend that leads to the shield over TLS (``backend-for-shield``).

        A sandbox makes it once; after that, and in later requests of a reused sandbox, it is found.

        Args:
            first_byte_timeout: The time to the response's first byte, in seconds or as a
                `datetime.timedelta`; less than 2^32 ms. None is the platform's default.
            between_bytes_timeout: The longest pause within a response, in the same units.
            cache_key: The key that requests to the shield are cached by (``set-cache-key``). The
                local hosts ignore it.

        Returns:
            The backend.

        Raises:
            TypeError: A value is of the wrong type.
            InvalidShieldOption: A value breaks its rule.
            ShieldHasNoBackend: The app runs on the shield.
            ShieldBackendInUse: This sandbox has such a backend, with other options.
            ShieldingUnsupported: This host or service has no shielding.
            ShieldingCallFailed: The host refused for another reason.
            HostUnavailable: No host is available.
        """
        return self._backend(
            self._encrypted, (first_byte_timeout, between_bytes_timeout, cache_key)
        )

    def unencrypted_backend(
        self,
        *,
        first_byte_timeout: Duration | None = None,
        between_bytes_timeout: Duration | None = None,
        cache_key: str | None = None,
    ) -> Backend:
        """Find or make the backend that leads to the shield without TLS.

        Requests and responses cross the open internet readable: use it only for what is encrypted
        already. Arguments, return value and errors are those of `encrypted_backend`.
        """
        return self._backend(
            self._unencrypted, (first_byte_timeout, between_bytes_timeout, cache_key)
        )

    def _backend(
        self, url: str, given: tuple[Duration | None, Duration | None, str | None]
    ) -> Backend:
        options = checked_options(*given)
        if not url:
            raise ShieldHasNoBackend(self.name)
        known = shields()
        wanted = (url, *options)
        for name in [name for name, made in known.items() if made == wanted]:
            try:
                return Backend.open(name)
            except BackendNotFound:
                del known[name]
        try:
            name, resource = _wit.backend_for_shield(self.name, url, options)
        except ShieldingCallFailed as error:
            # The host says of a taken URL no more than that it failed.
            if error.case != "generic-error" or not any(
                made[0] == url and Backend.exists(name) for name, made in known.items()
            ):
                raise
            raise ShieldBackendInUse(error.operation, case=error.case, subject=self.name) from None
        known[name] = wanted
        return Backend._of(name, resource)
