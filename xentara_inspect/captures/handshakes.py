"""How a recorded connection began and ended, as mitmproxy has it: made again of what the database tells.

Secrets are not in the database, and so not here: of a login there is the name, and asterisks.
"""

from __future__ import annotations

import base64
import contextlib
import re
import uuid
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Final

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.flow import Error
from mitmproxy.websocket import WebSocketData
from wsproto.utilities import generate_accept_token

from xentara_inspect.captures.flows import NAMELESS, SWITCHING
from xentara_inspect.frames import Closing, SessionInfo, host_and_port
from xentara_inspect.queries.connections import Connection

_KEY: Final = base64.b64encode(b"xentara_inspect!")
"""Any 16 bytes (RFC 6455 section 4.1); those that the client had are not recorded."""
_REFUSED: Final = re.compile(r"HTTP ([1-9][0-9]{2})")
_NANOSECONDS: Final = 1_000_000_000
_NAMESPACE: Final = uuid.UUID("5c1a3b0e-6f0c-4d5c-9a55-9d5a0d3a7e01")
"""For connections that have no name of their own, or are not whole."""
_BLANKED: Final = "****"
_ENDING: Final = ("code", "reason", "by")


def seconds(time: int) -> float:
    """Nanoseconds as others write them."""
    return time / _NANOSECONDS


def is_ip(host: str) -> bool:
    """Whether a host is an address, not a name."""
    with contextlib.suppress(ValueError):
        return bool(ip_address(host))
    return False


def flow_of(connection: Connection) -> http.HTTPFlow:
    """A connection, without its messages."""
    info, closing = connection.info, connection.closing
    opened = seconds(info.opened)
    host, port = host_and_port(info.server or "")
    flow = http.HTTPFlow(
        Client(peername=host_and_port(info.client or ""), sockname=("", 0), timestamp_start=opened),
        Server(address=(host, port), peername=(host, port) if is_ip(host) else None, timestamp_start=opened),
    )
    if connection.is_whole and info.flow_id is not None:
        flow.id = info.flow_id
    else:
        flow.id = str(uuid.uuid5(_NAMESPACE, repr((info, connection.span))))
        flow.metadata[NAMELESS] = True
    flow.request = http.Request(
        *(host, port, b"GET", b"http", b"", (info.path or "/").encode(errors="surrogateescape")),
        *(b"HTTP/1.1", _request_headers(info), b"", None, opened, opened),
    )
    flow.response = _response(info, opened)
    if info.refused is None:
        flow.websocket = WebSocketData()
        _set_closing(flow.websocket, closing)
    elif flow.response is None:
        flow.error = Error(info.refused, seconds(closing.time) if closing is not None else opened)
    return flow


def _request_headers(info: SessionInfo) -> http.Headers:
    headers = {
        "Host": info.server,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": _KEY.decode(),
        "Sec-WebSocket-Protocol": info.subprotocol,
        "User-Agent": info.user_agent,
        "Origin": info.origin,
    }
    if info.user is not None:
        login = f"{info.user}:{_BLANKED if info.user.strip('*') else ''}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    return _headers(headers)


def _response(info: SessionInfo, opened: float) -> http.Response | None:
    """The server's answer; None where there was none."""
    status, headers = SWITCHING, http.Headers()
    if info.refused is None:
        accept = generate_accept_token(_KEY)
        headers = _headers(
            {
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Accept": accept.decode() if isinstance(accept, bytes) else accept,
                "Sec-WebSocket-Protocol": info.subprotocol,
            }
        )
    elif match := _REFUSED.fullmatch(info.refused):
        status, headers = int(match[1]), _headers({"Content-Length": "0"})
    else:
        return None
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return http.Response(b"HTTP/1.1", status, phrase.encode(), headers, b"", None, opened, opened)


def _headers(values: dict[str, str | None]) -> http.Headers:
    """Headers that are known, each on one line whatever was recorded."""
    return http.Headers(
        [
            (name.encode(), re.sub(r"[\r\n\0]", " ", value).encode(errors="surrogateescape"))
            for name, value in values.items()
            if value is not None
        ]
    )


def _set_closing(data: WebSocketData, closing: Closing | None) -> None:
    if closing is not None:
        data.timestamp_end = seconds(closing.time)
        data.close_code, data.close_reason = closing.code, closing.reason
        data.closed_by_client = None if closing.by is None else closing.by == "client"


def told(connection: Connection) -> dict[str, Any]:
    """What is known of a connection, and has no place in most formats."""
    info, closing = connection.info, connection.closing
    return {
        "id": info.flow_id if connection.is_whole else None,
        "client": info.client,
        "server": info.server,
        "refused": info.refused,
        "closed": closing and {**closing._asdict(), "time": seconds(closing.time)},
    }


def set_told(flow: http.HTTPFlow, value: Any) -> None:
    """Let a flow be as such words say; what they cannot be changes nothing."""
    try:
        name, client, server, closed = (value[key] for key in ("id", "client", "server", "closed"))
        closing = None if closed is None else Closing(_nanoseconds(closed["time"]), *map(closed.get, _ENDING))
        refused = value.get("refused")  # which files of older releases do not say
        texts = (name, client, server, refused, closing and closing.reason, closing and closing.by)
        if not all(text is None or isinstance(text, str) for text in texts):
            return
        if closing is not None and not isinstance(closing.code, int | None):
            return
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return
    flow.id = name or ""
    flow.client_conn.peername = host_and_port(client or "")
    flow.server_conn.address = host_and_port(server or "")
    if flow.websocket is not None:
        flow.websocket.timestamp_end = None
        _set_closing(flow.websocket, closing)
    elif flow.error is not None and closing is not None:
        flow.error.timestamp = seconds(closing.time)
        flow.error.msg = refused or flow.error.msg


def _nanoseconds(time: Any) -> int:
    return round(float(time) * _NANOSECONDS)
