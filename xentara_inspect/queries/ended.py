"""Exchanges that are over, with the connections they passed on: for those who hand them on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from xentara_inspect.queries.databases import Askable, Database, as_databases
from xentara_inspect.queries.elements import wanted_element
from xentara_inspect.queries.exchanges import ExchangeSearch
from xentara_inspect.queries.lines import LogLines
from xentara_inspect.queries.log import LogFilter, conditions, files_asked
from xentara_inspect.queries.named import Named
from xentara_inspect.queries.newest import merged
from xentara_inspect.queries.parsed_frames import Shown
from xentara_inspect.queries.values import Row
from xentara_inspect.store.addresses import address_text
from xentara_inspect.traffic.names import Names

ENDED_KEYS: Final = (
    "connection", "id", "session", "client", "server", "began", "ended", "command", "opcode", "message_id",
    "status", "error_code", "error_name", "element",
)  # fmt: skip

_SESSION: Final = """
    SELECT coalesce(flow_id, fingerprint, opened || ' ' || coalesce(client, '')) AS connection, client, server
    FROM sessions WHERE id = ?"""
_KEPT: Final = ("command", "opcode", "message_id", "status", "error_code", "error_name", "element")


def ended(asked: Askable, *, limit: int = 0, **filters: Any) -> Iterator[Row]:
    """Rows with `ENDED_KEYS`, in the order in which they began: the newest `limit`, 0 for all.

    connection: what names it wherever it is stored. id, session: as in its recording, alike whatever else
    is asked. began, ended: nanoseconds since 1970; the same where there is no request or no response.
    Others as in `log`. filters: the fields of `LogFilter`. Raises StoreError, QuestionError.
    """
    databases = as_databases(asked)
    wanted = LogFilter(**filters)
    element = wanted_element(wanted.element, databases)
    files = files_asked(databases, wanted.session, conditions(wanted, ended=True))
    yield from merged(
        [
            partial(_Lines(file, databases.names).exchanges, ExchangeSearch(where, element))
            for file, _, where in files
        ],
        limit,
    )


class _Lines(LogLines):
    """Makes rows with `ENDED_KEYS` of one file."""

    def __init__(self, file: Database, names: Names) -> None:
        super().__init__(file, names)
        self._sessions: dict[int, Row] = {}

    def line(self, row: Any, request: Shown | None, named: Named) -> Row:
        line = super().line(row, request, named)
        return {
            **self._session(row["session_id"]),
            "id": address_text(row["id"]),
            "session": row["session_id"],
            "began": row["time"],
            "ended": row["time"] + max(0, row["latency"] or 0),  # a clock may have been set back
            **{key: line[key] for key in _KEPT},
        }

    def _session(self, row_id: int) -> Row:
        if row_id not in self._sessions:
            self._sessions[row_id] = dict(self.file.row(_SESSION, row_id) or {})
        return self._sessions[row_id]
