"""The layers between a guest and its host, in order."""

import threading
from collections.abc import Callable
from functools import partial

from fastly_compute.local.extending import Interpose


class Layers:
    """Passes each host call through all of its layers; this is a `Host.interpose`.

    Args:
        layers: The first is the one that the guest's call comes to first.
    """

    def __init__(self, *layers: Interpose) -> None:
        self._layers = layers
        self._under_way = threading.local()

    def __call__(
        self, label: str, function: Callable[..., object], args: tuple[object, ...]
    ) -> object:
        """Take one call of a guest."""
        if getattr(self._under_way, "call", None) is not None:
            # The host's own, made for the guest's: that is the one to look at.
            return function(*args)
        for layer in reversed(self._layers):
            function = partial(_passed, layer, label, function)
        self._under_way.call = label
        try:
            return function(*args)
        finally:
            self._under_way.call = None


def _passed(layer: Interpose, label: str, function: Callable[..., object], *args: object) -> object:
    return layer(label, function, args)
