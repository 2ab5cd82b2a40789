"""What a session makes of its frames: the records that stores keep and views show.

UUIDs are their 16 bytes, times nanoseconds since 1970 UTC, integers from the wire Python integers of
any size. What came over the wire is named by its address (see `frames.address`). Nothing here is
rendered: who stores a packet asks for its notation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from xentara_inspect.traffic.memory import Remembered, State
from xentara_inspect.traffic.packets import Kind, Packet, Request
from xentara_inspect.traffic.plain_events import PlainEvent
from xentara_inspect.traffic.readings import AttributeKey, Reading, ReadingValue

__all__ = [
    "BEGINNING",
    "AttributeKey",
    "AttributeSeen",
    "Decoded",
    "ElementSeen",
    "Exchange",
    "Finding",
    "Learned",
    "Observation",
    "Origin",
    "PacketRecord",
    "Reached",
    "Reading",
    "ReadingValue",
    "Resumed",
    "Severity",
    "Status",
    "SubscribedElements",
    "SubscriptionClosed",
    "SubscriptionOpened",
    "SubscriptionRefused",
]

SubscribedElements = tuple[tuple[bytes, tuple[AttributeKey, ...]], ...]
"""Elements, each with the attributes asked for."""


class Status(StrEnum):
    """How an exchange stands; the value stored in the database."""

    OK = "ok"
    ERROR = "error"
    PENDING = "pending"
    UNANSWERED = "unanswered"
    UNSOLICITED = "unsolicited"


class Severity(StrEnum):
    """How bad a finding is; the value stored in the database."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Origin(StrEnum):
    """Where a reading was seen; the value stored in the database."""

    EVENT = "event"
    READ = "read"
    WRITE = "write"


class PacketRecord(NamedTuple):
    """A packet of a frame.

    message_id: of a request or response. opcode: of a request, or of the request that a response
    answers. event_type, source_time: of an event (source_time None where it has none that is finite).
    element: the one element that it is about. packet: what notation is asked for with.
    """

    address: int
    kind: Kind
    packet: Packet | PlainEvent
    message_id: int | None = None
    opcode: int | None = None
    event_type: int | None = None
    element: bytes | None = None
    source_time: int | None = None


@dataclass(slots=True, eq=False)
class Exchange:
    """A request with its response, or one of the two alone. Changes when the response arrives.

    address: of the request, else of the response. element: the one element it is about, if it is
    about one. latency: responded - requested, ns; None while either is missing.
    """

    address: int
    message_id: int
    opcode: int | None
    element: bytes | None
    status: Status
    requested: int | None = None
    responded: int | None = None
    error_code: int | None = None
    error_text: str | None = None
    response: int | None = None
    """Address of the response."""
    from_client: bool = True
    """Who sent the request."""

    @property
    def latency(self) -> int | None:
        """Time from request to response in nanoseconds (negative if the clock was set back)."""
        if self.requested is None or self.responded is None:
            return None
        return self.responded - self.requested


class Observation(NamedTuple):
    """The attribute values of one packet: an event, a read result, or a write request.

    source_time: the event's, else the value of Source Time among them. quality: the value of
    attribute Quality among them, for all of them.
    """

    address: int
    origin: Origin
    element: bytes | None
    source_time: int | None
    quality: int | None
    readings: Sequence[Reading]


class Finding(NamedTuple):
    """A departure from the specification, or a sign of trouble.

    address: the frame or packet it is about; None for what is about the end of a session. exchange:
    address of the exchange it is about.
    """

    code: str
    severity: Severity
    message: str
    address: int | None = None
    exchange: int | None = None


@dataclass(slots=True, frozen=True)
class ElementSeen:
    """An element and what a packet told of it. learned_from: name of the command, or `event`."""

    uuid: bytes
    primary_key: str | None
    category: int | None
    learned_from: str


@dataclass(slots=True, frozen=True)
class AttributeSeen:
    """An attribute of an element, as meta_data tells it."""

    element: bytes
    attribute: AttributeKey
    name: str | None
    access: int | None
    data_type: int | None


@dataclass(slots=True, frozen=True)
class SubscriptionOpened:
    """A subscription that the server granted. address: of the subscribe request."""

    address: int
    uuid: bytes
    elements: SubscribedElements


@dataclass(slots=True, frozen=True)
class SubscriptionRefused:
    """A subscription that the server refused. address: of the subscribe request."""

    address: int
    elements: SubscribedElements
    error_code: int | None


@dataclass(slots=True, frozen=True)
class SubscriptionClosed:
    """A subscription that an unsubscribe ended."""

    uuid: bytes


Learned = ElementSeen | AttributeSeen | SubscriptionOpened | SubscriptionRefused | SubscriptionClosed


class Reached(NamedTuple):
    """How far a frame is decoded.

    position: of the last packet that is. findings: how many there were before it, by code.
    """

    position: int = 0
    findings: Mapping[str, int] = MappingProxyType({})


BEGINNING: Final = Reached()
"""Of a frame of which nothing is decoded yet."""


@dataclass(slots=True, eq=False)
class Decoded:
    """All that one frame, a portion of a large one, or the end of a session, adds to what is known.

    packets: in wire order. opened: exchanges that begin here, in wire order. closed: exchanges,
    opened earlier or here, whose status changed. remembered: what a session has to be told when it goes on
    elsewhere, only what has changed. reached: None where there is no more to come.
    """

    packets: list[PacketRecord] = field(default_factory=list)
    opened: list[Exchange] = field(default_factory=list)
    closed: list[Exchange] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    learned: list[Learned] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    remembered: Remembered = field(default_factory=dict)
    reached: Reached | None = None


@dataclass(slots=True)
class Resumed:
    """What a session needs to go on where an earlier process stopped.

    pending: the exchanges still waiting, oldest first, each with its request parsed anew.
    hello_granted: whether a client_hello was granted, or said to be the second one. subscriptions: those
    still open. remembered: kind, subject and state of all that `Decoded` told to remember.
    """

    pending: Sequence[tuple[Exchange, Request]] = ()
    hello_granted: bool = False
    subscriptions: Sequence[SubscriptionOpened] = ()
    remembered: Iterable[tuple[str, str, State]] = ()
