"""Recordings out of a database as captures, and captures into one, for the tests of both ways."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from tests.store_traffic import read
from xentara_inspect.captures.exporting import WRITERS
from xentara_inspect.captures.importing import Imported, import_capture
from xentara_inspect.queries.connections import Connections
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.store.importing import Importer

KINDS = tuple(WRITERS)


def export(kind: str, output: Path, *databases: Path, **filters: Any) -> Path:
    """A capture of what is asked for of databases."""
    with open_databases([str(database) for database in databases]) as asked, output.open("wb") as file:
        connections = Connections(asked, **filters)
        written: list[int] = []
        WRITERS[kind](connections, file, written.append)
        assert sum(written) == connections.messages
    return output


def bring_in(database: Path, *captures: Path, **options: Any) -> Imported:
    """Captures in a database, not indexed; what became of the last."""
    with closing(Importer(database, keep_secrets=True)) as importer:
        for capture in captures:
            imported = import_capture(capture, importer, None, lambda _: None, **options)
    return imported


def journal(database: Path) -> list[Any]:
    """All that is known of each connection, in the order in which they opened, and its messages."""
    sessions = read(
        database,
        "SELECT id, flow_id, client, server, path, subprotocol, user, user_agent, origin, opened, closed,"
        " close_code, close_reason, closed_by, refused, frame_count FROM sessions ORDER BY opened, client",
    )
    messages = "SELECT time, from_client, is_text, payload FROM frames WHERE session_id = ? ORDER BY id"
    return [(session[1:], read(database, messages, session[0])) for session in sessions]
