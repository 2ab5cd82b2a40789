"""Packets that were found by what they hold: searched for once, their ids kept while a list is read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final, NamedTuple

from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.where import Condition

_NUMBERS: Final = itertools.count(1)


class FoundPackets(NamedTuple):
    """Addresses of packets, in a temporary table of the connection."""

    table: str
    size: int

    def have(self, column: str) -> str:
        """A condition: the address in the column is among them."""
        # With a plus: each address is looked up here, instead of all here being looked up for each.
        return f"+{column} IN (SELECT id FROM {self.table})"  # noqa: S608 - a name of ours


def found_packets(file: Database, searches: Sequence[Condition]) -> FoundPackets:
    """What searches find that select one column, addresses of packets. Raises StoreError."""
    # In memory: a reader leaves nothing on the disk.
    list(file.tuples("PRAGMA temp_store = MEMORY"))
    table = f"temp.found_{next(_NUMBERS)}"
    list(file.tuples(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)"))
    for sql, parameters in searches:
        list(file.tuples(f"INSERT OR IGNORE INTO {table} {sql}", parameters))
    row = file.row(f"SELECT count(*) AS size FROM {table}")  # noqa: S608 - a name of ours
    return FoundPackets(table, row["size"] if row is not None else 0)
