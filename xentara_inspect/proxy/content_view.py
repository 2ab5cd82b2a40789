"""Messages in notation wherever mitmproxy shows contents: mitmweb, its console, mitmdump.

mitmproxy 12 brought a new interface for this and does not give the old one the WebSocket message,
so there is one class for each.
"""

from __future__ import annotations

from typing import Any, Final

from mitmproxy import contentviews
from mitmproxy.websocket import WebSocketMessage

from xentara_inspect.notation import messages as notation
from xentara_inspect.traffic.redaction import redact

NAME: Final = "Xentara"


def prettify(data: bytes, message: WebSocketMessage | None) -> str:
    """Notation of a message's bytes, with the secrets of clients blanked."""
    from_client = message.from_client if message is not None else None
    shown = redact(data, from_client, message is not None and message.is_text)
    if message is not None and message.is_text:
        return notation.annotate_text_message(shown)
    return notation.annotate(shown, from_client=from_client)


def render_priority(message: Any, flow: Any) -> float:
    """2 for WebSocket messages of connections that look like Xentara, else -1: not for us."""
    from xentara_inspect.captures.flows import is_xentara

    if not isinstance(message, WebSocketMessage) or getattr(flow, "websocket", None) is None:
        return -1
    return 2 if is_xentara(flow, None) else -1


def make_view() -> Any:
    """The content view for the mitmproxy that runs."""
    classes = vars(contentviews)
    modern = classes.get("Contentview")
    return _modern_view(modern) if modern is not None else _legacy_view(classes["View"])


def _modern_view(base: type) -> Any:
    def show(_self: object, data: bytes, metadata: Any) -> str:
        return prettify(data, metadata.websocket_message)

    def priority(_self: object, _data: bytes, metadata: Any) -> float:
        return render_priority(metadata.websocket_message, metadata.flow)

    members = {"name": NAME, "syntax_highlight": "yaml", "prettify": show, "render_priority": priority}
    return type("XentaraContentview", (base,), members)()


def _legacy_view(base: type) -> Any:
    def show(_self: object, data: bytes, **metadata: Any) -> Any:
        text = prettify(data, metadata.get("websocket_message"))
        return NAME, ([("text", line)] for line in text.splitlines())

    def priority(_self: object, _data: bytes, **metadata: Any) -> float:
        return render_priority(metadata.get("websocket_message"), metadata.get("flow"))

    return type("XentaraView", (base,), {"name": NAME, "__call__": show, "render_priority": priority})()
