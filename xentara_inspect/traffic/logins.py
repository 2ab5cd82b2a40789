"""Sub-sessions that are not closed, though nobody has used them for long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import UuidRole
from xentara_inspect.traffic.fields import uuid
from xentara_inspect.traffic.learning import Asked, uuids_named
from xentara_inspect.traffic.memory import Memory
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.packets import Request, Response
from xentara_inspect.traffic.records import Exchange
from xentara_inspect.traffic.thresholds import REMEMBERED, SECOND, SUB_SESSION_IDLE
from xentara_inspect.traffic.validation import Problem

LOGIN: Final = "login"


class Logins:
    """The sub-sessions that are open: address of the last use, of their request, time of the last use."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def asked(self, request: Request, place: int, time: int) -> None:
        """A request of the client, which may use a sub-session."""
        open_ones = self._memory.all(LOGIN)
        if not open_ones:
            return
        for sub_session in uuids_named(request, UuidRole.SUB_SESSION):
            state = open_ones.get(sub_session.hex())
            if state is not None:
                self._memory.put(LOGIN, sub_session.hex(), (place, state[1], time), REMEMBERED)

    def granted(self, exchange: Exchange, asked: Asked, answer: Response, place: int, time: int) -> None:
        """A success response. place: where it stands."""
        if exchange.opcode == commands.CREATE_SUB_SESSION:
            created = uuid(answer.body)
            if created is not None:
                state = (place, exchange.address, time)
                self._memory.put(LOGIN, created.hex(), state, REMEMBERED)
        elif exchange.opcode == commands.CLOSE_SUB_SESSION and asked.sub_session is not None:
            self._memory.drop(LOGIN, asked.sub_session.hex())

    def end(self, time: int) -> Iterator[tuple[Problem, int]]:
        """The connection ended. Yields what is wrong, and the address of the request that logged in."""
        for sub_session, (_, created, used) in self._memory.all(LOGIN).items():
            if time - used >= SUB_SESSION_IDLE:
                name, minutes = uuid_text(bytes.fromhex(sub_session)), (time - used) // SECOND // 60
                message = f"sub-session {name} was unused for {minutes} min and is open at the end"
                yield ("sub-session-left-open", message), created
