"""Elements: which ones the traffic told of, which one a name means, and which requests name one."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from typing import Final

from xentara_inspect.protocol import commands, identifiers
from xentara_inspect.queries.databases import Asked, Part, recording_of
from xentara_inspect.queries.parsed_frames import Messages
from xentara_inspect.queries.values import Row, clear_errors, json_integer
from xentara_inspect.queries.where import Where
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.fields import entries, text, uuid
from xentara_inspect.traffic.learning import elements_in
from xentara_inspect.traffic.names import Names, uuid_text
from xentara_inspect.traffic.packets import Packet

ELEMENT_KEYS: Final = ("uuid", "primary_key", "category", "learned_from")

_NAMING: Final = (commands.LOOKUP, commands.SUBSCRIBE, commands.UNSUBSCRIBE)
"""Commands that may name elements which the column `element` of their exchange does not."""


def elements(asked: Asked) -> Iterator[Row]:
    """Rows with `ELEMENT_KEYS`, by primary key, those without at the end. Raises StoreError.

    Of an element that several databases know, the latest that knows more counts.
    """
    known: dict[str, Row] = {}
    for part in recording_of(asked).parts:
        for row in _elements(part):
            before = known.setdefault(row["uuid"], row)
            if row["primary_key"] is not None:
                before |= {"primary_key": row["primary_key"], "learned_from": row["learned_from"]}
            if row["category"] is not None:
                before["category"] = row["category"]
    yield from sorted(
        known.values(), key=lambda row: (row["primary_key"] is None, row["primary_key"] or "", row["uuid"])
    )


@clear_errors
def _elements(part: Part) -> Iterator[Row]:
    for uuid_, primary_key, category, learned_from in part.connection.execute(
        "SELECT uuid, primary_key, category, learned_from FROM elements"
    ):
        number = loaded_integer(category)
        name = identifiers.ELEMENT_CATEGORIES.get(number) if number is not None else None
        values = (uuid_, primary_key, name or json_integer(category), learned_from)
        yield dict(zip(ELEMENT_KEYS, values, strict=True))


class WantedElement:
    """The elements that a primary key, or a UUID in any usual form, means.

    uuids: their UUIDs as columns hold them; none where nobody has told of such an element.
    """

    def __init__(self, name: str, names: Names) -> None:
        self._names = names
        found = [element for element, primary_key in names.elements.items() if primary_key == name]
        digits = name.strip().removeprefix("urn:uuid:").strip("{}").replace("-", "")
        try:
            given = bytes.fromhex(digits)
        except ValueError:
            given = b""
        self._elements = frozenset([*found, given] if len(given) == 16 else found)
        self._primary_keys = {names.element(element) for element in self._elements} | {name}
        self.uuids: list[str] = [uuid_text(element) for element in self._elements]

    def narrow_exchanges(self, where: Where, connection: sqlite3.Connection, messages: Messages) -> None:
        """Add the condition that an exchange `e` is about the element.

        A lookup names it by primary key, a subscription may be of several elements: such requests
        are read again, and no others.
        """

        def names_it(opcode: int, request_id: int | None, carried_id: int | None) -> bool:
            request = _request(connection, messages, request_id, carried_id)
            return request is not None and self._is_named(opcode, request)

        connection.create_function("names_it", 3, names_it)
        marks = ", ".join("?" * len(self.uuids))
        opcodes = ", ".join(map(str, _NAMING))
        # Only columns of the exchange, so that nothing else is read for those that are not meant.
        where.add(
            f"(e.element IN ({marks}) OR (e.element IS NULL AND e.opcode IN ({opcodes})"
            " AND names_it(e.opcode, e.request_id, e.carried_id)))",
            *self.uuids,
        )

    def _is_named(self, opcode: int, request: Packet) -> bool:
        parameters = commands.COMMANDS[opcode].parameters
        if parameters is None:
            return False
        named = entries(request.body, parameters)
        if opcode == commands.LOOKUP:
            return text(named.get("primary_key")) in self._primary_keys
        mentioned: Collection[bytes] = tuple(elements_in(opcode, request.body))
        if opcode == commands.UNSUBSCRIBE:
            subscription = uuid(named.get("subscription_id"))
            mentioned = self._names.subscriptions.get(subscription, ()) if subscription is not None else ()
        return not self._elements.isdisjoint(mentioned)


def _request(
    connection: sqlite3.Connection, messages: Messages, request_id: int | None, carried_id: int | None
) -> Packet | None:
    if carried_id is not None:
        row = connection.execute("SELECT packet FROM carried_requests WHERE id = ?", (carried_id,)).fetchone()
        return packets.parse(row[0]).packets[0] if row is not None else None
    row = connection.execute("SELECT frame_id, position FROM packets WHERE id = ?", (request_id,)).fetchone()
    shown = messages.shown(*row) if row is not None else None
    return shown.packet if shown is not None else None
