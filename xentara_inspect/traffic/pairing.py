"""Pairing of requests and responses by message id: the only protocol state of a session.

Ids belong to whoever sends the requests and are unique among its unanswered ones only. Answers come
in any order and in any message; where an id is in use twice, the first request gets the first answer.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from xentara_inspect.traffic.packets import Packet
from xentara_inspect.traffic.records import Exchange


class Waiting(NamedTuple):
    """A request without an answer so far. packet: the request, for what its answer is about."""

    exchange: Exchange
    packet: Packet


class Pairing:
    """The requests of one connection that still wait, by who asked and message id."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[bool, int], deque[Waiting]] = {}
        self._of_opcode: Counter[int | None] = Counter()

    def request(self, from_client: bool, waiting: Waiting) -> bool:
        """Remember a request. Returns whether its message id was already in use."""
        if from_client:
            self._of_opcode[waiting.packet.opcode] += 1
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
        if not from_client:
            self._of_opcode[waiting.packet.opcode] -= 1
        return waiting

    def waits_for(self, opcode: int) -> bool:
        """Whether a request of the client with this opcode waits for its answer."""
        return self._of_opcode[opcode] > 0

    def drain(self) -> list[Waiting]:
        """Forget all that wait, and return them as they were asked."""
        waiting = sorted(
            (entry for queue in self._waiting.values() for entry in queue),
            key=lambda entry: entry.exchange.order,
        )
        self._waiting.clear()
        self._of_opcode.clear()
        return waiting
