"""A request that the app under test sent to the Image Optimizer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl

from fastly_compute.testing.call import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCall:
    """One request to the Image Optimizer, as the guest sent it.

    Attributes:
        origin: The request for the original image, and the backend that it is for.
        query_string: The options in the encoding that `ImageOptimizerOptions.query_string`
            returns.
        options: The same, decoded.

    Example:
        >>> from fastly_compute.testing import ComputeHost, ImageCall, Reply
        >>> def transform(call: ImageCall) -> Reply:
        ...     return Reply.of(text=f"{call.origin.path} in {call.options['format']}")
        >>> with ComputeHost() as compute_host:
        ...     compute_host.image_optimizer = transform
    """

    origin: Call
    query_string: str
    options: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        options = MappingProxyType(dict(parse_qsl(self.query_string, strict_parsing=True)))
        object.__setattr__(self, "options", options)
