"""Requests that one file of a rotated recording carried over to the next, and their exchanges.

Such a request has its frame in the file before; the file that its answer is in, or in which its
session ended, holds its bytes again and the whole exchange. It is named by where it was recorded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from xentara_inspect.protocol import commands
from xentara_inspect.queries.databases import Part, Recording, reported
from xentara_inspect.queries.summaries import Shown
from xentara_inspect.traffic import packets

CARRIED_COLUMNS: Final = "c.file, c.frame_id, c.position, c.packet"
"""Columns of `carried_requests` as `c`, for `carried_request`."""

_CARRIED_NAME: Final = re.compile(r"(.+):([0-9]{1,18})\.([0-9]{1,18})", re.DOTALL)


class CarriedRequest(NamedTuple):
    """A request recorded in a file before. frame, name: of it and its packet, as they are named there."""

    frame: str
    name: str
    position: int
    shown: Shown


def carried_request(part: Part, columns: Sequence[object]) -> CarriedRequest | None:
    """From `CARRIED_COLUMNS`; None where the exchange has no such request."""
    file, frame, position, packet = columns
    if not isinstance(packet, bytes) or not isinstance(position, int):
        return None
    label = part.label_beside(str(file))
    shown = Shown(packets.parse(packet).packets[0]._replace(position=position), packet)
    return CarriedRequest(f"{label}:{frame}", f"{label}:{frame}.{position}", position, shown)


def carried_exchange(recording: Recording, name: str) -> tuple[Part, int] | None:
    """The database that holds an exchange named by a carried request, and its id there."""
    match = _CARRIED_NAME.fullmatch(name.strip())
    if match is None:
        return None
    for part in recording.parts:
        with reported(part):
            for row_id, file in part.connection.execute(
                "SELECT e.id, c.file FROM carried_requests c JOIN exchanges e ON e.carried_id = c.id"
                " WHERE c.frame_id = ? AND c.position = ?",
                (int(match[2]), int(match[3])),
            ):
                if part.label_beside(file) == match[1]:
                    return part, row_id
    return None


class Continued(NamedTuple):
    """What a later one of the databases tells of an earlier one.

    exchanges: ids of those that stand there too, with their outcome, and are to be left out here so
    that each is listed and counted once. refused: error codes of writes, by the id of their packet.
    """

    exchanges: list[int]
    refused: dict[int, int | str]


def continued(recording: Recording) -> dict[int, Continued]:
    """What later databases tell, by the index of the earlier one. Raises StoreError."""
    found = {part.index: Continued([], {}) for part in recording.parts}
    for later in recording.parts[1:]:
        with reported(later):
            carried = later.connection.execute(
                "SELECT c.file, c.frame_id, c.position, e.error_code FROM exchanges e"
                " JOIN carried_requests c ON c.id = e.carried_id"
            ).fetchall()
        for file, frame, position, code in carried:
            part = later.beside.get(file)
            if part is not None:
                _add_request(found[part.index], part, (frame, position), code)
    return found


def _add_request(found: Continued, part: Part, place: tuple[int, int], code: int | str | None) -> None:
    with reported(part):
        for exchange_id, packet_id, opcode in part.connection.execute(
            "SELECT e.id, p.id, e.opcode FROM packets p JOIN exchanges e ON e.request_id = p.id"
            " WHERE p.frame_id = ? AND p.position = ?",
            place,
        ):
            found.exchanges.append(exchange_id)
            if code is not None and opcode == commands.WRITE:
                found.refused[packet_id] = code
