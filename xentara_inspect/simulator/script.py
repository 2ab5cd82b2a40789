"""Requests with the answers they should get: what a conversation is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from websockets.exceptions import InvalidURI, WebSocketException

from xentara_inspect.protocol import commands
from xentara_inspect.simulator.client import Client, Request, Response

__all__ = ["CLIENT_ERRORS", "Ask", "InvalidURI", "Script", "Sent", "UnexpectedAnswerError"]

OK: Final = "ok"
ERROR: Final = "error"


class Ask(NamedTuple):
    """A request and the answer it should get. error: the code, None for a success.

    command: its name, or an opcode that has none.
    """

    command: str | int
    parameters: Any = None
    error: int | None = None


class Sent(NamedTuple):
    """A request that was sent and what it was answered with. command: None where the opcode has no name."""

    command: str | None
    message_id: int
    status: str
    error_code: int | None


class UnexpectedAnswerError(Exception):
    """A server answered otherwise than the script says."""


CLIENT_ERRORS: Final = (OSError, WebSocketException, UnexpectedAnswerError)
"""What may end a conversation; those of them that say the address is none are `InvalidURI`."""


class Script:
    """Asks on a client and checks the answers. sent: what was asked, in order."""

    def __init__(self, client: Client, first_message_id: int = 1) -> None:
        self.client = client
        self.sent: list[Sent] = []
        self._next = first_message_id

    async def ask(self, command: str | int, parameters: Any = None, error: int | None = None) -> Any:
        """Send one request and return its result. Raises UnexpectedAnswerError."""
        return (await self.batch(Ask(command, parameters, error)))[0]

    async def batch(self, *asks: Ask) -> list[Any]:
        """Send requests in one message and return their results. Raises UnexpectedAnswerError."""
        requests = [
            Request(_opcode(ask.command), ask.parameters, self._next + index)
            for index, ask in enumerate(asks)
        ]
        self._next += len(asks)
        responses = await self.client.batch(requests)
        self.record(asks, responses)
        return [response.result for response in responses]

    def record(self, asks: Sequence[Ask], responses: Sequence[Response]) -> None:
        """Note requests and their answers, in the order of the requests. Raises UnexpectedAnswerError."""
        for ask, response in zip(asks, responses, strict=True):
            if response.error_code != ask.error:
                wanted = "success" if ask.error is None else str(ask.error)
                came = "success" if response.error_code is None else str(response.error_code)
                raise UnexpectedAnswerError(f"{ask.command}: wanted {wanted}, got {came}")
            command = commands.COMMAND_NAMES.get(_opcode(ask.command))
            status = OK if ask.error is None else ERROR
            self.sent.append(Sent(command, response.message_id, status, ask.error))


def _opcode(command: str | int) -> int:
    return command if isinstance(command, int) else commands.OPCODES[command]
