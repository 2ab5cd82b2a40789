"""Making, migrating, opening databases, and saying in one line why that cannot be done."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal import Journal
from tests.store_traffic import HELLO, LIVE_INFO, add, frames, read, reading
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries.sessions import sessions
from xentara_inspect.store import recorders
from xentara_inspect.store.columns import loaded_integer, stored_integer
from xentara_inspect.store.database import open_for_reading, open_for_writing
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.schema import APPLICATION_ID, DERIVED_TABLES, JOURNAL_TABLES, SCHEMA_VERSION
from xentara_inspect.store.views import VIEWS

CONTRACT = {
    "sessions": "id client server path subprotocol user opened closed close_code close_reason source dropped",
    "frames": "id session_id time from_client is_text payload redacted",
    "packets": "id frame_id position kind message_id opcode command notation",
    "exchanges": "id session_id message_id opcode command element status error_code error_text requested"
    " responded latency request_id response_id",
    "events": "id session_id packet_id time source_time event_type element",
    "readings": "id session_id packet_id time source_time element attribute value value_kind quality"
    " error_code origin",
    "elements": "uuid primary_key category learned_from",
    "attributes": "element attribute name access data_type",
    "subscriptions": "id session_id uuid elements opened closed",
    "findings": "id session_id frame_id packet_id exchange_id code severity message",
}


def test_a_new_database_has_all_tables_and_says_whose_it_is(database: Path) -> None:
    with closing(open_for_writing(database)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert tables == {*JOURNAL_TABLES, *DERIVED_TABLES, "_sqlite_migrations"}


@pytest.mark.parametrize("table", CONTRACT)
def test_tables_have_the_columns_that_others_rely_on(database: Path, table: str) -> None:
    open_for_writing(database).close()
    columns = [name for (name,) in read(database, "SELECT name FROM pragma_table_info(?)", table)]
    assert columns[: len(CONTRACT[table].split())] == CONTRACT[table].split()


def test_views_show_iso_times_milliseconds_and_primary_keys(database: Path) -> None:
    add(database, frames(*HELLO))
    catch_up(database)
    (row,) = read(database, "SELECT time, latency_ms, id FROM exchanges_readable")
    assert row == ("2023-11-14T22:13:20.001000000Z", 1.0, "1.1")
    for view in VIEWS:
        read(database, f"SELECT * FROM {view}")


def test_times_before_1970_and_beyond_64_bits_do_not_break_the_views(database: Path) -> None:
    with closing(open_for_writing(database)) as connection:
        connection.execute("INSERT INTO packets (id, frame_id, position) VALUES (1, 1, 1)")
        for source_time in (-1, "18446744073709551616"):
            connection.execute(
                "INSERT INTO events (packet_id, time, source_time) VALUES (1, 0, ?)", [source_time]
            )
    assert read(database, "SELECT time, source_time FROM events_readable ORDER BY id") == [
        ("1970-01-01T00:00:00.000000000Z", "1969-12-31T23:59:59.999999999Z"),
        ("1970-01-01T00:00:00.000000000Z", "18446744073709551616"),
    ]


def test_opening_again_changes_nothing(database: Path) -> None:
    open_for_writing(database).close()
    before = read(database, "SELECT * FROM _sqlite_migrations")
    open_for_writing(database).close()
    assert read(database, "SELECT * FROM _sqlite_migrations") == before


def test_a_database_of_the_first_schema_is_brought_up_to_date_with_all_that_is_in_it(database: Path) -> None:
    add(database, frames(*HELLO))
    with closing(open_for_writing(database)) as connection:
        recorders.register(connection, 1)
        for column in ("feed", "operation"):
            connection.execute(f"ALTER TABLE recorders DROP COLUMN {column}")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0002%'")
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(StoreError, match="was made by an older version: run `xentara-inspect reindex`"):
        open_for_reading(database)
    open_for_writing(database).close()
    assert read(database, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert read(database, "SELECT id, feed, operation FROM recorders") == [(1, None, 0)]
    assert read(database, "SELECT count(*) FROM frames") == [(2,)]


def test_several_processes_can_make_the_same_database_at_once(database: Path) -> None:
    script = "import sys; from xentara_inspect.store.database import *; open_for_writing(sys.argv[1]).close()"
    children = [subprocess.Popen([sys.executable, "-c", script, database]) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert len(read(database, "SELECT * FROM _sqlite_migrations")) == SCHEMA_VERSION


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_files_are_for_their_owner_only_whatever_the_umask(database: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        journal = Journal(database)
        journal.open_session(LIVE_INFO)
        assert journal.flush()
        modes = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
        journal.close()
    finally:
        os.umask(before)
    assert modes == {"xentara.db": 0o600, "xentara.db-wal": 0o600, "xentara.db-shm": 0o600}


EDGES = [0, -1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**64 - 1, -(2**64), 10**300]
WIRE_COLUMNS = [
    (name, column)
    for name, table in DERIVED_TABLES.items()
    for column, described in table.columns.items()
    if described.type is bytes
]


@pytest.mark.parametrize(("table", "column"), WIRE_COLUMNS)
def test_integers_of_any_size_come_back_from_each_column_as_they_went_in(
    database: Path, table: str, column: str
) -> None:
    with closing(open_for_writing(database)) as connection:
        for number in EDGES:
            connection.execute(f"INSERT INTO {table} ({column}) VALUES (?)", [stored_integer(number)])
    rows = read(
        database, f"SELECT {column}, typeof({column}) FROM {table} WHERE {column} IS NOT NULL ORDER BY rowid"
    )
    assert [loaded_integer(value) for value, _ in rows] == EDGES
    assert [kind for _, kind in rows] == ["integer"] * 4 + ["text"] * 5


def test_every_column_of_the_contract_that_holds_an_integer_from_the_wire_has_no_affinity() -> None:
    assert {
        ("packets", "message_id"), ("packets", "opcode"), ("exchanges", "message_id"),
        ("exchanges", "opcode"), ("exchanges", "error_code"), ("events", "source_time"),
        ("events", "event_type"), ("readings", "source_time"), ("readings", "attribute"),
        ("readings", "value"), ("readings", "quality"), ("readings", "error_code"),
        ("elements", "category"), ("attributes", "attribute"), ("attributes", "access"),
        ("attributes", "data_type"),
    } == set(WIRE_COLUMNS)  # fmt: skip


# What cannot be opened


def untouched(path: Path) -> tuple[bytes, int, list[str]]:
    """What must be the same afterwards."""
    return path.read_bytes(), path.stat().st_mtime_ns, sorted(entry.name for entry in path.parent.iterdir())


def foreign_database(path: Path, mode: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("CREATE TABLE notes (text)")
        connection.commit()


@pytest.mark.parametrize("opener", [open_for_reading, open_for_writing])
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_of_another_program_is_refused_and_untouched(
    database: Path, opener: object, mode: str
) -> None:
    foreign_database(database, mode)
    before = untouched(database)
    assert callable(opener)
    with pytest.raises(StoreError, match=r"xentara\.db is a database of another program$"):
        opener(database)
    assert untouched(database) == before


@pytest.mark.parametrize("opener", [open_for_reading, open_for_writing])
def test_a_file_that_is_no_database_is_refused_and_untouched(database: Path, opener: object) -> None:
    database.write_bytes(b"GIF89a" * 1000)
    before = untouched(database)
    assert callable(opener)
    with pytest.raises(StoreError, match=r"xentara\.db is not a database$"):
        opener(database)
    assert untouched(database) == before


@pytest.mark.parametrize("opener", [open_for_reading, open_for_writing])
def test_a_directory_is_refused(tmp_path: Path, opener: object) -> None:
    assert callable(opener)
    with pytest.raises(StoreError, match=r" is a directory, not a database$"):
        opener(tmp_path)


@pytest.mark.parametrize("opener", [open_for_reading, open_for_writing])
def test_a_database_of_a_newer_release_is_refused_and_untouched(database: Path, opener: object) -> None:
    with closing(open_for_writing(database)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = untouched(database)
    assert callable(opener)
    with pytest.raises(StoreError, match=r"was made by a newer version of xentara-inspect \(schema \d+\)$"):
        opener(database)
    assert untouched(database)[0] == before[0]


def test_a_missing_file_is_not_made_by_reading(database: Path) -> None:
    with pytest.raises(StoreError, match=r"xentara\.db does not exist$"):
        open_for_reading(database)
    assert not database.exists()


def test_a_missing_directory_is_not_made_by_writing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be made: its directory does not exist$"):
        open_for_writing(tmp_path / "no" / "xentara.db")


def test_an_empty_file_is_refused_for_reading_and_used_for_writing(database: Path) -> None:
    database.touch()
    with pytest.raises(StoreError, match=r"is empty, not a database of xentara-inspect$"):
        open_for_reading(database)
    open_for_writing(database).close()
    with reading(database) as connection:
        assert list(sessions(connection)) == []


def test_a_damaged_database_is_one_clear_line_when_it_is_asked(database: Path) -> None:
    add(database, frames(*HELLO))
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)
    with (
        pytest.raises(StoreError, match=r"xentara\.db is damaged \(corrupt database\)$"),
        reading(database) as connection,
    ):
        list(sessions(connection))


def test_a_database_that_stays_locked_is_one_clear_line(database: Path) -> None:
    open_for_writing(database).close()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"xentara\.db is locked by another program$"):
            open_for_writing(database, timeout=0.01)
        other.execute("ROLLBACK")


def test_paths_with_every_special_character_of_a_uri_work(tmp_path: Path) -> None:
    path = tmp_path / "50% off? a#b & ü\udce4.db"
    add(path, frames(*HELLO))
    catch_up(path)
    with reading(path) as connection:
        assert len(list(sessions(connection))) == 1


# Reading leaves no trace


def test_reading_leaves_nothing_beside_a_database_that_nobody_records_into(database: Path) -> None:
    add(database, frames(*HELLO))
    catch_up(database)
    before = untouched(database)
    with reading(database) as connection:
        assert len(list(sessions(connection))) == 1
        assert untouched(database) == before
    assert untouched(database) == before


@pytest.mark.parametrize("opener", [open_for_reading, open_for_writing])
def test_a_database_whose_writer_was_killed_in_the_middle_of_a_checkpoint_opens(
    database: Path, tmp_path: Path, opener: Callable[[Path], sqlite3.Connection]
) -> None:
    torn = tmp_path / "torn.db"
    with closing(open_for_writing(database)) as writer:
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        writer.execute("INSERT INTO frames (payload) VALUES (zeroblob(100000))")
        for end in ("", "-wal"):
            torn.with_name(f"torn.db{end}").write_bytes(database.with_name(f"xentara.db{end}").read_bytes())
    checkpoint_first_page(torn)
    with closing(opener(torn)) as connection:
        assert connection.execute("SELECT length(payload) FROM frames").fetchall() == [(100_000,)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def checkpoint_first_page(database: Path) -> None:
    """Begin to move pages from the -wal into the file: the first, which says how many there are."""
    log = database.with_name(f"{database.name}-wal").read_bytes()
    (size,) = struct.unpack_from(">I", log, 8)
    frames = range(32, len(log), 24 + size)
    pages = [log[at + 24 : at + 24 + size] for at in frames if struct.unpack_from(">I", log, at) == (1,)]
    with database.open("r+b") as file:
        file.write(pages[-1])


def test_a_reader_cannot_write(database: Path) -> None:
    open_for_writing(database).close()
    with reading(database) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM frames")


def test_a_reader_sees_what_is_still_only_in_the_wal(database: Path) -> None:
    with closing(open_for_writing(database)) as writer:
        writer.execute("INSERT INTO sessions (client, opened) VALUES ('me', 0)")
        with reading(database) as connection:
            assert [row["client"] for row in sessions(connection)] == ["me"]


AS_SOMEBODY_ELSE = """
import os, sys
from xentara_inspect.store.database import open_for_reading, open_for_writing
from xentara_inspect.store.errors import StoreError
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
for opener in (open_for_reading, open_for_writing):
    try:
        connection = opener(sys.argv[1])
        print(connection.execute("SELECT count(*) FROM sessions").fetchone()[0])
        connection.close()
    except StoreError as error:
        print(str(error).partition(" ")[2])
"""


def run_unprivileged(tmp_path: Path, database: Path) -> list[str]:
    """What a process without special rights gets of a database, reading and writing."""
    temporary = Path(tempfile.gettempdir()).resolve()
    for folder in tmp_path.parents if os.geteuid() == 0 else ():
        if temporary in folder.parents:
            folder.chmod(0o755)
    command = [sys.executable, "-c", AS_SOMEBODY_ELSE, str(database)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def test_a_database_in_a_directory_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "archive"
    folder.mkdir()
    database = folder / "xentara.db"
    add(database, frames(*HELLO))
    database.chmod(0o444)
    folder.chmod(0o555)
    try:
        assert run_unprivileged(tmp_path, database) == ["1", "cannot be written: permission denied"]
        assert [entry.name for entry in folder.iterdir()] == ["xentara.db"]
    finally:
        folder.chmod(0o755)


def test_a_database_of_somebody_else_is_one_clear_line(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("takes two users")
    tmp_path.chmod(0o755)
    database = tmp_path / "xentara.db"
    add(database, frames(*HELLO))
    assert run_unprivileged(tmp_path, database) == [
        "cannot be opened: permission denied",
        "cannot be written: permission denied",
    ]
