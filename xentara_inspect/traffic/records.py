"""What a session makes of its frames: the records that stores keep and views show.

UUIDs are their 16 bytes, times nanoseconds since 1970 UTC, integers from the wire Python integers of
any size. The `row_id` of a record belongs to whoever stores it; the core never looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from xentara_inspect.traffic.packets import Packet

AttributeKey = int | bytes
"""An attribute as the wire names it: its identifier, or the 16 bytes of its UUID."""

ReadingValue = int | float | str | None


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


@dataclass(slots=True, eq=False)
class PacketRecord:
    """A packet of a frame. opcode and command of a response are those of the request it answers."""

    packet: Packet
    opcode: int | None
    command: str | None
    notation: str
    from_client: bool
    row_id: int | None = None


@dataclass(slots=True, eq=False)
class Exchange:
    """A request with its response, or one of the two alone. Changes when the response arrives.

    element: the one element it is about, if it is about one. latency: responded - requested, ns;
    None while either is missing. order: a number that grows with each exchange of its session.
    carried_id: like `row_id` it belongs to whoever stores it, who may keep requests elsewhere.
    """

    message_id: int
    opcode: int | None
    command: str | None
    element: bytes | None
    status: Status
    requested: int | None
    responded: int | None = None
    error_code: int | None = None
    error_text: str | None = None
    request: PacketRecord | None = None
    response: PacketRecord | None = None
    row_id: int | None = None
    carried_id: int | None = None
    order: int = 0

    @property
    def latency(self) -> int | None:
        """Time from request to response in nanoseconds (negative if the clock was set back)."""
        if self.requested is None or self.responded is None:
            return None
        return self.responded - self.requested


@dataclass(slots=True, eq=False)
class Event:
    """An event packet. source_time: the event's own time point, None where it has none that is finite."""

    record: PacketRecord
    event_type: int
    element: bytes | None
    source_time: int | None


@dataclass(slots=True, eq=False)
class Reading:
    """One attribute value in an event, a read result or a write request.

    value_kind: integer, float, boolean, text, bytes, uuid, time (value in ns), null, undefined,
    simple, compound (value in notation) or error (error_code says which; value None). quality: that
    of attribute Quality in the same packet. record: the packet it stands in.
    """

    record: PacketRecord
    element: bytes | None
    attribute: AttributeKey
    value: ReadingValue
    value_kind: str
    source_time: int | None
    quality: int | None
    error_code: int | None
    origin: Origin


@dataclass(slots=True, eq=False)
class Finding:
    """A departure from the specification, or a sign of trouble.

    record, exchange: what it is about; both None when it is about the whole frame or session.
    """

    code: str
    severity: Severity
    message: str
    record: PacketRecord | None = None
    exchange: Exchange | None = None


@dataclass(slots=True, frozen=True)
class ElementSeen:
    """An element and what a packet told of it. learned_from: name of the command."""

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
    """A subscription that the server granted: its elements, each with the attributes asked for."""

    uuid: bytes
    elements: tuple[tuple[bytes, tuple[AttributeKey, ...]], ...]


@dataclass(slots=True, frozen=True)
class SubscriptionClosed:
    """A subscription that an unsubscribe ended."""

    uuid: bytes


Learned = ElementSeen | AttributeSeen | SubscriptionOpened | SubscriptionClosed


@dataclass(slots=True, eq=False)
class Decoded:
    """All that one frame, or the end of a session, adds to what is known.

    packets: one record a packet, in wire order. opened: exchanges that begin here, in wire order.
    closed: exchanges, opened earlier or here, whose status changed. refused_writes: exchanges whose
    write was answered by an error (their readings, stored with the request, get the error_code).
    """

    packets: list[PacketRecord] = field(default_factory=list)
    opened: list[Exchange] = field(default_factory=list)
    closed: list[Exchange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    learned: list[Learned] = field(default_factory=list)
    refused_writes: list[Exchange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
