"""Pairing of requests and responses by message id: the only protocol state of a session.

Ids belong to whoever sends the requests and are unique among its unanswered ones only. Answers come
in any order and in any message; where an id is in use twice, the first request gets the first answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from xentara_inspect import protocol
from xentara_inspect.decoded import Exchange
from xentara_inspect.packets import Packet


class Waiting(NamedTuple):
    """A request without an answer so far. packet: the request, for what its answer is about."""

    exchange: Exchange
    packet: Packet


_WATCHED: Final = (protocol.CLIENT_HELLO, protocol.SUBSCRIBE)
"""Commands whose waiting requests matter to later packets, so that they are found without a search."""


class Pairing:
    """The requests of one connection that still wait, by who asked and message id."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[bool, int], deque[Waiting]] = {}
        self._watched: dict[int, list[Waiting]] = {opcode: [] for opcode in _WATCHED}

    def request(self, from_client: bool, waiting: Waiting) -> bool:
        """Remember a request. Returns whether its message id was already in use."""
        if from_client and (watched := self._watched.get(waiting.packet.opcode or 0)) is not None:
            watched.append(waiting)
        key = (from_client, waiting.exchange.message_id)
        queue = self._waiting.get(key)
        if queue is None:
            self._waiting[key] = deque((waiting,))
            return False
        queue.append(waiting)
        return True

    def response(self, from_client: bool, message_id: int) -> Waiting | None:
        """The request that a response answers, None if nothing waits for it."""
        key = (not from_client, message_id)
        queue = self._waiting.get(key)
        if queue is None:
            return None
        waiting = queue.popleft()
        if not queue:
            del self._waiting[key]
        watched = self._watched.get(waiting.packet.opcode or 0)
        if watched is not None and waiting in watched:
            watched.remove(waiting)
        return waiting

    def waits_for(self, opcode: int) -> Sequence[Waiting]:
        """The client's waiting requests with this opcode, one of those watched; oldest first."""
        return self._watched[opcode]

    def drain(self) -> list[Waiting]:
        """Forget all that wait, and return them as they were asked."""
        waiting = sorted(
            (entry for queue in self._waiting.values() for entry in queue),
            key=lambda entry: entry.exchange.order,
        )
        self._waiting.clear()
        for watched in self._watched.values():
            watched.clear()
        return waiting
