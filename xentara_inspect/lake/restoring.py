"""Rows of a lake back into a database with the very tables of a recorder, as far as lists need them.

Each function takes the rows of one table of a part and adds what they tell. What stands in a lake by its name
has its number again here, what stands there by its UUID its key.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, repeat
from typing import Any, Final

from xentara_inspect.archive.layout import Part
from xentara_inspect.frames import frame_of
from xentara_inspect.lake.messages import messages, requests, responses
from xentara_inspect.protocol import commands, identifiers
from xentara_inspect.store.chain import numbered_path
from xentara_inspect.store.columns import stored_integer
from xentara_inspect.store.given_names import FROM_FILE
from xentara_inspect.traffic.packets import Kind
from xentara_inspect.traffic.records import Origin

Values = Mapping[str, Sequence[Any]]
"""Columns of a lake, as lists of what SQLite holds."""

_KINDS: Final = {
    Origin.EVENT.value: Kind.EVENT.value,
    Origin.READ.value: Kind.SUCCESS.value,
    Origin.WRITE.value: Kind.REQUEST.value,
}
_OPCODES: Final = {Origin.READ.value: commands.READ, Origin.WRITE.value: commands.WRITE}
_STAGED: Final = "staged_packets"
_STAGE: Final = (
    f"INSERT INTO {_STAGED} VALUES (?, ?, ?, ?)"  # noqa: S608 - a name of ours
    " ON CONFLICT (id) DO UPDATE SET packet = coalesce(packet, excluded.packet)"
)

_STRETCHES: Final = (
    "INSERT INTO stretches SELECT ?, count(*) FROM packets HAVING count(*)",
    "INSERT INTO element_stretches SELECT DISTINCT element_id, ? FROM packets WHERE element_id IS NOT NULL",
)


def database_name(part: Part, number: int) -> str:
    """What the database of a part, or another of its recording, is called here."""
    return numbered_path(f"{part.recorder}.db", number)


class Restored:
    """A database that is filled with rows of one part."""

    def __init__(self, connection: sqlite3.Connection, part: Part, *, goes_on: bool) -> None:
        """connection: to a new database, in a transaction that ends with `finish`. Raises sqlite3.Error.

        goes_on: whether there is a database of the next part, too.
        """
        self._connection = connection
        self._part = part
        self._adding: Final[dict[str, Callable[[Values], None]]] = {
            "sessions": self._sessions,
            "elements": self._elements,
            "attributes": self._attributes,
            "subscriptions": self._subscriptions,
            "events": self._events,
            "readings": self._readings,
            "exchanges": self._exchanges,
            "malformed": self._malformed,
            "findings": self._findings,
        }
        self._keys_of_elements: dict[str | None, int | None] = {None: None}
        self._keys_of_attributes: dict[str | None, int | None] = {None: None}
        for row_id, number, uuid in connection.execute("SELECT id, number, uuid FROM attributes"):
            self._keys_of_attributes[str(number) if number is not None else uuid] = row_id
        before = database_name(part, part.number - 1) if part.number > 1 else None
        behind = database_name(part, part.number + 1) if goes_on else None
        connection.execute(
            "INSERT INTO chain (id, recording, number, started, continues, continued_in, last_frame)"
            " VALUES (1, ?, ?, 0, ?, ?, ?)",
            (part.chain, part.number, before, behind, part.first - 1),
        )
        connection.execute(f"CREATE TEMP TABLE {_STAGED} (id INTEGER PRIMARY KEY, session_id, time, packet)")

    def add(self, table: str, values: Values) -> None:
        """Add rows of a table of the lake: some of its columns. Raises sqlite3.Error."""
        self._adding[table](values)

    def finish(self) -> None:
        """Make messages of the packets that were added. Raises sqlite3.Error."""
        rows = self._connection.execute(f"SELECT id, session_id, time, packet FROM {_STAGED} ORDER BY id")  # noqa: S608
        self._insert("frames (id, session_id, time, from_client, is_text, redacted, payload)", messages(rows))
        # All that is here is one stretch.
        first = self._part.first
        for sql in _STRETCHES:
            self._connection.execute(sql, (first,))
        self._connection.execute("COMMIT")

    def _sessions(self, values: Values) -> None:
        columns = (
            "id", "client", "server", "path", "subprotocol", "user_agent", "origin", "opened", "closed",
            "close_code", "close_reason", "closed_by", "refused", "source", "dropped",
        )  # fmt: skip
        users = (
            user if by == "http" else None
            for user, by in zip(values["user"], values["user_from"], strict=True)
        )
        self._insert(
            f"sessions ({', '.join(columns)}, user, frame_count)",
            zip(*(values[column] for column in columns), users, values["frames"], strict=True),
        )
        totals = ("id", "requests", "errors", "events", "findings")
        self._insert(
            "session_totals (session_id, requests, errors, events, findings)",
            zip(*(values[column] for column in totals), strict=True),
        )

    def _elements(self, values: Values) -> None:
        uuids, names, told = values["uuid"], values["primary_key"], values["learned_from"]
        for key, uuid in enumerate(uuids, len(self._keys_of_elements)):
            self._keys_of_elements[uuid] = key
        categories = _numbers(values["category"], identifiers.ELEMENT_CATEGORIES)
        keys = map(self._keys_of_elements.get, uuids)
        self._insert(
            "elements (id, uuid, primary_key, category, learned_from)",
            zip(keys, uuids, names, categories, told, strict=True),
        )
        given = [row for *row, by in zip(uuids, names, told, strict=True) if by == FROM_FILE]
        self._connection.execute("INSERT OR IGNORE INTO name_files (id) VALUES (1)")
        self._insert("given_names (uuid, name, file_id)", ((*row, 1) for row in given))

    def _attributes(self, values: Values) -> None:
        elements, names = self._element_keys(values["element"]), values["name"]
        attributes = self._attribute_keys(values["attribute_id"])
        types = _numbers(values["data_type"], identifiers.ATTRIBUTE_DATA_TYPES)
        self._insert(
            "element_attributes (element_id, attribute_id, name, data_type)",
            zip(elements, attributes, names, types, strict=True),
        )
        self._connection.executemany(
            "UPDATE attributes SET name = coalesce(name, ?) WHERE id = ?", zip(names, attributes, strict=True)
        )

    def _subscriptions(self, values: Values) -> None:
        columns = ("id", "session_id", "uuid", "opened", "closed", "error_code")
        self._insert(
            f"subscriptions ({', '.join(columns)})",
            zip(*(values[column] for column in columns), strict=True),
            "OR IGNORE",  # a row for each item
        )
        items = zip(
            values["id"],
            self._element_keys(values["element"]),
            self._attribute_keys(values["attribute_id"]),
            strict=True,
        )
        self._insert(
            "subscription_items (subscription_id, position, element_id, attribute_id)",
            (
                (row_id, place, element, attribute)
                for row_id, group in groupby(items, key=lambda item: item[0])
                for place, (_, element, attribute) in enumerate(group, 1)
                if element is not None
            ),
        )

    def _findings(self, values: Values) -> None:
        columns = ("id", "session_id", "address", "exchange_id", "code", "severity", "message", "time")
        self._insert(
            f"findings ({', '.join(columns)})", zip(*(values[column] for column in columns), strict=True)
        )

    def _malformed(self, values: Values) -> None:
        ids = values["id"]
        self._insert("packets (id, kind)", ((row_id, Kind.MALFORMED.value) for row_id in ids))
        self._stage(zip(ids, values["session_id"], values["time"], repeat(None)))

    def _exchanges(self, values: Values) -> None:
        own = {column: _with_large(values, column) for column in ("message_id", "opcode", "error_code")}
        merged = {**values, **own, "element_id": self._element_keys(values["element"])}
        columns = (
            "id", "session_id", "message_id", "opcode", "element_id", "status", "error_code", "error_text",
            "requested", "responded", "latency", "response_id",
        )  # fmt: skip
        rows = list(zip(*(merged[column] for column in columns), strict=True))
        self._insert(f"exchanges ({', '.join(columns)})", rows)
        nothing = [None] * len(rows)
        packets = [
            *requests(rows, values.get("request", nothing)),
            *responses(rows, values.get("response", nothing)),
        ]
        # What was asked in the file before is here for its answer only.
        here = [packet for packet in packets if frame_of(packet.id) >= self._part.first]
        self._insert(
            "packets (id, kind, message_id, opcode, element_id)",
            ((packet.id, packet.kind, *packet.told) for packet in here),
            "OR IGNORE",
        )
        self._stage((packet.id, packet.session, packet.time, packet.content) for packet in here)
        self._insert(
            "carried_requests (id, session_id, from_client, requested, packet)",
            (
                (packet.id, packet.session, 1, packet.time, packet.content or b"")
                for packet in packets
                if frame_of(packet.id) < self._part.first
            ),
        )

    def _events(self, values: Values) -> None:
        ids = values["id"]
        types = _numbers(values["event_type"], identifiers.EVENT_TYPES)
        self._insert(
            "packets (id, kind, event_type, element_id, source_time)",
            zip(
                ids,
                [Kind.EVENT.value] * len(ids),
                types,
                self._element_keys(values["element"]),
                _with_large(values, "source_time"),
                strict=True,
            ),
        )
        self._stage(
            zip(ids, values["session_id"], values["time"], values.get("packet", repeat(None)), strict=False)
        )

    def _readings(self, values: Values) -> None:
        ids, origins = values["packet_id"], values["origin"]
        self._insert(
            "packets (id, kind, element_id, source_time, opcode)",
            zip(
                ids,
                map(_KINDS.__getitem__, origins),
                self._element_keys(values["element"]),
                _with_large(values, "source_time"),
                map(_OPCODES.get, origins),
                strict=True,
            ),
            "OR IGNORE",  # a row for each value
        )
        self._stage(zip(ids, values["session_id"], values["time"], repeat(None)))
        self._insert(
            "attribute_values (packet_id, position, attribute_id, value, value_kind, quality)",
            zip(
                ids,
                values["position"],
                self._attribute_keys(values["attribute_id"]),
                _found(values),
                values["value_kind"],
                _numbers(values["quality"], identifiers.QUALITIES),
                strict=True,
            ),
        )

    def _stage(self, rows: Iterable[tuple[int, int, int, bytes | None]]) -> None:
        """Packets that messages are made of in the end: address, session_id, time, bytes."""
        self._connection.executemany(_STAGE, rows)

    def _element_keys(self, uuids: Sequence[str | None]) -> list[int | None]:
        return [self._keys_of_elements[uuid] for uuid in uuids]

    def _attribute_keys(self, texts: Sequence[str | None]) -> list[int | None]:
        for text in {*texts} - self._keys_of_attributes.keys():
            column, value = (
                ("uuid", text) if len(text or "") == 36 else ("number", stored_integer(int(text or 0)))
            )
            cursor = self._connection.execute(f"INSERT INTO attributes ({column}) VALUES (?)", (value,))  # noqa: S608
            self._keys_of_attributes[text] = cursor.lastrowid
        return [self._keys_of_attributes[text] for text in texts]

    def _insert(self, into: str, rows: Iterable[Sequence[Any]], what_if: str = "") -> None:
        values = ", ".join("?" * (into.count(",") + 1))
        self._connection.executemany(f"INSERT {what_if} INTO {into} VALUES ({values})", rows)  # noqa: S608 - names of ours


def _found(values: Values) -> Iterator[Any]:
    """The values of readings; of errors in the place of values the codes."""
    columns = (values[column] for column in ("value_kind", "value_int", "value_num", "value_text"))
    codes = _with_large(values, "error_code")
    for kind, integer, number, text, code in zip(*columns, codes, strict=True):
        if kind == "error":
            yield code
        else:
            yield integer if integer is not None else number if number is not None else text


def _with_large(values: Values, column: str) -> list[Any]:
    """Numbers from the wire, those beyond 64 bits too."""
    return [
        value if text is None else json.loads(text).get(column, value)
        for value, text in zip(values[column], values["too_large"], strict=True)
    ]


def _numbers(texts: Sequence[str | None], names: Mapping[int, str]) -> list[int | str | None]:
    """What names, or numbers without one, stand for."""
    known: dict[str | None, int | str | None] = {
        None: None,
        **{name: number for number, name in names.items()},
    }
    for text in {*texts} - known.keys():
        known[text] = stored_integer(int(text or 0))
    return [known[text] for text in texts]
