"""Connections that pass: recorded message by message, each of which goes on once it may."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mitmproxy import http
from mitmproxy.websocket import WebSocketMessage

from xentara_inspect.captures.flows import closing, message_frame, request_secrets, session_info
from xentara_inspect.frames import LIVE, Closing, Frame
from xentara_inspect.proxy.holding import Gate
from xentara_inspect.proxy.metrics import Passed
from xentara_inspect.proxy.relay import Brakes
from xentara_inspect.recorder.aside import Prepared, look_through, takes_long
from xentara_inspect.recorder.condition import tell
from xentara_inspect.recorder.keeper import JournalKeeper
from xentara_inspect.store.cutting import cut, too_large


class Live:
    """Hands over what happens to the journal."""

    def __init__(self, journal: JournalKeeper, values: Mapping[str, Any], passed: Passed) -> None:
        """values: of the options, by name. passed: counts what comes."""
        self._journal = journal
        self._values = values
        self._passed = passed
        self._sessions: dict[str, int] = {}
        self._gate = Gate()
        self._brakes = Brakes()

    def open(self, flow: http.HTTPFlow) -> None:
        """A connection opens."""
        session = self._open(flow)
        if session is not None:
            self._sessions[flow.id] = session
            self._passed.open = len(self._sessions)

    def _open(self, flow: http.HTTPFlow) -> int | None:
        self._passed.sessions += 1
        try:
            return self._journal.open_session(session_info(flow, LIVE), request_secrets(flow))
        except OSError as error:
            tell(logging.ERROR, f"a connection is not recorded: {error.strerror}")
            return None

    def is_recorded(self, flow: http.HTTPFlow) -> bool:
        """Whether a connection is, and has not ended."""
        return flow.id in self._sessions

    def message(self, flow: http.HTTPFlow, message: WebSocketMessage) -> Awaitable[None] | None:
        """A message passes on a connection that is recorded. What is awaitable it has to wait for."""
        waiting = self._record(flow, message)
        if waiting is not None:
            return self._brakes.wait(flow, waiting)
        self._brakes.touch(flow)
        return None

    def _record(self, flow: http.HTTPFlow, message: WebSocketMessage) -> Awaitable[None] | None:
        frame = message_frame(message)
        self._passed.count(frame)
        why = too_large(len(frame.payload), self._values["xentara_max_frame"])
        if why is not None:
            return self._record_aside(flow, message, frame, lambda: Prepared(*cut(frame, why)))
        if takes_long(frame) and not self._values["xentara_keep_secrets"]:
            return self._record_aside(flow, message, frame, lambda: look_through(frame))
        return self._append(self._sessions[flow.id], flow, message, Prepared(frame))

    def _append(
        self, session: int, flow: http.HTTPFlow, message: WebSocketMessage, prepared: Prepared
    ) -> Awaitable[None] | None:
        committed = self._journal.append(session, *prepared)
        if committed is None:
            return None
        return self._gate.hold(flow, message, committed, self._values["xentara_durable_wait"])

    async def _record_aside(
        self, flow: http.HTTPFlow, message: WebSocketMessage, frame: Frame, prepare: Callable[[], Prepared]
    ) -> None:
        """Record a frame that takes long to read. Others pass while it is read."""
        session = self._sessions[flow.id]
        try:
            prepared = await asyncio.to_thread(prepare)
        except asyncio.CancelledError:  # the proxy ends
            self._journal.append(session, *prepare())
            raise
        except (RuntimeError, MemoryError):  # there is no room for a thread, or for what it has found
            prepared = Prepared(*cut(frame, "there was no memory to look for secrets in it"))
        held = self._append(session, flow, message, prepared)
        if held is not None:
            await held

    def end(self, flow: http.HTTPFlow) -> None:
        """A connection that is recorded closed."""
        session, end = self._sessions.pop(flow.id), closing(flow)
        self._passed.open = len(self._sessions)
        if end is not None:
            self._journal.close_session(session, self._gate.closing(flow, end))

    def refuse(self, flow: http.HTTPFlow, end: Closing) -> None:
        """A connection never opened."""
        session = self._open(flow)
        if session is not None:
            self._passed.failed += 1
            self._journal.close_session(session, end)
