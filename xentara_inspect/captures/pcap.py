"""WebSocket connections out of packet captures, pcapng and pcap."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mitmproxy import http
from mitmproxy.connection import Client, Server
from mitmproxy.flow import Error
from mitmproxy.net.http import http1
from mitmproxy.websocket import WebSocketData

from xentara_inspect.captures.flows import SWITCHING, CaptureError, Other, StoredMessages
from xentara_inspect.captures.handshakes import set_told
from xentara_inspect.captures.messages import Closed, MessageReader, NoMessageError
from xentara_inspect.captures.wireshark import Segment, segments
from xentara_inspect.frames import endpoint
from xentara_inspect.protocol.connections import NO_ANSWER

_ABNORMAL = 1006  # RFC 6455 section 7.4.1
_HEAD_ENDS = b"\r\n\r\n"
_LONGEST_HEAD = 1 << 16

Read = http.HTTPFlow | Other | CaptureError
Address = tuple[str, int]


def read_pcap(path: Path, progress: Callable[[int], None], keys: Path | None = None) -> Iterator[Read]:
    """The WebSocket connections of a packet capture, what else it has, and what is wrong with one of them.

    A connection comes once it is over, those that are not at the end; until then its messages are in memory.
    keys: a file of TLS secrets; those in the capture are found without. progress: is told the bytes read
    so far. Raises CaptureError where the file stops being one; all that was whole was yielded.
    """
    going: dict[int, _Conversation] = {}
    over: set[int] = set()
    failure: CaptureError | None = None
    try:
        for segment in segments(path, keys):
            progress(segment.read)
            if segment.stream in over:
                continue
            one = going.get(segment.stream)
            if one is None:
                one = going[segment.stream] = _Conversation(segment, path.name)
            yield from one.take(segment)
            if one.is_over:
                over.add(segment.stream)
                yield from going.pop(segment.stream).results()
    except CaptureError as error:
        failure = error
    for one in going.values():
        yield from one.results()
    if failure is not None:
        raise failure


class _Conversation:
    """A TCP connection: requests, and the WebSocket that one of them opens."""

    def __init__(self, first: Segment, name: str) -> None:
        """name: of the file."""
        self._client, self._server = first.source, first.target
        self._name = name
        self._heads = {True: b"", False: b""}
        self._flow: http.HTTPFlow | None = None
        self._readers: dict[bool, MessageReader] = {}
        self._messages: list[Any] = []
        self._told: Any = None
        # By who sent it: the numbers of its first and its last byte, and how many of them are known.
        self._ended: set[Address] = set()
        self._spans: dict[Address, tuple[int, int]] = {}
        self._known: Counter[Address] = Counter()
        self._has_gap = self._has_data = False
        self._fault: str | None = None
        self.is_over = False

    def take(self, segment: Segment) -> Iterator[Read]:
        """Go on by a segment; yields requests that opened no WebSocket."""
        if segment.data and not self._has_data:  # who speaks first is the client, whoever was seen first
            self._client, self._server = segment.source, segment.target
        from_client = segment.source == self._client
        first, last = self._spans.get(segment.source, segment.span)
        self._spans[segment.source] = first, max(last, segment.span[1])
        self._has_gap |= segment.lost
        if segment.data and self._fault is None:
            self._has_data = True
            self._known[segment.source] += len(segment.data)
            yield from self._carry(from_client, segment)
            if segment.cut:
                self._fault = "its packets are cut off"
        if segment.ends or segment.breaks:
            self._ended.add(segment.source)
            self._end(segment.time, _ABNORMAL, None, from_client)
            self.is_over = segment.breaks or len(self._ended) == 2

    def results(self) -> Iterator[Read]:
        """What it was, once no more comes of it."""
        flow = self._flow
        if self._has_gap and any(
            last - first != self._known[by] for by, (first, last) in self._spans.items()
        ):
            self._fault = self._fault or "packets are missing"
        if flow is None:
            # Where tshark has no keys it tells nothing of what is inside.
            is_sealed = not self._has_data and any(last > first for first, last in self._spans.values())
            yield Other("TLS connection without keys" if is_sealed else "TCP connection")
            return
        if flow.websocket is None and flow.request.headers.get("upgrade", "").lower() != "websocket":
            yield Other("HTTP request")
            return
        if flow.websocket is not None:
            flow.websocket.messages = StoredMessages(self._messages)  # type: ignore[assignment]
        elif flow.response is None and self._ended:
            flow.error = Error(NO_ANSWER, flow.request.timestamp_start)
        if self._told is not None:
            set_told(flow, self._told)
        yield flow
        if self._fault is not None:
            between = f"{endpoint(*self._client)} with {endpoint(*self._server)}"
            yield CaptureError(
                f"{self._name}: of {between} the messages behind the first {len(self._messages)} were left"
                f" out: {self._fault}"
            )

    def _carry(self, from_client: bool, segment: Segment) -> Iterator[Read]:
        if self._readers:
            self._read(from_client, segment.data, segment.time)
            return
        if from_client and segment.comment:
            self._told = _told(segment.comment)
        self._heads[from_client] += segment.data
        head, ends, rest = self._heads[from_client].partition(_HEAD_ENDS)
        if not ends:
            self._heads[from_client] = head[:_LONGEST_HEAD]
            return
        self._heads[from_client] = b""
        lines = head.split(b"\r\n")
        try:
            if from_client:
                if self._flow is not None:
                    yield from self._refused()
                self._flow = self._requested(http1.read_request_head(lines), segment.time)
            elif self._flow is not None and self._flow.response is None:
                self._answered(self._flow, http1.read_response_head(lines), segment.time, rest)
        except ValueError:  # it is something else
            self._flow = None

    def _requested(self, request: http.Request, time: float) -> http.HTTPFlow:
        flow = http.HTTPFlow(
            Client(peername=self._client, sockname=self._server, timestamp_start=time),
            Server(address=self._server),
        )
        flow.id = ""  # it is known again by what it says
        request.timestamp_start = request.timestamp_end = time
        flow.request = request
        return flow

    def _answered(self, flow: http.HTTPFlow, response: http.Response, time: float, rest: bytes) -> None:
        response.timestamp_start = response.timestamp_end = time
        flow.response = response
        if response.status_code == SWITCHING:
            flow.websocket = WebSocketData()
            extensions = response.headers.get("sec-websocket-extensions", "")
            try:
                self._readers = {by: MessageReader(by, extensions) for by in (True, False)}
            except NoMessageError as error:
                self._fault = str(error)
            else:
                self._read(False, rest, time)

    def _refused(self) -> Iterator[Read]:
        """What the request before became, of a connection that is used again."""
        yield from self.results()
        self._told = None

    def _read(self, from_client: bool, data: bytes, time: float) -> None:
        try:
            for message in self._readers[from_client].messages(data):
                if isinstance(message, Closed):
                    self._end(time, message.code, message.reason, from_client)
                else:
                    opcode, content = message
                    self._messages.append((opcode, from_client, content, time, False, False))
        except NoMessageError as error:
            self._fault = str(error)

    def _end(self, time: float, code: int, reason: str | None, by_client: bool) -> None:
        data = self._flow.websocket if self._flow is not None else None
        if data is not None and data.timestamp_end is None:
            data.timestamp_end, data.close_code, data.close_reason = time, code, reason
            data.closed_by_client = by_client


def _told(comment: str) -> Any:
    try:
        return json.loads(comment)
    except (ValueError, RecursionError):
        return None
