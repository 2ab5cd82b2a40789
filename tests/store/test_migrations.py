"""Databases of older versions become what a new one is, with every frame and nothing twice."""

from __future__ import annotations

import gzip
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.live import ROOT
from xentara_inspect.index.process import catch_up
from xentara_inspect.store.addresses import address_text
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.schema import COMMAND_ERRORS, INDEXES, NAME_TABLES, SCHEMA_VERSION
from xentara_inspect.store.views import VIEWS

STORED = Path(__file__).parent / "stored"
"""Databases that earlier versions made of sample captures, and a recording that was rotated."""

_BY_FRAME = (
    "SELECT frame_id << 24 | position, exchanges.opcode, status, requested, responded FROM exchanges"
    " JOIN packets ON packets.id = coalesce(request_id, response_id) ORDER BY 1"
)
_BY_ADDRESS = "SELECT id, opcode, status, requested, responded FROM exchanges ORDER BY 1"
OLD = {
    "schema-1": _BY_FRAME,
    "schema-2": _BY_FRAME,
    "schema-3": _BY_ADDRESS,
    "schema-4": _BY_ADDRESS,
    "schema-5": _BY_ADDRESS,
    "schema-6": _BY_ADDRESS,
}
"""How each of them is asked for its exchanges."""

_AFFINITIES = {int: "INTEGER", str: "TEXT", bytes: "BLOB"}


def unpacked(name: str, folder: Path) -> Path:
    """A stored database, where a test may change it."""
    path = folder / f"{name}.db"
    path.write_bytes(gzip.decompress((STORED / f"{name}.db.gz").read_bytes()))
    return path


def shape_of(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Tables, indexes and views, as they were made."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return sorted(row for row in rows if not row[1].startswith(("_sqlite", "sqlite_", "idx__sqlite")))


def frames_of(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT session_id, time, from_client, is_text, payload, redacted FROM frames ORDER BY id"
    ).fetchall()


@pytest.mark.parametrize("name", OLD)
def test_a_migrated_file_and_a_new_one_have_the_same_schema(tmp_path: Path, name: str) -> None:
    with (
        closing(open_for_writing(unpacked(name, tmp_path))) as old,
        closing(open_for_writing(tmp_path / "new.db")) as new,
    ):
        assert shape_of(old) == shape_of(new)
        for table in (*NAME_TABLES, "command_errors", "attributes"):
            everything = f"SELECT * FROM {table} ORDER BY 1, 2"
            known = new.execute(everything).fetchall()
            # Attributes that the traffic told of stand behind those that are always there.
            assert old.execute(everything).fetchmany(len(known)) == known


@pytest.mark.parametrize("name", OLD)
def test_migrating_keeps_every_frame_and_derives_the_rest_again(tmp_path: Path, name: str) -> None:
    path = unpacked(name, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        frames = frames_of(connection)
        exchanges = connection.execute(OLD[name]).fetchall()
    catch_up(path)
    with closing(sqlite3.connect(path)) as connection:
        assert frames_of(connection) == frames
        assert connection.execute(_BY_ADDRESS).fetchall() == exchanges
        (findings,) = connection.execute("SELECT count(*) FROM findings").fetchone()
        assert findings


def test_the_description_of_the_tables_is_what_the_scripts_make(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "new.db")) as connection:
        for name, table in {**JOURNAL_TABLES, **DERIVED_TABLES, "command_errors": COMMAND_ERRORS}.items():
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            assert [(row[1], row[2]) for row in columns] == [
                (column, _AFFINITIES[described.type]) for column, described in table.columns.items()
            ]
            assert tuple(row[1] for row in sorted(columns, key=lambda row: row[5]) if row[5]) == table.key
            references = {row[3]: row[2] for row in connection.execute(f"PRAGMA foreign_key_list({name})")}
            assert references == {
                column: described.references
                for column, described in table.columns.items()
                if described.references is not None
            }
        made = {row[1]: row[3] for row in shape_of(connection) if row[0] == "index"}
        assert made == INDEXES
        tables = {row[1] for row in shape_of(connection) if row[0] == "table"}
        assert tables == {*JOURNAL_TABLES, *DERIVED_TABLES, *NAME_TABLES, "command_errors"}
        assert {row[1] for row in shape_of(connection) if row[0] == "view"} == set(VIEWS)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_frames_of_a_rotated_recording_get_numbers_that_none_of_its_files_has_twice(tmp_path: Path) -> None:
    files = [unpacked(name, tmp_path) for name in ("plant", "plant-2")]
    for file in files:
        catch_up(file)
    ids, recordings, exchanges = [], set(), {}
    for file in files:
        with closing(sqlite3.connect(file)) as connection:
            ids += [row[0] for row in connection.execute("SELECT id FROM frames ORDER BY id")]
            recordings.add(connection.execute("SELECT recording FROM chain").fetchone()[0])
            for place, opcode, status in connection.execute("SELECT id, opcode, status FROM exchanges"):
                exchanges[address_text(place)] = opcode, status
    assert len(ids) == len(set(ids)) == 11
    assert len(recordings) == 1
    # The read and the get_stage were asked in the first file and answered in the second.
    assert exchanges["7p1"] == (4, "ok")
    assert exchanges["7p2"] == (8, "ok")


def test_a_kill_in_the_middle_leaves_a_file_that_migrates_again(tmp_path: Path) -> None:
    path = unpacked("schema-2", tmp_path)
    script = (
        "import os, signal, sqlite3, sys\n"
        "from xentara_inspect.store import migrations\n"
        "from xentara_inspect.store.database import open_for_writing\n"
        "def fill_names(connection): os.kill(os.getpid(), signal.SIGKILL)\n"
        "migrations.fill_names = fill_names\n"
        "open_for_writing(sys.argv[1])\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        frames = frames_of(connection)
    catch_up(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert frames_of(connection) == frames
    assert os.path.getsize(path)


def test_a_migrated_file_is_decoded_with_what_the_file_before_it_told(tmp_path: Path) -> None:
    path = unpacked("plant-2", tmp_path)
    catch_up(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT primary_key FROM elements").fetchall() == [("Plant.Tank",)]
        assert connection.execute("SELECT count(*) FROM subscriptions").fetchone() == (1,)
