# Generated from the WIT by `hatch run stubs:generate`; do not edit.
from typing import Protocol
from abc import abstractmethod
from ..imports import async_io
from ..imports import http_req

class HttpIncoming(Protocol):

    @abstractmethod
    def handle(self, request: http_req.Request, body: async_io.Pollable) -> None:
        """Raises: `componentize_py_types.Err(None)`"""
