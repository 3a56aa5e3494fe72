"""Fanout on Fastly Compute (GRIP): connections that stay open, WebSockets, and publishing."""

from fastly_compute.fanout.channels import Channel, Channels
from fastly_compute.fanout.errors import (
    FanoutError,
    GripSignatureError,
    GripSignatureExpired,
    GripSignatureInvalid,
    GripSignatureMissing,
    InvalidGrip,
    InvalidWebSocketEvents,
    PublishFailed,
)
from fastly_compute.fanout.events import Kind, WebSocketEvent, decode_events, encode_events
from fastly_compute.fanout.items import Item
from fastly_compute.fanout.publisher import Publisher
from fastly_compute.fanout.request import GripRequest
from fastly_compute.fanout.signature import FASTLY_KEY, Grip, is_grip
from fastly_compute.fanout.sse import SSE, sse
from fastly_compute.fanout.websocket import WebSocket

__all__ = [
    "FASTLY_KEY",
    "SSE",
    "Channel",
    "Channels",
    "FanoutError",
    "Grip",
    "GripRequest",
    "GripSignatureError",
    "GripSignatureExpired",
    "GripSignatureInvalid",
    "GripSignatureMissing",
    "InvalidGrip",
    "InvalidWebSocketEvents",
    "Item",
    "Kind",
    "PublishFailed",
    "Publisher",
    "WebSocket",
    "WebSocketEvent",
    "decode_events",
    "encode_events",
    "is_grip",
    "sse",
]
