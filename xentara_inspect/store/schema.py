"""The schema of the database, as data: what tables are made of, names of numbers, indexes.

The tables are in `journal_tables` and `derived_tables`; `docs/schema.md` is made from all of them.

Columns declared `bytes` become BLOB columns, which have no affinity: they keep whatever type is put
into them. That is what integers from the wire need (see `columns`), besides real byte strings.
Times are nanoseconds since 1970 UTC; a time that a packet carries is an integer from the wire too.
What came over the wire has its address for its id (see `addresses`): `frame << 24 | position`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from xentara_inspect.protocol import commands, error_codes, identifiers

APPLICATION_ID: Final = 0x58_4E_54_52  # "XNTR"
"""What `PRAGMA application_id` says of our databases, and of no other program's."""

SCHEMA_VERSION: Final = 7
"""`PRAGMA user_version` once all migrations of this release are applied."""


class Column(NamedTuple):
    """A column. references: the table whose primary key it holds. default: for columns never NULL."""

    type: type
    says: str
    references: str | None = None
    default: int | str | None = None


class Table(NamedTuple):
    """A table. says: what a row is. rowless: kept in the order of its primary key alone."""

    says: str
    columns: Mapping[str, Column]
    primary_key: str | tuple[str, ...] = "id"
    rowless: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return (self.primary_key,) if isinstance(self.primary_key, str) else self.primary_key


class NameTable(NamedTuple):
    """A table of names of numbers. says: what its numbers are."""

    says: str
    names: Mapping[int, str]


NAME_TABLES: Final[dict[str, NameTable]] = {
    "commands": NameTable("a command by its opcode", commands.COMMAND_NAMES),
    "error_codes": NameTable("an error code", error_codes.ERROR_NAMES),
    "event_types": NameTable("an event type", identifiers.EVENT_TYPES),
    "qualities": NameTable("a quality", identifiers.QUALITIES),
    "element_categories": NameTable("an element category", identifiers.ELEMENT_CATEGORIES),
    "attribute_accesses": NameTable("an access that an attribute allows", identifiers.ATTRIBUTE_ACCESS),
    "attribute_data_types": NameTable("a data type of attributes", identifiers.ATTRIBUTE_DATA_TYPES),
}
"""Tables of number (primary key) and name, filled from those of `protocol`."""

WELL_KNOWN_ATTRIBUTES: Final = tuple(
    (number + 1, number, str(uuid), identifiers.ATTRIBUTES[number])
    for uuid, number in identifiers.ATTRIBUTE_UUIDS.items()
)
"""Rows of `attributes` that are always there: id, number, uuid, name."""

QUALITY_ID: Final = next(
    row_id for row_id, number, *_ in WELL_KNOWN_ATTRIBUTES if number == identifiers.ATTRIBUTE_QUALITY
)
"""Key of attribute Quality in every database."""

COMMAND_ERRORS: Final = Table(
    "an error code that has a name of its own as the answer to a command",
    {
        "opcode": Column(int, "the command", "commands"),
        "number": Column(int, "the error code", "error_codes"),
        "name": Column(str, "its name there"),
    },
    ("opcode", "number"),
)

# Inserts are hot: an index must serve a query that would otherwise read a whole large table.
INDEXES: Final = {
    "sessions_flow_id": (
        "CREATE UNIQUE INDEX sessions_flow_id ON sessions (flow_id) WHERE flow_id IS NOT NULL"
    ),
    "sessions_fingerprint": (
        "CREATE INDEX sessions_fingerprint ON sessions (fingerprint) WHERE fingerprint IS NOT NULL"
    ),
    "frames_time": "CREATE INDEX frames_time ON frames (time)",
    "packets_malformed": "CREATE INDEX packets_malformed ON packets (id) WHERE kind = 'malformed'",
    "exchanges_time": "CREATE INDEX exchanges_time ON exchanges (coalesce(requested, responded))",
    "exchanges_pending": "CREATE INDEX exchanges_pending ON exchanges (session_id) WHERE status = 'pending'",
    "exchanges_response": (
        "CREATE INDEX exchanges_response ON exchanges (response_id) WHERE response_id IS NOT NULL"
    ),
    "elements_uuid": "CREATE UNIQUE INDEX elements_uuid ON elements (uuid)",
    "attributes_uuid": "CREATE INDEX attributes_uuid ON attributes (uuid)",
    "subscriptions_session": "CREATE INDEX subscriptions_session ON subscriptions (session_id)",
    "subscription_items_element": (
        "CREATE INDEX subscription_items_element ON subscription_items (element_id)"
    ),
    "carried_requests_session": "CREATE INDEX carried_requests_session ON carried_requests (session_id)",
    "findings_address": "CREATE INDEX findings_address ON findings (address) WHERE address IS NOT NULL",
    "findings_exchange": (
        "CREATE INDEX findings_exchange ON findings (exchange_id) WHERE exchange_id IS NOT NULL"
    ),
    "findings_time": "CREATE INDEX findings_time ON findings (time)",
}
