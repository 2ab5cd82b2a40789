"""mitmproxy's flows to sessions and frames: live ones in the add-on, stored ones in flow files."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from mitmproxy import http, version
from mitmproxy.flow import Flow
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from xentara_inspect.captures import tnetstrings
from xentara_inspect.frames import Closing, Frame, SessionInfo, endpoint
from xentara_inspect.protocol import identifiers
from xentara_inspect.protocol.connections import NO_ANSWER, NO_TLS, UNANSWERED, UNREACHED, UNTRUSTED

if TYPE_CHECKING:
    from mitmproxy.flowfilter import TFilter

SWITCHING: Final = 101
"""Status of the response that opens a WebSocket (RFC 6455 section 4.2.2)."""
NAMELESS: Final = "xentara_nameless"
"""In the metadata of a flow: that its id is made up, since mitmproxy wants one."""
_MICROSECONDS: Final = 1_000_000
_TEXT: Final = int(Opcode.TEXT)
_SYSTEMS: Final = re.compile(r"\[Errno (-?\d{1,4})\]")
"""The number of why a server is not reached; one below 0 is of getaddrinfo."""
_OF_TLS: Final = re.compile("TLS|SSL|certificate|^connection closed$", re.IGNORECASE)
_TOKEN: Final = 16  # characters of what may be one
_LONGEST_COMPLAINT: Final = 200
_LARGEST: Final = (1 << 63) - 1  # of an integer column


class CaptureError(Exception):
    """A file is no capture, or ends in the middle of one, or has what cannot be. One clear line."""


class Other(NamedTuple):
    """Something in a capture that is no WebSocket connection. what: such as `HTTP request`."""

    what: str


def brief(error: Exception) -> str:
    """What a reader complains of, without all of the file that it may quote."""
    return " ".join(str(error).split("\n", 1)[0].split())[:_LONGEST_COMPLAINT]


def flow_time(timestamp: float) -> int:
    """A mitmproxy time stamp in nanoseconds; a float since 1970 carries no more than microseconds.

    Raises TypeError where a file has something else there: a text would be repeated a million times.
    """
    return _storable(round((timestamp + 0.0) * _MICROSECONDS) * 1000)


def _storable(number: int) -> int:
    """A number of a flow file, which may be any, as one that has a place in an integer column."""
    return max(-_LARGEST, min(number, _LARGEST))


def message_frame(message: WebSocketMessage) -> Frame:
    """The frame of a message; of a dropped one too, since it was sent."""
    content = bytes(message.content)  # other add-ons may have put something like it there
    return Frame(flow_time(message.timestamp), message.from_client, message.is_text, content)


def is_xentara(flow: http.HTTPFlow, chosen: TFilter | None) -> bool:
    """Whether a flow is a connection to be recorded: what the filter says, else by path or subprotocol.

    One that failed is one too.
    """
    if flow.websocket is None and refusal(flow) is None:
        return False
    if chosen is not None:
        return bool(chosen(flow))
    subprotocol = _subprotocol(flow)
    return _plain(path_of(flow)) == identifiers.PATH or (
        subprotocol is not None and subprotocol.startswith(identifiers.SUBPROTOCOL_PREFIX)
    )


def refusal(flow: http.HTTPFlow) -> str | None:
    """Why a request for a WebSocket got none; None where it got one, or was none, or waits."""
    if flow.websocket is not None or flow.request.headers.get("upgrade", "").strip().lower() != "websocket":
        return None
    if flow.response is not None and flow.response.status_code != SWITCHING:
        return f"HTTP {flow.response.status_code}"
    return _unanswered(flow, flow.error.msg) if flow.error is not None else None


def _unanswered(flow: http.HTTPFlow, said: str) -> str:
    """Why there is no answer. said: by mitmproxy, in words of whoever answered: maybe an echo of a secret."""
    server = flow.server_conn
    reason = said
    if server.timestamp_tcp_setup is None and (match := _SYSTEMS.search(said)):
        number = int(match[1])
        reason = f"{UNREACHED}: {'its name was not resolved' if number < 0 else os.strerror(number).lower()}"
    elif server.tls and server.timestamp_tls_setup is None and _OF_TLS.search(said):
        reason = said.lower() if said.lower().startswith(UNTRUSTED) else NO_TLS
    return reason if UNANSWERED.fullmatch(reason) else NO_ANSWER


def _plain(path: str) -> str:
    """A path as servers compare them: `//api/ws/`, `/API/WS` and `/api/%77s` are all the same to some."""
    return re.sub("/+", "/", unquote(path).lower()).rstrip("/")


def session_info(flow: http.HTTPFlow, source: str) -> SessionInfo:
    """What is known of a connection when it opens, or fails to. No query, no credentials but the name."""
    upgraded = flow.response.timestamp_end if flow.response is not None else None
    return SessionInfo(
        flow_id=None if flow.metadata.get(NAMELESS) else flow.id or None,
        client=peer(flow),
        server=_known(flow.server_conn.address or (flow.request.host, flow.request.port)),
        path=path_of(flow),
        subprotocol=_subprotocol(flow),
        user=_user(flow),
        opened=flow_time(upgraded or flow.request.timestamp_start),
        source=source,
        user_agent=flow.request.headers.get("user-agent"),
        origin=flow.request.headers.get("origin"),
        refused=refusal(flow),
    )


def closing(flow: http.HTTPFlow) -> Closing | None:
    """When and why a connection closed; None while it is open."""
    data = flow.websocket
    if data is None and refusal(flow) is not None:
        answered = flow.response.timestamp_end if flow.response is not None else None
        failed = flow.error.timestamp if flow.error is not None else flow.request.timestamp_start
        return Closing(flow_time(answered or failed))
    if data is None or data.timestamp_end is None:
        return None
    code = None if data.close_code is None else _storable(int(data.close_code))  # which may be an enum
    by = None if data.closed_by_client is None else "client" if data.closed_by_client else "server"
    return Closing(flow_time(data.timestamp_end), code, data.close_reason, by)


class StoredMessages(Sequence[WebSocketMessage]):
    """The messages of a stored flow, made when somebody asks for one. states: as mitmproxy stores them."""

    def __init__(self, states: list[list[Any]]) -> None:
        self.states = states

    def __len__(self) -> int:
        return len(self.states)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        kind, from_client, content, time, injected, dropped = self.states[index]
        return WebSocketMessage.from_state((kind, from_client, content, time, injected, dropped))

    def frames(self) -> list[Frame]:
        """All of them, at whatever times they say. Raises ValueError, TypeError, OverflowError."""
        return [
            Frame(
                round((time + 0.0) * _MICROSECONDS) * 1000,
                bool(from_client),
                kind == _TEXT,
                # Text before mitmproxy 7. Of a number bytes() would make so many zeros.
                content.encode() if isinstance(content, str) else b"" + content,
            )
            for kind, from_client, content, time, *_ in self.states
        ]


def read_flows(path: Path, progress: Callable[[int], None]) -> Iterator[http.HTTPFlow | Other]:
    """The WebSocket flows of a flow file, also those that failed, and what else it has.

    progress: is told the bytes read so far. Raises CaptureError where the file stops being one; the flows
    before were yielded.
    """
    try:
        with path.open("rb") as file:
            while (flow := _next_flow(file, path)) is not None:
                progress(file.tell())
                if not isinstance(flow, http.HTTPFlow):
                    yield Other(f"{flow.type.upper()} flow")
                elif flow.websocket is not None or refusal(flow):
                    yield flow
                else:
                    yield Other("HTTP request")
    except OSError as error:
        raise CaptureError(f"{path}: {error.strerror or error}") from error


def _next_flow(file: BinaryIO, path: Path) -> Flow | None:
    try:
        state = tnetstrings.load(file)
        if state.get("version") != version.FLOW_FORMAT_VERSION:
            from mitmproxy.io import compat  # slow: it brings the filters

            state = compat.migrate_flow(state)
        websocket = state.get("websocket")
        messages = []
        if websocket is not None:
            messages, websocket["messages"] = websocket["messages"], []
        flow = Flow.from_state(state)
        if isinstance(flow, http.HTTPFlow) and flow.websocket is not None:
            flow.websocket.messages = StoredMessages(messages)  # type: ignore[assignment]
    except EOFError:
        return None
    except OSError:
        raise
    except Exception as error:  # mitmproxy's reader believes what a file says; hostile ones break it anywhere
        raise CaptureError(f"{path}: not a whole mitmproxy flow file ({brief(error)})") from error
    return flow


def recording_of(flow: http.HTTPFlow, source: str) -> tuple[SessionInfo, list[Frame], Closing | None]:
    """All of a stored flow. Raises CaptureError where it says what cannot be (a time beyond all years)."""
    messages = flow.websocket.messages if flow.websocket is not None else []
    try:
        if isinstance(messages, StoredMessages):
            frames = messages.frames()
        else:
            frames = [message_frame(message) for message in messages]
        info, end = session_info(flow, source), closing(flow)
        times = [info.opened, *((end.time, end.code or 0) if end else ())]
        times += [max(frame.time for frame in frames), min(frame.time for frame in frames)] if frames else []
        if not isinstance(flow.id, str) or any(abs(time) >= _LARGEST for time in times):
            raise ValueError
    except (ValueError, TypeError, OverflowError, AttributeError, MemoryError) as error:
        raise CaptureError(f"{source}: a flow with impossible contents was left out") from error
    return info, frames, end


def path_of(flow: http.HTTPFlow) -> str:
    """Without what may hold secrets: query, parameters, fragment."""
    return re.split("[?#;]", flow.request.path, maxsplit=1)[0]


def _subprotocol(flow: http.HTTPFlow) -> str | None:
    """The one that the server chose; what the client offered may be anything."""
    return flow.response.headers.get("sec-websocket-protocol") if flow.response is not None else None


def peer(flow: http.HTTPFlow) -> str | None:
    """Address and port of the client."""
    return _known(flow.client_conn.peername)


def _known(address: Sequence[Any] | None) -> str | None:
    return endpoint(address[0], address[1]) if address is not None and address[0] else None


def request_secrets(flow: http.HTTPFlow) -> tuple[bytes, ...]:
    """The credentials of the request for the connection, however they may be said again.

    Those of its Authorization header; of its query and cookies what is as long as a token.
    """
    _, credentials = _authorization(flow)
    name, password = _basic(flow) or ("", "")
    sent = [password or name, credentials]
    # Out of the path alone: mitmproxy's reads the host too, which may be what none can be in a file.
    query = flow.request.path.partition("#")[0].partition("?")[2]
    values = [value for _, value in parse_qsl(query, errors="surrogateescape")]
    others = (*values, *flow.request.cookies.values(multi=True))
    sent += [value for value in others if len(value) >= _TOKEN]
    return tuple(text.encode(errors="surrogateescape") for text in sent if text)


def _user(flow: http.HTTPFlow) -> str | None:
    """The user name of HTTP Basic authentication, and nothing else of the header.

    A name without a password may be an API token.
    """
    name, password = _basic(flow) or (None, "")
    return name if name is None or password else "*" * len(name)


def _basic(flow: http.HTTPFlow) -> tuple[str, str] | None:
    """Name and password of HTTP Basic authentication (RFC 7617)."""
    scheme, credentials = _authorization(flow)
    if scheme != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:  # no base64, or none that is text
        return None
    return (name, password) if colon else None


def _authorization(flow: http.HTTPFlow) -> tuple[str, str]:
    """Scheme and credentials of the header; empty where there are none."""
    scheme, _, credentials = flow.request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), credentials.strip()
