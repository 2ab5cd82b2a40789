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
from xentara_inspect.frames import address
from xentara_inspect.index.process import catch_up
from xentara_inspect.store import sides
from xentara_inspect.store.columns import loaded_integer, stored_integer
from xentara_inspect.store.database import (
    new_beside,
    open_for_reading,
    open_for_writing,
    readable_by_others,
)
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.errors import StoreError, problem
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.schema import APPLICATION_ID, NAME_TABLES, SCHEMA_VERSION
from xentara_inspect.store.views import VIEWS

CONTRACT = {
    "sessions": "id client server path subprotocol user user_agent origin opened closed close_code"
    " close_reason closed_by refused source dropped",
    "frames": "id session_id time from_client is_text payload redacted",
    "packets": "id kind message_id opcode event_type element_id source_time notation",
    "exchanges": "id session_id message_id opcode element_id status error_code error_text requested"
    " responded latency response_id",
    "readings": "packet_id position element_id attribute_id value value_kind quality error_code origin",
    "elements": "id uuid primary_key category learned_from",
    "subscriptions": "id session_id uuid opened closed error_code",
    "subscription_items": "subscription_id element_id attribute_id",
    "findings": "id session_id address exchange_id code severity message",
}


def rows_of(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT * FROM sessions").fetchall()


def test_a_new_database_has_all_tables_and_says_whose_it_is(database: Path) -> None:
    with closing(open_for_writing(database)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert tables == {
            *JOURNAL_TABLES, *DERIVED_TABLES, *NAME_TABLES, "command_errors", "_sqlite_migrations",
        }  # fmt: skip


@pytest.mark.parametrize("table", CONTRACT)
def test_tables_have_the_columns_that_others_rely_on(database: Path, table: str) -> None:
    open_for_writing(database).close()
    columns = {name for (name,) in read(database, "SELECT name FROM pragma_table_info(?)", table)}
    assert columns >= set(CONTRACT[table].split())


def test_views_show_iso_times_milliseconds_and_primary_keys(database: Path) -> None:
    add(database, frames(*HELLO))
    catch_up(database)
    (row,) = read(database, "SELECT time, latency_ms, id FROM exchanges_readable")
    assert row == ("2023-11-14T22:13:20.001000000Z", 1.0, "1p1")
    for view in VIEWS:
        read(database, f"SELECT * FROM {view}")


def test_times_before_1970_and_beyond_64_bits_do_not_break_the_views(database: Path) -> None:
    with closing(open_for_writing(database)) as connection:
        connection.execute("INSERT INTO frames (id, time) VALUES (1, 0)")
        for position, source_time in enumerate((-1, "18446744073709551616"), 1):
            connection.execute(
                "INSERT INTO packets (id, kind, source_time) VALUES (?, 'event', ?)",
                [address(1, position), source_time],
            )
    assert read(database, "SELECT time, source_time FROM events_readable ORDER BY packet_id") == [
        ("1970-01-01T00:00:00.000000000Z", "1969-12-31T23:59:59.999999999Z"),
        ("1970-01-01T00:00:00.000000000Z", "18446744073709551616"),
    ]


def test_opening_again_changes_nothing(database: Path) -> None:
    open_for_writing(database).close()
    before = read(database, "SELECT * FROM _sqlite_migrations")
    open_for_writing(database).close()
    assert read(database, "SELECT * FROM _sqlite_migrations") == before


def test_several_processes_can_make_the_same_database_at_once(database: Path) -> None:
    script = "import sys; from xentara_inspect.store.database import *; open_for_writing(sys.argv[1]).close()"
    children = [subprocess.Popen([sys.executable, "-c", script, database]) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert len(read(database, "SELECT * FROM _sqlite_migrations")) == SCHEMA_VERSION


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_files_are_for_their_owner_only_whatever_the_umask(database: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        journal = Journal(database, new=False)
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
    for column, kind in table.columns.items()
    if kind.type is bytes and not table.rowless
]


@pytest.mark.parametrize(("table", "column"), WIRE_COLUMNS)
def test_integers_of_any_size_come_back_from_each_column_as_they_went_in(
    database: Path, table: str, column: str
) -> None:
    with closing(open_for_writing(database)) as connection:
        (last,) = connection.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()
        for number in EDGES:
            connection.execute(f"INSERT INTO {table} ({column}) VALUES (?)", [stored_integer(number)])
    rows = read(
        database, f"SELECT {column}, typeof({column}) FROM {table} WHERE rowid > ? ORDER BY rowid", last
    )
    assert [loaded_integer(value) for value, _ in rows] == EDGES
    assert [kind for _, kind in rows] == ["integer"] * 4 + ["text"] * 5


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
        assert rows_of(connection) == []


@pytest.mark.parametrize("opening", [open_for_reading, open_for_writing])
def test_of_a_schema_that_is_no_text_it_is_said_that_the_file_is_damaged(
    database: Path, opening: Callable[[Path], sqlite3.Connection]
) -> None:
    open_for_writing(database).close()
    whole = database.read_bytes()
    place = whole.index(b"CREATE INDEX") + 5
    database.write_bytes(whole[:place] + b"\xd61\xff" + whole[place + 3 :])
    with pytest.raises(StoreError, match=r"is damaged \(corrupt schema\)$"):
        opening(database)


@pytest.mark.parametrize("at", [4096, 16_384], ids=["what tables there are", "what is in them"])
def test_a_damaged_database_is_one_clear_line_when_it_is_asked(at: int, database: Path) -> None:
    add(database, frames(*HELLO))
    content = bytearray(database.read_bytes())
    content[at:] = b"\xff" * (len(content) - at)
    database.write_bytes(content)
    with pytest.raises((StoreError, sqlite3.DatabaseError)) as raised, reading(database) as connection:
        rows_of(connection)
    said = problem(raised.value) if isinstance(raised.value, sqlite3.Error) else str(raised.value)
    assert said.endswith("is damaged (corrupt database)")


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
        assert len(rows_of(connection)) == 1


# Reading leaves no trace


def test_reading_leaves_nothing_beside_a_database_that_nobody_records_into(database: Path) -> None:
    add(database, frames(*HELLO))
    catch_up(database)
    before = untouched(database)
    with reading(database) as connection:
        assert len(rows_of(connection)) == 1
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


def test_a_reader_knows_when_it_sees_no_more_what_is_in_the_file(database: Path) -> None:
    open_for_writing(database).close()
    with closing(open_for_reading(database)) as quiet:
        assert not quiet.is_outdated()
        with closing(open_for_writing(database)) as other:
            other.execute("CREATE TABLE anything (at_all)")
            assert quiet.is_outdated()  # there is a log that it does not read
            with closing(open_for_reading(database)) as beside:
                add(database, frames(*HELLO))
                assert not beside.is_outdated()
                assert beside.execute("SELECT count(*) FROM frames").fetchone() == (len(HELLO),)
        assert quiet.is_outdated()  # the log is in the file by now
    with closing(open_for_writing(database)), closing(open_for_reading(database)) as beside:
        assert not beside.is_outdated()
        os.rename(database, database.with_suffix(".old"))
        assert beside.is_outdated()


def test_a_reader_sees_what_is_still_only_in_the_wal(database: Path) -> None:
    with closing(open_for_writing(database)) as writer:
        writer.execute("INSERT INTO sessions (client, opened) VALUES ('me', 0)")
        with reading(database) as connection:
            assert [row[1] for row in rows_of(connection)] == ["me"]


AS_SOMEBODY_ELSE = """
import os, sys
from xentara_inspect.store.database import open_for_reading, open_for_writing
from xentara_inspect.store.errors import StoreError, problem
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


# Links, names, readers


def test_a_link_out_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs.db").touch()
    database = tmp_path / "mine" / "xentara.db"
    database.symlink_to(tmp_path / "theirs.db")
    with pytest.raises(StoreError, match="is a link out of its directory, which is not followed"):
        open_for_writing(database)
    assert (tmp_path / "theirs.db").read_bytes() == b""


def test_a_link_within_the_directory_is_followed(tmp_path: Path) -> None:
    (tmp_path / "xentara.db").symlink_to(tmp_path / "plant.db")
    (tmp_path / "plant.db").touch()
    open_for_writing(tmp_path / "xentara.db").close()
    assert read(tmp_path / "plant.db", "SELECT count(*) FROM frames") == [(0,)]


@pytest.mark.parametrize("ending", sides.ALL)
def test_links_beside_a_database_are_not_followed(database: Path, ending: str) -> None:
    open_for_writing(database).close()
    victim = database.with_name("diary.txt")
    victim.write_text("do not touch")
    Path(f"{database}{ending}").symlink_to(victim)
    with pytest.raises(StoreError, match=f"xentara.db{ending} is a link, which is not followed"):
        open_for_writing(database)
    assert victim.read_text() == "do not touch"


def test_a_name_that_is_too_long_is_told_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="its name is too long for the files that go beside it"):
        open_for_writing(tmp_path / f"{'x' * 247}.db")
    assert os.listdir(tmp_path) == []


def test_a_new_file_is_never_one_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "plant-unwritten-7.db").symlink_to("/etc/passwd")
    assert new_beside(tmp_path / "plant.db", "unwritten-7") == str(tmp_path / "plant-unwritten-7-2.db")
    with pytest.raises(StoreError, match="is there already"):
        open_for_writing(tmp_path / "plant-unwritten-7-2.db", new=True)


def test_who_else_may_read_a_database_is_known(database: Path) -> None:
    open_for_writing(database).close()
    assert readable_by_others(database) is None
    database.chmod(0o640)
    assert readable_by_others(database) == 0o640
