"""Putting questions to databases, for the tests of the rooms."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from tests import new_databases
from tests.journal import Journal
from tests.store_traffic import BYE, LIVE_INFO, frames, info, reading
from xentara_inspect.frames import SessionInfo
from xentara_inspect.index.process import catch_up, follow
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.importing import Importer

START = 1_700_000_000_000_000_000
"""When the conversations of tests begin."""


def fill(database: Path, *lines: str, about: SessionInfo | None = None, start: int = START) -> Path:
    """A database with a conversation in it, as it was said, indexed."""
    new_databases.make(database)
    with Importer(database, keep_secrets=True) as importer:
        importer.add(about or info(), frames(*lines, start=start), BYE)
    catch_up(database)
    return database


def record(path: Path, *lines: str, rotation: Rotation | None = None) -> list[Path]:
    """A recording of a conversation as it was said, indexed; rotated, its files in their order."""
    journal = Journal(path, rotation=rotation)
    handle = journal.open_session(LIVE_INFO)
    for frame in frames(*lines, start=START):
        journal.append(handle, frame)
        assert journal.flush(10)
    journal.close_session(handle, START + 10**9, 1000, "bye")
    assert journal.close(10)
    follow(path, lambda _seconds: True)
    catch_up(path)
    behind = path.parent.glob(f"{path.stem}-*{path.suffix}")
    return [path, *sorted(behind, key=lambda file: int(file.stem.rpartition("-")[2]))]


def ask(database: Path, query: str, **filters: Any) -> list[dict[str, Any]]:
    """All rows of the query that has a room of its name."""
    room = importlib.import_module(f"xentara_inspect.queries.{query}")
    with reading(database) as connection:
        return list(getattr(room, query)(connection, **filters))


def show(database: Path, name: str) -> dict[str, Any]:
    """What is shown under a name that must be there."""
    from xentara_inspect.queries.show import show as shown

    with reading(database) as connection:
        row = shown(connection, name)
    assert row is not None, f"there is no {name}"
    return row
