"""Messages in notation wherever mitmproxy shows contents: mitmweb, its console, mitmdump.

mitmproxy 12 brought a new interface for this and does not give the old one the WebSocket message,
so there is one class for each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from mitmproxy import contentviews, http
from mitmproxy.flow import Flow
from mitmproxy.websocket import WebSocketMessage

from xentara_inspect.captures.flows import is_xentara, request_secrets
from xentara_inspect.notation import messages as notation
from xentara_inspect.proxy.conversations import Conversation, Known, Told
from xentara_inspect.store.name_files import read_names
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import GivenName
from xentara_inspect.traffic.redaction import redact

NAME: Final = "Xentara"

HEAD: Final = 256 << 10
"""Bytes of a message that are shown; those of larger ones are in the database."""

_PASSED_BY: Final = 64 << 10
"""Bytes of a message that is decoded for the sake of others, though nobody has looked at it."""
_TEXTS: Final = 32 << 20
"""Characters of notation that are kept, so that they need not be written again."""


class _Text(NamedTuple):
    """The notation of the bytes of a message. learned: how much was known when it was written."""

    data: bytes
    learned: int
    text: str


class Viewer:
    """What is shown of messages: at constant work for each, in memory that is bounded."""

    def __init__(self) -> None:
        self._known = Known()
        self._conversations: WeakKeyDictionary[Flow, Conversation] = WeakKeyDictionary()
        self._texts: OrderedDict[WebSocketMessage, _Text] = OrderedDict()
        self._kept = 0  # characters of them

    def name_elements(self, paths: Iterable[str]) -> None:
        """Take names out of files, for elements that the traffic does not name. Raises NameFileError."""
        self._known.names.given = {
            element: GivenName(name, path) for path in paths for element, name in read_names(path).items()
        }
        self._known.add(1)

    def prettify(self, data: bytes, message: Any, flow: Any) -> str:
        """Notation of a message's bytes, with what its connection tells of it and without secrets.

        message, flow: of anything else than a WebSocket are not asked.
        """
        if not isinstance(message, WebSocketMessage):
            return self._notation(Told(data, redact(data, None)), None)
        kept = self._texts.get(message)
        if kept is not None and kept.data == data and kept.learned == self._known.learned:
            return kept.text
        told = self._conversation(flow).told(_messages(flow), message, data)
        text = self._notation(told, message)
        self._keep(message, _Text(data, self._known.learned, text))
        return text

    def leaves(self, flow: http.HTTPFlow) -> None:
        """The first message of a flow is about to be forgotten; not so what it tells of others."""
        if is_xentara(flow, None):
            self._conversation(flow).leaves(_messages(flow), _PASSED_BY)
        for message in _messages(flow)[:1]:
            self._drop(message)

    def _conversation(self, flow: Flow | None) -> Conversation:
        if flow is None:
            return Conversation(self._known)
        conversation = self._conversations.get(flow)
        if conversation is None:
            secrets = request_secrets(flow) if isinstance(flow, http.HTTPFlow) else ()
            conversation = self._conversations[flow] = Conversation(self._known, secrets)
        return conversation

    def _notation(self, told: Told, message: WebSocketMessage | None) -> str:
        from_client = message.from_client if message is not None else None
        is_cut = len(told.shown) > HEAD
        shown = told.shown[:HEAD] if is_cut else told.shown
        if message is not None and message.is_text:
            text = notation.annotate_text_message(shown)
        elif told.contexts and not is_cut:
            text = notation.annotate_message(
                packets.parse(shown),
                shown,
                contexts=told.contexts,
                names=self._known.names,
                from_client=from_client,
            )
        else:
            text = notation.annotate(shown, from_client=from_client, names=self._known.names)
        lines = [text.rstrip("\n"), *(f"# Finding: {finding}" for finding in told.findings)]
        if is_cut:
            lines.append(f"# Only its first {HEAD} bytes are shown here, of {len(told.shown)}.")
        return "\n".join(lines)

    def _keep(self, message: WebSocketMessage, text: _Text) -> None:
        self._drop(message)
        if len(text.data) <= HEAD:
            self._texts[message] = text
            self._kept += len(text.text)
        while self._kept > _TEXTS:
            self._drop(next(iter(self._texts)))

    def _drop(self, message: WebSocketMessage) -> None:
        text = self._texts.pop(message, None)
        self._kept -= len(text.text) if text is not None else 0


def _messages(flow: Any) -> Sequence[WebSocketMessage]:
    return flow.websocket.messages if getattr(flow, "websocket", None) is not None else ()


def render_priority(message: Any, flow: Any) -> float:
    """2 for WebSocket messages of connections that look like Xentara, else -1: not for us."""
    if not isinstance(message, WebSocketMessage) or getattr(flow, "websocket", None) is None:
        return -1
    return 2 if is_xentara(flow, None) else -1


def make_view(viewer: Viewer) -> Any:
    """The content view for the mitmproxy that runs."""
    classes = vars(contentviews)
    modern = classes.get("Contentview")
    return _modern_view(modern, viewer) if modern is not None else _legacy_view(classes["View"], viewer)


def _modern_view(base: type, viewer: Viewer) -> Any:
    def show(_self: object, data: bytes, metadata: Any) -> str:
        return viewer.prettify(data, metadata.websocket_message, metadata.flow)

    def priority(_self: object, _data: bytes, metadata: Any) -> float:
        return render_priority(metadata.websocket_message, metadata.flow)

    members = {"name": NAME, "syntax_highlight": "yaml", "prettify": show, "render_priority": priority}
    return type("XentaraContentview", (base,), members)()


def _legacy_view(base: type, viewer: Viewer) -> Any:
    def show(_self: object, data: bytes, **metadata: Any) -> Any:
        text = viewer.prettify(data, metadata.get("websocket_message"), metadata.get("flow"))
        return NAME, ([("text", line)] for line in text.splitlines())

    def priority(_self: object, _data: bytes, **metadata: Any) -> float:
        return render_priority(metadata.get("websocket_message"), metadata.get("flow"))

    return type("XentaraView", (base,), {"name": NAME, "__call__": show, "render_priority": priority})()
