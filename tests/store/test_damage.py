"""Databases that somebody altered, or that a disk did: what is wrong with them is said in one line."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.live import ran
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION
from xentara_inspect.store.damage import damage, telling_damage

ALTERED = [
    # what is done to it, a command that needs what is changed, and what it says
    ("UPDATE elements SET uuid = 'x' || substr(uuid, 2)", "elements", "elements.uuid is no UUID"),
    ("UPDATE subscriptions SET uuid = substr(uuid, 2)", "log", "subscriptions.uuid is no UUID"),
    ("UPDATE sessions SET opened = 'soon'", "sessions", "sessions.opened is text"),
    ("UPDATE sessions SET opened = 1.5e300", "sessions", "sessions.opened is real"),
    ("UPDATE frames SET payload = 'text'", "reindex", "frames.payload is text"),
    ("UPDATE exchanges SET status = 'odd'", "stats", "exchanges.status is a word that is not known"),
    (
        "UPDATE attribute_values SET quality_position = 'x'",
        "readings",
        "attribute_values.quality_position is text",
    ),
]


@pytest.fixture
def recording(database: Path) -> Path:
    return fill(database, *CONVERSATION)


def alter(database: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(("statement", "_command", "what"), ALTERED)
def test_a_value_that_we_never_write_is_found(
    statement: str, _command: str, what: str, recording: Path
) -> None:
    with contextlib.closing(sqlite3.connect(recording)) as connection:
        assert damage(connection) is None
    alter(recording, statement)
    with contextlib.closing(sqlite3.connect(recording)) as connection:
        assert damage(connection) == what


@pytest.mark.parametrize(("statement", "command", "what"), ALTERED)
def test_who_stumbles_over_it_says_what_it_is(
    statement: str, command: str, what: str, recording: Path
) -> None:
    alter(recording, statement)
    run = ran(command, "-d", recording)
    if run.returncode:  # not every command has to look at it
        assert (run.returncode, run.stderr) == (1, f"Error: {recording} is damaged: {what}\n")
    assert "internal error" not in run.stderr


def test_a_mistake_of_ours_stays_one_where_nothing_is_damaged(recording: Path) -> None:
    with pytest.raises(KeyError, match="ours"), telling_damage([recording]):
        raise KeyError("ours")


@pytest.mark.parametrize("command", ["sessions", "log", "status", "reindex"])
def test_a_view_in_the_place_of_a_table_is_not_asked(command: str, recording: Path) -> None:
    """One that never ends could not even be interrupted."""
    endless = "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n"
    alter(recording, "DROP TABLE exchanges", f"CREATE VIEW exchanges AS {endless}")
    run = ran(command, "-d", recording)
    assert (run.returncode, run.stderr) == (1, f"Error: {recording} is damaged: exchanges is no table\n")


def test_views_that_somebody_has_added_are_theirs(recording: Path) -> None:
    alter(recording, "CREATE VIEW slow AS SELECT * FROM exchanges WHERE latency > 1000000")
    assert ran("log", "-d", recording).returncode == 0
