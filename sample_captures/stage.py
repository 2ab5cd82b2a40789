"""Where the scenarios of the sample captures play: a simulator whose clock stands still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from xentara_inspect.simulator import Behaviour, Client, Sent, Simulator, example_plant

START: Final = 1_748_779_200_000_000_000
"""2025-06-01T12:00:00Z in ns, the time in the plant when a scenario begins."""
SECOND: Final = 1_000_000_000

UNANSWERED: Final = "unanswered"
UNSOLICITED: Final = "unsolicited"


@dataclass(slots=True)
class Clock:
    """A clock that only moves when told, so that captures can be remade with the same values."""

    now: int = START

    def __call__(self) -> int:
        """The time in the plant, in ns since 1970 UTC."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * SECOND)


class Passed(NamedTuple):
    """A pause: behind so many messages of a connection, which are counted from 0."""

    connection: int
    messages: int
    seconds: float


@dataclass(slots=True)
class Stage:
    """A simulator, and the address under which clients reach it (a proxy's, where there is one).

    sent: what the scenario did, one entry for each request or response without one, in the order
    in which they went over the wire; connection after connection. upgrades: connections tried.
    pauses: what is to be put into the recording, see `pause`.
    """

    simulator: Simulator
    clock: Clock
    url: str
    sent: list[Sent] = field(default_factory=list)
    upgrades: int = 0
    pauses: list[Passed] = field(default_factory=list)

    def connect(
        self,
        *,
        behaviour: Behaviour | None = None,
        subprotocol: str | None = "xentara-v1",
        user: str | None = None,
        password: str = "",
        token: str | None = None,
    ) -> Client:
        """A new client, towards which the simulator shows this behaviour."""
        self.upgrades += 1
        self.simulator.behaviour = Behaviour() if behaviour is None else behaviour
        return Client(self.url, subprotocol=subprotocol, user=user, password=password, token=token)

    def pause(self, client: Client, seconds: float) -> None:
        """Let time pass that nobody waits for, while nothing is under way on the only connection."""
        self.clock.advance(seconds)
        self.pauses.append(Passed(self.upgrades - 1, len(client.sent) + len(client.received), seconds))

    def expect(self, command: str | None, message_id: int, status: str, code: int | None = None) -> None:
        """Note something that no script noted."""
        self.sent.append(Sent(command, message_id, status, code))


Scenario = Callable[[Stage], Awaitable[None]]


def new_simulator() -> tuple[Simulator, Clock]:
    """A simulator of the example plant and its clock."""
    clock = Clock()
    return Simulator(plant=example_plant(clock)), clock


async def say(client: Client, payload: bytes | str, answers: int = 1) -> None:
    """Send a message as it is and wait until that many messages came back."""
    frames = len(client.received)
    await client.send_raw(payload)
    await client.wait_for_frames(frames + answers)
