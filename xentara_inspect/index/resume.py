"""Sessions and names as they were when an earlier process stopped, from the tables."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from xentara_inspect.protocol import commands
from xentara_inspect.store.columns import loaded_attribute, loaded_integer, loaded_uuid
from xentara_inspect.traffic import learning, packets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Packet
from xentara_inspect.traffic.records import Exchange, PacketRecord, Status, SubscriptionOpened
from xentara_inspect.traffic.session import Resumed


def load_names(connection: sqlite3.Connection) -> Names:
    """All names that the database knows."""
    names = Names()
    for uuid, primary_key, category in connection.execute("SELECT uuid, primary_key, category FROM elements"):
        element = loaded_uuid(uuid)
        names.elements[element] = primary_key
        number = loaded_integer(category)
        if number is not None:
            names.categories[element] = number
    for element, attribute, name in connection.execute(
        "SELECT element, attribute, name FROM attributes WHERE name IS NOT NULL ORDER BY rowid"
    ):
        key = loaded_attribute(attribute)
        if isinstance(key, bytes):
            names.learn_attribute(loaded_uuid(element), key, name)
    for uuid, elements in connection.execute("SELECT uuid, elements FROM subscriptions ORDER BY id"):
        opened = _subscription(uuid, elements)
        names.subscriptions[opened.uuid] = tuple(element for element, _ in opened.elements)
    return names


def load_session(connection: sqlite3.Connection, session_id: int) -> Resumed:
    """The state of a session after all of its frames that are indexed."""
    subscriptions = connection.execute(
        "SELECT uuid, elements FROM subscriptions WHERE session_id = ? AND closed IS NULL ORDER BY id",
        (session_id,),
    )
    return Resumed(
        pending=[*_carried(connection, session_id), *_pending(connection, session_id)],
        hello_granted=is_greeted(connection, session_id),
        subscriptions=[_subscription(uuid, elements) for uuid, elements in subscriptions],
    )


def is_greeted(connection: sqlite3.Connection, session_id: int) -> bool:
    """Whether a session's client_hello was granted, here or in a file before."""
    found = connection.execute(
        "SELECT 1 FROM exchanges WHERE session_id = ? AND opcode = ? AND status = ?"
        " UNION ALL SELECT 1 FROM sessions WHERE id = ? AND greeted LIMIT 1",
        (session_id, commands.CLIENT_HELLO, Status.OK.value, session_id),
    )
    return found.fetchone() is not None


def has_pending(connection: sqlite3.Connection, session_id: int) -> bool:
    """Whether requests of a session wait for an answer, those of the file before included."""
    found = connection.execute(
        "SELECT 1 FROM exchanges WHERE session_id = ? AND status = 'pending'"
        " UNION ALL SELECT 1 FROM carried_requests WHERE session_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM exchanges WHERE carried_id = carried_requests.id) LIMIT 1",
        (session_id, session_id),
    )
    return found.fetchone() is not None


def _carried(connection: sqlite3.Connection, session_id: int) -> Iterator[tuple[Exchange, Packet]]:
    """Requests of a file before that still wait; their packets are no rows here."""
    for row_id, from_client, requested, payload in connection.execute(
        "SELECT id, from_client, requested, packet FROM carried_requests WHERE session_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM exchanges WHERE carried_id = carried_requests.id) ORDER BY id",
        (session_id,),
    ):
        packet = packets.parse(payload).packets[0]
        opcode, number = packet.opcode, packet.number
        assert opcode is not None  # noqa: S101 - it is a request
        assert number is not None  # noqa: S101
        command = commands.COMMAND_NAMES.get(opcode)
        exchange = Exchange(
            message_id=number,
            opcode=opcode,
            command=command,
            element=learning.element_of(opcode, packet.body),
            status=Status.PENDING,
            requested=requested,
            request=PacketRecord(packet, opcode, command, "", bool(from_client)),
            carried_id=row_id,
        )
        yield exchange, packet


def _pending(connection: sqlite3.Connection, session_id: int) -> Iterator[tuple[Exchange, Packet]]:
    frame_id = None
    parsed: dict[int, Packet] = {}
    for row in connection.execute(
        "SELECT frames.id, payload, from_client, position, packets.id, notation, exchanges.id,"
        " exchanges.message_id, exchanges.opcode, exchanges.command, element, requested"
        " FROM exchanges JOIN packets ON packets.id = request_id JOIN frames ON frames.id = frame_id"
        " WHERE exchanges.session_id = ? AND status = 'pending' ORDER BY exchanges.id",
        (session_id,),
    ):
        if row[0] != frame_id:
            frame_id = row[0]
            parsed = {packet.position: packet for packet in packets.parse(row[1]).packets}
        packet = parsed[row[3]]
        yield _exchange(packet, row[2:]), packet


def _exchange(packet: Packet, row: tuple[Any, ...]) -> Exchange:
    from_client, _, packet_id, notation, row_id, message_id, opcode, command, element, requested = row
    code = loaded_integer(opcode)
    number = loaded_integer(message_id)
    assert number is not None  # noqa: S101 - every exchange has a message id
    return Exchange(
        message_id=number,
        opcode=code,
        command=command,
        element=loaded_uuid(element) if element is not None else None,
        status=Status.PENDING,
        requested=requested,
        request=PacketRecord(packet, code, command, notation, bool(from_client), packet_id),
        row_id=row_id,
    )


def _subscription(uuid: str, elements: str) -> SubscriptionOpened:
    return SubscriptionOpened(
        loaded_uuid(uuid),
        tuple(
            (loaded_uuid(entry["element"]), tuple(map(loaded_attribute, entry["attributes"])))
            for entry in json.loads(elements)
        ),
    )
