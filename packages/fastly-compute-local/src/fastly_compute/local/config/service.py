"""The facts that an app can read about its service and the machine."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias, get_args

Product: TypeAlias = Literal["domain_inspector", "image_optimizer", "origin_inspector"]
_PRODUCTS = get_args(Product)
_NO_ID = "0" * 22
_LARGEST = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceInfo:
    """What `compute-runtime` and the `FASTLY_*` variables say; the defaults are Viceroy's.

    Attributes:
        service_id: The service's ID.
        service_version: The active version, at least 0.
        customer_id: The customer's ID.
        namespace_id: The namespace's ID.
        cache_generation: The generation of the cache, at least 0.
        hostname: The name of the machine.
        pop: The code of the point of presence.
        region: The code of its region.
        is_staging: Whether the app runs on the staging network.
        products: The products that the service has: `domain_inspector`, `image_optimizer`,
            `origin_inspector`.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A number is negative or has more than 64 bits, a text contains a NUL, or there
            is not a product.

    Example:
        >>> from fastly_compute.local import HostConfig, ServiceInfo
        >>> config = HostConfig(service=ServiceInfo(pop="LHR", products=["image_optimizer"]))
        >>> config.service.pop
        'LHR'
    """

    service_id: str = _NO_ID
    service_version: int = 0
    customer_id: str = _NO_ID
    namespace_id: str = ""
    cache_generation: int = 0
    hostname: str = "localhost"
    pop: str = "XXX"
    region: str = "Somewhere"
    is_staging: bool = False
    products: Collection[Product] = frozenset()

    def __post_init__(self) -> None:
        if isinstance(self.products, str):
            raise TypeError("products: must be a collection of names, not one of them")
        object.__setattr__(self, "products", frozenset(self.products))
        for item in fields(self):
            _check(item.name, getattr(self, item.name), item.default)


def _check(name: str, value: object, default: object) -> None:
    kind = type(default)
    if type(value) is not kind:
        raise TypeError(f"{name}: must be {kind.__name__}, not {type(value).__name__}")
    if isinstance(value, frozenset):
        unknown = sorted(map(str, value.difference(_PRODUCTS)))
        if unknown:
            raise ValueError(f"products: must be of {', '.join(_PRODUCTS)}, not {unknown[0]!r}")
    elif isinstance(value, str) and "\0" in value:
        raise ValueError(f"{name}: must not contain a NUL, as {value!r} does")
    elif isinstance(value, int) and not 0 <= value <= _LARGEST:
        raise ValueError(f"{name}: must be between 0 and 2^64 - 1, not {value}")
