"""Flows as mitmproxy has them, and what it shows of their messages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mitmproxy import contentviews
from mitmproxy.http import HTTPFlow
from mitmproxy.test import taddons, tflow
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from tests.store_traffic import frames
from xentara_inspect.frames import Frame
from xentara_inspect.proxy.content_view import Viewer, make_view


def message(frame: Frame) -> WebSocketMessage:
    kind = Opcode.TEXT if frame.is_text else Opcode.BINARY
    return WebSocketMessage(kind, frame.from_client, frame.payload, frame.time / 1e9)


def flow_of(*lines: str, path: str = "/api/ws") -> HTTPFlow:
    """A flow whose messages are those of a conversation in notation (see `Transcript`)."""
    flow = tflow.twebsocketflow()
    flow.request.path = path
    assert flow.websocket is not None
    flow.websocket.messages = [message(frame) for frame in frames(*lines)]
    return flow


def messages_of(flow: HTTPFlow) -> list[WebSocketMessage]:
    assert flow.websocket is not None
    return flow.websocket.messages


@contextmanager
def viewing(viewer: Viewer) -> Iterator[None]:
    """mitmproxy with the content view of a viewer."""
    view = make_view(viewer)
    contentviews.add(view)
    try:
        yield
    finally:
        if hasattr(contentviews, "prettify_message"):
            del vars(contentviews)["registry"]._by_name[view.name.lower()]
        else:
            vars(contentviews)["remove"](view)


def chosen_view(flow: HTTPFlow, message: WebSocketMessage) -> str:
    """What mitmproxy shows of a message, by the view that it chooses."""

    async def shown() -> str:
        with taddons.context():  # in a running loop: otherwise it makes one and leaves it open
            if hasattr(contentviews, "prettify_message"):
                return str(contentviews.prettify_message(message, flow).text)
            _, lines, error = vars(contentviews)["get_message_content_view"]("auto", message, flow)
            assert error is None
            return "\n".join("".join(str(text) for _, text in line) for line in lines)

    found: Any = asyncio.run(shown())
    return str(found)


def all_shown(flow: HTTPFlow) -> list[str]:
    return [chosen_view(flow, message) for message in messages_of(flow)]
