"""Conversations and small helpers for the tests of the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests import new_databases
from tests.transcript import Transcript
from xentara_inspect.frames import LIVE, Closing, Frame, SessionInfo
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.importing import Importer, ImportResult

LEVEL = "37(h'e3ee10714d884ba18e5d0f1e4ce25ee8')"
VALVE = "37(h'00112233445566778899aabbccddeeff')"
SUBSCRIPTION = "37(h'5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b')"
LEVEL_UUID = "e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8"
VALVE_UUID = "00112233-4455-6677-8899-aabbccddeeff"
HELLO = (">[[0, 1, 14, {0: 1, 1: 1}]]", "<[[1, 1, {0: 1}]]")


def event(number: int) -> str:
    """A line with an event."""
    time = f"1001({{4: 4([-9, {1_700_000_000_000_000_000 + number}])}})"
    return f"<[[8, 0, {{0: {time}, 1: {LEVEL}, 2: {{11: 121({number}.5), 9: 121(0)}}}}]]"


CONVERSATION = (
    *HELLO,
    f'>[[0, 2, 3, {{0: "Plant.Tank 1.Level"}}], [0, 3, 2, {{0: {VALVE}, 1: [0, 1, 2]}}]]',
    f"<[[1, 2, {LEVEL}]]",
    f'<[[1, 3, {{0: "Plant.Valve", 1: 6, 2: [{{0: "Position", 1: {SUBSCRIPTION}, 2: 2, 3: 10}}]}}]]',
    f">[[0, 4, 6, {{0: [{{0: {LEVEL}, 1: [11, 9]}}]}}], [0, 5, 4, {{0: {VALVE}, 1: [11, {SUBSCRIPTION}]}}]]",
    event(1),  # overtakes the answer
    f"<[[1, 5, {{11: 121(18446744073709551615), {SUBSCRIPTION}: 122({{0: -32102}})}}],"
    f" [1, 4, {SUBSCRIPTION}]]",
    event(2),
    ">hex:8301",
    f">[[0, 5, 5, {{0: {VALVE}, 1: 11, 2: NaN}}], [0, 5, 5, {{0: {VALVE}, 1: 11, 2: 2}}]]",
    '<[[2, 5, {0: -32103, 1: "no"}]]',
    ">text:hello",
    ">[[0, -18446744073709551616, 18446744073709551615], 7]",
    "<[[1, 99]]",
    f">[[0, 8, 7, {{0: {SUBSCRIPTION}}}]]",
    "<[[1, 8]]",
    event(3),
    ">[[0, 9, 8]]",
)
"""Commands, batches, ids in use twice, events, malformed frames, huge integers, requests left waiting."""


def frames(*lines: str, start: int = 1_700_000_000_000_000_000) -> list[Frame]:
    """Frames of a conversation, one millisecond apart."""
    transcript = Transcript()
    made = [transcript.frame(line) for line in lines]
    return [frame._replace(time=start + frame.time) for frame in made]


def info(
    flow_id: str | None = "flow-1", source: str = "sample.flow", opened: int = 1_700_000_000
) -> SessionInfo:
    """A session."""
    return SessionInfo(
        flow_id, "10.0.0.7:51234", "plant:8080", "/api/ws", "xentara-v1", "ann", opened, source
    )


LIVE_INFO = info(source=LIVE)
BYE = Closing(1_700_000_009_000_000_000, 1000, "bye")


def add(
    path: Path,
    said: Sequence[Frame],
    about: SessionInfo | None = None,
    end: Closing | None = BYE,
) -> ImportResult:
    """Put a session into a database."""
    new_databases.make(path)
    with Importer(path) as importer:
        return importer.add(about or info(), said, end)


def derived(path: Path) -> dict[str, list[Any]]:
    """All rows of all derived tables, by their keys."""
    return {table: read(path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in DERIVED_TABLES}


def read(path: Path, sql: str, *parameters: Any) -> list[Any]:
    """The rows of a query."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(sql, parameters).fetchall()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of the kind that queries take."""
    with closing(open_for_reading(path)) as connection:
        yield connection
