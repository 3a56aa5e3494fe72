"""The products that a service has."""

from dataclasses import dataclass, fields

from fastly_compute.runtime import _wit


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """Which of Fastly's products the service has.

    Attributes:
        domain_inspector: Whether it has Domain Inspector.
        image_optimizer: Whether it has Image Optimizer.
        origin_inspector: Whether it has Origin Inspector.

    Example:
        >>> from fastly_compute.runtime import Products
        >>> def image_url(name: str, products: Products) -> str:
        ...     return f"/{name}?width=640" if products.image_optimizer else f"/{name}"
    """

    domain_inspector: bool
    image_optimizer: bool
    origin_inspector: bool


def products() -> Products:
    """Read which products the service has (``compute-runtime.products``): four host calls.

    Returns:
        The products. Viceroy says that the service has none.

    Raises:
        RuntimeUnsupported: This host does not know.
        RuntimeCallFailed: The host refused for another reason.
        HostUnavailable: No host is available.

    Example:
        >>> from fastly_compute import runtime
        >>> def transforms_images() -> bool:
        ...     return runtime.products().image_optimizer
    """
    names = tuple(field.name for field in fields(Products))
    return Products(**dict(zip(names, _wit.has_products(names), strict=True)))
