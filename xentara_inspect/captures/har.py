"""WebSocket connections out of HAR files: as Chrome, Playwright, mitmproxy and Firefox write them.

HAR 1.2 knows no WebSockets; what Chrome 76 began others took over: an entry with `_webSocketMessages`. Each
has `type` (send, receive, error), `time`, `opcode`, and `data`, which is base64 where the opcode is that of
binary. Firefox writes the entry without its messages.
"""

from __future__ import annotations

import binascii
import codecs
import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import ijson
from ijson.common import ObjectBuilder
from mitmproxy import http
from mitmproxy.connection import Server
from mitmproxy.flow import Error
from mitmproxy.io.har import fix_headers, request_to_flow
from mitmproxy.websocket import WebSocketData
from wsproto.frame_protocol import Opcode

from xentara_inspect.captures.flows import SWITCHING, CaptureError, Other, StoredMessages, brief
from xentara_inspect.captures.handshakes import set_told
from xentara_inspect.captures.har_writing import TOLD
from xentara_inspect.protocol.connections import NO_ANSWER

_ENTRY: Final = "log.entries.item"
_MESSAGES: Final = f"{_ENTRY}._webSocketMessages"
_MESSAGE: Final = f"{_MESSAGES}.item"
_FIELD: Final = f"{_MESSAGE}."

_READ: Final = 4096
"""Bytes that are parsed at once: each level costs the names of all above it, before anybody sees them."""
_LONGEST: Final = 2000
"""Characters of the names of all levels. No program nests so deeply."""

_MILLISECONDS_FROM: Final = 1e11
"""As seconds a time from the year 5138 on, as milliseconds one from 1973 on: Playwright writes these."""
_SOCKET: Final = re.compile("ws(s?):", re.IGNORECASE)

_NO_FRAMES: Final = ("error", Opcode.CLOSE, Opcode.PING, Opcode.PONG)

Message = dict[str, Any]
"""Its fields as they stand in the file, which may be anything."""


def read_har(path: Path, progress: Callable[[int], None]) -> Iterator[http.HTTPFlow | Other | CaptureError]:
    """The WebSocket connections of a HAR file, what else it has, and what is wrong with one of them.

    progress: is told the bytes read so far. Raises CaptureError where the file stops being one; the
    entries before were yielded. A file may be larger than the memory, the messages of one connection
    may not.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
                file.seek(0)
            for entry, messages in _entries(file):
                progress(file.tell())
                yield _connection(entry, messages, path.name)
    except OSError as error:
        raise CaptureError(f"{path}: {error.strerror or error}") from error
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise CaptureError(f"{path}: not a whole HAR file ({brief(error)})") from error


def _entries(file: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Each entry without its messages, and these as mitmproxy stores them."""
    entry = ObjectBuilder()
    messages: list[Any] = []
    message: Message = {}
    for prefix, event, value in ijson.parse(file, use_float=True, buf_size=_READ):
        if len(prefix) > _LONGEST:
            raise ijson.JSONError("nested too deeply")
        if prefix.startswith(_FIELD):
            message[prefix[len(_FIELD) :]] = value
        elif prefix == _MESSAGE:
            if event == "start_map":
                message = {}
            elif event == "end_map":
                messages.append(_state(message))
        elif prefix.startswith(_ENTRY):
            if prefix == _ENTRY and event == "start_map":
                entry, messages = ObjectBuilder(), []
            entry.event(event, value)
            if prefix == _ENTRY and event == "end_map":
                yield entry.value, messages


def _state(message: Message) -> tuple[Any, ...]:
    """A message as mitmproxy stores it: opcode, from the client, content, seconds; None is missing."""
    opcode, time, exact = message.get("opcode"), message.get("time"), message.get(TOLD)
    data, content = message.get("data") if exact is None else exact, None
    if isinstance(data, str) and opcode == Opcode.TEXT and exact is None:
        content = data.encode(errors="surrogatepass")
    elif isinstance(data, str):
        with contextlib.suppress(ValueError):
            content = binascii.a2b_base64(data, strict_mode=True)
    if isinstance(time, (int, float)) and time >= _MILLISECONDS_FROM:
        time /= 1000
    kind = message.get("type")
    if kind not in {"send", "receive"}:
        opcode, content = kind, None
    return (opcode, kind == "send", content, time, False, False)


def _connection(entry: Any, messages: list[Any], name: str) -> http.HTTPFlow | Other | CaptureError:
    try:
        if not messages and not _is_socket(entry):
            return Other("HTTP request")
        flow = _flow(entry)
        _set_messages(flow, entry, messages)
    except Exception as error:  # mitmproxy's reader believes what a file says; hostile ones break it anywhere
        return CaptureError(
            f"{name}: an entry that is none was left out ({type(error).__name__}: {brief(error)})"
        )
    if TOLD in entry:
        set_told(flow, entry[TOLD])
    return flow


def _set_messages(flow: http.HTTPFlow, entry: dict[str, Any], messages: list[Any]) -> None:
    """What passed on a connection, or why nothing did."""
    status = entry["response"]["status"]
    if status != SWITCHING and not messages:
        flow.request.headers["upgrade"] = "websocket"  # which browsers do not write of one that failed
        if not status:
            flow.response, flow.error = None, Error(str(entry.get("_error") or NO_ANSWER))
            flow.error.timestamp = flow.request.timestamp_start
        return
    frames = [message for message in messages if message[0] not in _NO_FRAMES]
    flow.websocket = WebSocketData(messages=StoredMessages(frames))  # type: ignore[arg-type]
    # When and why it ended browsers do not tell; it is over as far as anybody will know.
    ended = messages[-1][3] if messages else flow.request.timestamp_start
    flow.websocket.timestamp_end = ended if isinstance(ended, (int, float)) else None


def _is_socket(entry: dict[str, Any]) -> bool:
    """Whether an entry without messages asked for a WebSocket."""
    request = entry["request"]
    return bool(
        _SOCKET.match(request["url"])
        or entry.get("_resourceType") == "websocket"
        or fix_headers(request["headers"]).get("upgrade", "").lower() == "websocket"
    )


def _flow(entry: dict[str, Any]) -> http.HTTPFlow:
    """An entry's request and response. Who asked is not told, and of whom only the URL says the port."""
    request = entry["request"]
    url = _SOCKET.sub(r"http\1:", request["url"])
    flow = request_to_flow({**entry, "time": 0, "request": {**request, "url": url, "postData": {"text": ""}}})
    flow.id = ""  # it is known again by what it says
    flow.client_conn.peername = None  # type: ignore[assignment]  # mitmproxy invents one
    flow.server_conn = Server(address=None)
    return flow
