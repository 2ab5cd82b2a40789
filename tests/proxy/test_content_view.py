"""Messages in notation where mitmproxy shows contents, in its old and its new interface."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mitmproxy import contentviews
from mitmproxy.test import taddons, tflow

from tests.transcript import edn
from xentara_inspect.proxy.content_view import make_view


def shown(payload: bytes, *, from_client: bool = True, path: str = "/api/ws", is_text: bool = False) -> str:
    """What mitmproxy shows of a message when it chooses the view."""
    flow: Any = tflow.twebsocketflow()
    flow.request.path = path
    message = flow.websocket.messages[0]
    message.content, message.from_client = payload, from_client
    message.type = type(message.type).TEXT if is_text else type(message.type).BINARY
    return asyncio.run(chosen_view(message, flow))


async def chosen_view(message: Any, flow: Any) -> str:
    with taddons.context():  # in a running loop: otherwise it makes one and leaves it open
        if hasattr(contentviews, "prettify_message"):
            return str(contentviews.prettify_message(message, flow).text)
        _, lines, error = vars(contentviews)["get_message_content_view"]("auto", message, flow)
        assert error is None
        return "\n".join("".join(str(text) for _, text in line) for line in lines)


@pytest.fixture(autouse=True, scope="module")
def view() -> Any:
    made = make_view()
    contentviews.add(made)
    return made


def test_a_message_is_shown_in_annotated_notation() -> None:
    assert "# OpCode: get_stage" in shown(edn("[[0, 65, 8]]"))


def test_the_secrets_of_a_client_are_not_shown() -> None:
    text = shown(edn('[[0, 1, 12, {0: 123({0: "me", 1: "not-a-real-password"})}]]'))
    assert "not-a-real-password" not in text
    assert "blanked" in text


def test_malformed_and_text_messages_are_shown_too() -> None:
    assert "Malformed: byte 1" in shown(b"\x81")
    assert "ext message" in shown(b"hello", is_text=True).lower()


def test_other_websockets_are_left_to_others() -> None:
    assert "Packet" not in shown(edn("[[0, 65, 8]]"), path="/socket")
