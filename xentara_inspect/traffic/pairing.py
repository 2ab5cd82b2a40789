"""Pairing of requests and responses by message id.

Ids belong to whoever sends the requests and are unique among its unanswered ones only. Answers come
in any order and in any message; where an id is in use twice, the first request gets the first answer.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from typing import Final, NamedTuple

from xentara_inspect.traffic.learning import Asked
from xentara_inspect.traffic.records import Exchange

LIMIT: Final = 100_000
"""Requests of one side that may wait; about 40 MB. With one more the oldest is given up."""


class Waiting(NamedTuple):
    """A request without an answer so far, and what of it the answer will be about."""

    exchange: Exchange
    asked: Asked


class _Side:
    """What waits of the requests that one side sent."""

    def __init__(self) -> None:
        # Nearly every id is in use once: only what waits behind another request needs a queue.
        self.first: OrderedDict[int, Waiting] = OrderedDict()
        self.behind: dict[int, deque[Waiting]] = {}
        self.count = 0
        self.of_opcode: Counter[int | None] = Counter()

    def add(self, waiting: Waiting) -> bool:
        message_id = waiting.exchange.message_id
        self.count += 1
        self.of_opcode[waiting.exchange.opcode] += 1
        if message_id not in self.first:
            self.first[message_id] = waiting
            return False
        self.behind.setdefault(message_id, deque()).append(waiting)
        return True

    def take(self, message_id: int) -> Waiting | None:
        waiting = self.first.get(message_id)
        if waiting is None:
            return None
        queue = self.behind.get(message_id)
        if queue is None:
            del self.first[message_id]
        else:
            self.first[message_id] = queue.popleft()
            if not queue:
                del self.behind[message_id]
        self.count -= 1
        self.of_opcode[waiting.exchange.opcode] -= 1
        if not self.of_opcode[waiting.exchange.opcode]:
            del self.of_opcode[waiting.exchange.opcode]
        return waiting

    def all(self) -> list[Waiting]:
        return [*self.first.values(), *(entry for queue in self.behind.values() for entry in queue)]


class Pairing:
    """The requests of one connection that still wait."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._sides = {True: _Side(), False: _Side()}

    def request(self, waiting: Waiting) -> bool:
        """Remember a request. Returns whether its message id was already in use."""
        return self._sides[waiting.exchange.from_client].add(waiting)

    def response(self, from_client: bool, message_id: int) -> Waiting | None:
        """The request that a response answers, None if nothing waits for it."""
        return self._sides[not from_client].take(message_id)

    def too_many(self, from_client: bool) -> Waiting | None:
        """A request of this side, of the oldest that wait, to be given up; None while there is room."""
        side = self._sides[from_client]
        return side.take(next(iter(side.first))) if side.count > self._limit else None

    def waits_for(self, opcode: int) -> bool:
        """Whether a request of the client with this opcode waits for its answer."""
        return opcode in self._sides[True].of_opcode

    def drain(self) -> list[Waiting]:
        """Forget all that wait, and return them as they were asked."""
        waiting = [entry for side in self._sides.values() for entry in side.all()]
        self._sides = {True: _Side(), False: _Side()}
        return sorted(waiting, key=lambda entry: entry.exchange.address)
