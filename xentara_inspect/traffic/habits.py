"""What a client does again and again, leaves undone or takes for granted: findings that need a memory.

Each habit has a room of its own; here they meet the traffic. What they remember is bounded and comes out
with what was decoded, so that a session that goes on elsewhere knows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from xentara_inspect.protocol import commands
from xentara_inspect.traffic.clocks import Clocks
from xentara_inspect.traffic.doubtful_values import DoubtfulValues
from xentara_inspect.traffic.learning import Asked
from xentara_inspect.traffic.logins import LOGIN, Logins
from xentara_inspect.traffic.memory import Memory, State
from xentara_inspect.traffic.packets import Request, Response
from xentara_inspect.traffic.readings import Reading
from xentara_inspect.traffic.records import Exchange, Finding, SubscribedElements, SubscriptionOpened
from xentara_inspect.traffic.repetition import Repetition
from xentara_inspect.traffic.rules import finding
from xentara_inspect.traffic.silence import SILENT, Silence, left_open
from xentara_inspect.traffic.subscriptions import Subscriptions
from xentara_inspect.traffic.thresholds import REMEMBERED, SAID
from xentara_inspect.traffic.validation import Problem

ENDING: Final = (SILENT, LOGIN)
"""Kinds of states of which the end of a connection may have something to say."""

_SAID: Final = "said"


class Habits:
    """The habits of the client of one connection, and what its server's clock says.

    changes: tells what there is to remember since it was asked last. listens: whether every event
    matters; while it is false, which is most of the time, those of a good quality do not, except for what
    is awaited: attributes by element (see `Silence`).
    """

    def __init__(
        self,
        remembered: Iterable[tuple[str, str, State]] = (),
        subscribed: Iterable[tuple[int, SubscribedElements]] = (),
    ) -> None:
        """remembered: see `Resumed`. subscribed: address and elements of what is subscribed or asked for."""
        self._memory = Memory(remembered)
        self.changes = self._memory.changes  # asked once a frame: no call more than needed
        self._repetition = Repetition(self._memory)
        self._silence = Silence(self._memory, subscribed)
        self.awaited = self._silence.awaited
        self._doubtful = DoubtfulValues(self._memory)
        self._clocks = Clocks(self._memory)
        self._logins = Logins(self._memory)
        self.listens = True
        self._look_about()

    def request(
        self, request: Request, exchange: Exchange, asked: Asked, payload: bytes
    ) -> Sequence[Finding]:
        """A request of the client. payload: of its message."""
        place, time = exchange.address, exchange.requested or 0
        self._logins.asked(request, place, time)
        if request.opcode == commands.SUBSCRIBE:
            self._silence.asked(place, asked)
        return self._seldom(self._repetition.asked(request, payload, exchange, time), place, place)

    def written(
        self, element: bytes | None, readings: Sequence[Reading], place: int, time: int
    ) -> Sequence[Finding]:
        """What a request of the client writes."""
        if element is None or not self._doubtful.is_there:
            return ()
        return self._seldom(self._doubtful.written(element, readings, time), place, place)

    def given_up(self, exchange: Exchange) -> None:
        """A request of the client will not be answered any more."""
        self._silence.refused(exchange.address)

    def answer(
        self, exchange: Exchange, asked: Asked, response: Response, place: int, time: int
    ) -> Sequence[Finding]:
        """The answer to a request of the client."""
        if not response.is_error:
            self._logins.granted(exchange, asked, response, place, time)
        elif exchange.opcode == commands.SUBSCRIBE:
            self._silence.refused(exchange.address)
        problem = self._repetition.answered(exchange, asked, place, time)
        return self._seldom(problem, place, exchange.address)

    def opened(
        self, opened: SubscriptionOpened, subscriptions: Subscriptions, place: int, time: int
    ) -> Iterator[Finding]:
        """A subscription was granted. subscriptions: it is among them."""
        yield from self.closed(opened.uuid, place, time)  # one of the same id was replaced by it
        self._silence.opened(opened, time)
        yield from self._seldom(left_open(opened, subscriptions), place, opened.address)

    def closed(self, subscription: bytes, place: int, time: int) -> Iterator[Finding]:
        """A subscription was ended."""
        for problem, exchange in self._silence.closed(subscription, time):
            yield from self._seldom(problem, place, exchange)

    def event(
        self,
        element: bytes,
        event_time: int | None,
        quality: int | None,
        readings: Sequence[Reading],
        place: int,
        time: int,
    ) -> Sequence[Finding]:
        """A data change event."""
        self._silence.event(element, readings)
        self._doubtful.seen(element, quality, readings, place, time)
        problem = self._clocks.event(event_time, time, place) if event_time is not None else None
        self._look_about()
        return self._seldom(problem, place)

    def read(
        self, element: bytes | None, quality: int | None, readings: Sequence[Reading], place: int, time: int
    ) -> None:
        """What a read was answered with."""
        if element is not None:
            self._doubtful.seen(element, quality, readings, place, time)
            self._look_about()

    def end(self, time: int) -> Iterator[Finding]:
        """The connection ended."""
        for problem, exchange in (*self._silence.end(time), *self._logins.end(time)):
            yield from self._seldom(problem, None, exchange)

    def _look_about(self) -> None:
        self.listens = self._doubtful.is_there or not self._clocks.is_known

    def _seldom(
        self, problem: Problem | None, place: int | None, exchange: int | None = None
    ) -> Sequence[Finding]:
        """The finding of a problem, unless enough was said of its kind in this session."""
        if problem is None:
            return ()
        code, _ = problem
        latest, said = self._memory.all(_SAID).get(code, (0, 0))
        if said >= SAID:
            return ()
        self._memory.put(_SAID, code, (place or latest, said + 1), REMEMBERED)
        return (finding(problem, place, exchange),)
