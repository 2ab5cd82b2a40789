"""Recorded connections into a HAR file, as Chrome writes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Final

from mitmproxy import http
from wsproto.frame_protocol import Opcode

from xentara_inspect._version import __version__
from xentara_inspect.captures.handshakes import flow_of, is_ip, seconds, told
from xentara_inspect.frames import Frame, host_and_port
from xentara_inspect.queries.connections import Connection, Connections

TOLD: Final = "_xentara"
"""The field for what HAR has no place for: of a connection in its entry, of a text that is none its bytes."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CHUNK: Final = 1000  # messages that are written at once


def write_har(connections: Connections, file: IO[bytes], progress: Callable[[int], None]) -> None:
    """Write them one after the other. progress: is told of how many messages each time.

    Raises StoreError, OSError.
    """
    creator = {"name": "xentara-inspect", "version": __version__}
    file.write(
        b'{"log": {"version": "1.2", "creator": %b, "pages": [], "entries": [' % json.dumps(creator).encode()
    )
    comma = b"\n"
    for connection, frames in connections:
        # All but the brace at its end, before which the messages come.
        file.write(comma + json.dumps(_entry(connection)).encode()[:-1] + b', "_webSocketMessages": [')
        comma = b",\n"
        between, lines = "\n", list[str]()
        for frame in frames:
            lines.append(_message(frame))
            if len(lines) == _CHUNK:
                file.write((between + ",\n".join(lines)).encode())
                progress(len(lines))
                between = ",\n"
                lines.clear()
        if lines:
            file.write((between + ",\n".join(lines)).encode())
            progress(len(lines))
        file.write(b"]}")
    file.write(b"\n]}}\n")


def _message(frame: Frame) -> str:
    time, from_client, is_text, payload = frame
    kind = "send" if from_client else "receive"
    start = f'{{"type": "{kind}", "time": {seconds(time)!r}, "opcode": '
    if not is_text:
        return f'{start}{int(Opcode.BINARY)}, "data": "{base64.b64encode(payload).decode()}"}}'
    try:
        return f'{start}{int(Opcode.TEXT)}, "data": {json.dumps(payload.decode())}}}'
    except UnicodeDecodeError:
        data, exact = json.dumps(payload.decode(errors="replace")), base64.b64encode(payload).decode()
        return f'{start}{int(Opcode.TEXT)}, "data": {data}, "{TOLD}": "{exact}"}}'


def _entry(connection: Connection) -> dict[str, Any]:
    """An entry without its messages."""
    info, closing = connection.info, connection.closing
    flow = flow_of(connection)
    ends = [info.opened, *(connection.span or ()), *([closing.time] if closing is not None else [])]
    lasted = (max(ends) - info.opened) / 1e6
    host, port = host_and_port(info.server or "")
    entry = {
        "_resourceType": "websocket",
        TOLD: told(connection),
        "startedDateTime": _iso(info.opened),
        "time": lasted,
        "request": {
            "method": flow.request.method,
            "url": f"ws://{info.server or 'unknown'}{info.path or '/'}",
            "httpVersion": flow.request.http_version,
            "headers": _pairs(flow.request.headers),
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": _response(flow),
        "cache": {},
        "timings": {
            "blocked": -1,
            "dns": -1,
            "connect": -1,
            "ssl": -1,
            "send": 0,
            "wait": 0,
            "receive": lasted,
        },
        "connection": str(port),
    }
    if is_ip(host):
        entry["serverIPAddress"] = host
    if flow.error is not None:
        entry["_error"] = flow.error.msg
    return entry


def _response(flow: http.HTTPFlow) -> dict[str, Any]:
    """What the server answered, status 0 for nothing."""
    response = flow.response
    return {
        "status": response.status_code if response is not None else 0,
        "statusText": response.reason if response is not None else "",
        "httpVersion": response.http_version if response is not None else "",
        "headers": _pairs(response.headers) if response is not None else [],
        "cookies": [],
        "content": {"size": 0, "mimeType": "x-unknown"},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _pairs(headers: http.Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items(multi=True)]


def _iso(time: int) -> str:
    return (
        (_EPOCH + timedelta(microseconds=time // 1000))
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )
