"""Requests of one file of a rotated recording whose end is in a later one.

Such a request has its frame in the file before, where it is pending for ever; the file that its answer
is in, or in which its session ended, holds its bytes again and the whole exchange, under the same id.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from xentara_inspect.frames import frame_of, position_in
from xentara_inspect.queries.databases import Database, Databases, Recording
from xentara_inspect.queries.parsed_frames import Shown
from xentara_inspect.traffic import packets

_EXCHANGE: Final = (
    "SELECT 1 FROM exchanges WHERE id = ?1 UNION ALL SELECT 1 FROM exchanges WHERE response_id = ?1"
)


class Superseded(NamedTuple):
    """What later files tell of an earlier one.

    exchanges: ids of those that stand there too, with their outcome, and are to be left out here so
    that each is listed and counted once. ended: those of them that are over. refused: error codes of
    writes, by the id of their packet.
    """

    exchanges: list[int]
    ended: list[int]
    refused: dict[int, int | str]


def superseded(databases: Databases) -> dict[int, Superseded]:
    """What later files tell, by the index of the earlier one. Raises StoreError."""
    found = {file.index: Superseded([], [], {}) for file in databases.files}
    for recording in databases.recordings:
        exchanges: list[int] = []
        ended: list[int] = []
        refused: dict[int, int | str] = {}
        for file in reversed(recording.files):
            found[file.index].exchanges.extend(exchanges)
            found[file.index].ended.extend(ended)
            found[file.index].refused.update(refused)
            if len(recording.files) > 1:
                for row in file.rows(
                    "SELECT e.id, e.error_code, e.status <> 'pending' AS is_over"
                    " FROM carried_requests c JOIN exchanges e ON e.id = c.id"
                ):
                    exchanges.append(row["id"])
                    if row["is_over"]:
                        ended.append(row["id"])
                    if row["error_code"] is not None:
                        refused[row["id"]] = row["error_code"]
    return found


def carried_request(file: Database, address: int) -> Shown | None:
    """A request of a file before, from its bytes in this one; None where it is not carried."""
    row = file.row("SELECT packet FROM carried_requests WHERE id = ?", address)
    if row is None:
        return None
    packet = packets.parse(row["packet"]).packets[0]
    return Shown(packet._replace(position=position_in(address)), row["packet"])


def home_of(recording: Recording, place: int) -> Database | None:
    """The file that knows most of what stands at an address: of an exchange the last that has it.

    None where nothing is there. Raises StoreError.
    """
    for file in reversed(recording.files):
        if file.row(_EXCHANGE, place) is not None:
            return file
    for file in recording.files:
        if file.row("SELECT 1 FROM frames WHERE id = ?", frame_of(place)) is not None:
            return file
    return None
