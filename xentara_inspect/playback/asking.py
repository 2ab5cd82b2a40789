"""A connection whose recorded requests are sent again: messages out, answers in. No I/O."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import NamedTuple

from xentara_inspect import cbor
from xentara_inspect.playback import writing
from xentara_inspect.playback.logins import Credentials, spliced
from xentara_inspect.playback.plan import Ask, Plan, Step
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.fields import uuid
from xentara_inspect.traffic.packets import Response


class _Sent(NamedTuple):
    id: int
    given: bytes | None


class Asking:
    """The client. Message ids are the recorded ones; UUIDs that the server gives are its own."""

    def __init__(self, plan: Plan, credentials: Credentials) -> None:
        self._plan = plan
        self._credentials = credentials
        self._waiting: defaultdict[int, deque[_Sent]] = defaultdict(deque)
        self._open: set[int] = set()
        self._given: dict[bytes, bytes] = {}

    def is_ready(self, step: Step) -> bool:
        """Whether all is answered that had been before this message."""
        return not self._open & step.after

    def is_done(self) -> bool:
        """Whether all is answered that ever was."""
        return not self._open

    def message(self, step: Step) -> bytes:
        """The message, which counts as sent now."""
        return writing.array(self._request(ask) for ask in step.asks)

    def received(self, message: bytes | str) -> None:
        """A message of the server."""
        if isinstance(message, str):
            return
        for packet in packets.parse(message).packets:
            if isinstance(packet, Response) and self._waiting[packet.message_id]:
                sent = self._waiting[packet.message_id].popleft()
                self._open.discard(sent.id)
                given = uuid(packet.body) if sent.given is not None and not packet.is_error else None
                if given is not None and sent.given is not None:
                    self._given[sent.given] = given

    def _request(self, ask: Ask) -> bytes:
        request = ask.request
        self._waiting[request.message_id].append(_Sent(ask.id, ask.given))
        if ask.id in self._plan.answered:
            self._open.add(ask.id)
        body = self._credentials.body(request, ask.payload) or self._translated(ask)
        return writing.request(request.message_id, request.opcode, body)

    def _translated(self, ask: Ask) -> bytes | None:
        """The parameters with the UUIDs that this server gave."""
        body = ask.request.body
        changes = []
        for item in cbor.walk(body) if body is not None and self._given else ():
            named = cbor.uuid_bytes(item)
            if named is not None and named in self._given:
                changes.append((item, writing.uuid(self._given[named])))
        return spliced(ask.request, ask.payload, changes)
