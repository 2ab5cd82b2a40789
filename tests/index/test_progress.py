"""How far the indexer is, as the proxy sees it: standing still, behind, or neither."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal import Journal
from tests.store_traffic import HELLO, LIVE_INFO, add, event, frames, info
from xentara_inspect.index import progress
from xentara_inspect.index.process import catch_up
from xentara_inspect.index.progress import Progress
from xentara_inspect.recorder.rotation import Rotation


class Clock:
    """Time as a test lets it pass, in the place of the module's."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


@pytest.fixture
def connection(database: Path) -> Iterator[sqlite3.Connection]:
    """A database with 42 frames, none of them decoded, and how a test moves the indexer."""
    add(database, frames(*HELLO, *[event(number) for number in range(40)]))
    with closing(sqlite3.connect(database, isolation_level=None)) as opened:
        yield opened


def decode(connection: sqlite3.Connection, frame: int) -> None:
    connection.execute("UPDATE checkpoint SET frame_id = ?", (frame,))


def test_an_indexer_that_decodes_nothing_for_three_seconds_stands_still(
    database: Path, clock: Clock, connection: sqlite3.Connection
) -> None:
    indexer = Progress(str(database), alone=False)
    assert indexer.look()
    assert (indexer.lag, indexer.problem(is_told=False)) == (42, "")
    clock.now += 3
    assert indexer.look()
    assert indexer.problem(is_told=False).startswith("the indexer stands still, or is behind: for 3 seconds")
    decode(connection, 42)
    assert indexer.look()
    assert (indexer.lag, indexer.problem(is_told=True)) == (0, "")


def test_an_indexer_that_goes_on_and_is_ten_seconds_behind_is_told_until_it_has_caught_up(
    database: Path, clock: Clock, connection: sqlite3.Connection
) -> None:
    indexer = Progress(str(database), alone=False)
    said: list[str] = []
    for second in range(12):
        decode(connection, second + 1)
        assert indexer.look()
        said.append(indexer.problem(is_told=bool(said and said[-1])))
        clock.now += 1
    assert said[:10] == [""] * 10
    assert said[10].startswith("the indexer is behind: 31 frames are not decoded, the oldest for 10 seconds")
    assert said[11]
    decode(connection, 42)
    assert indexer.look()
    assert indexer.problem(is_told=True) == ""


def test_frames_that_always_wait_but_never_long_are_no_trouble(
    database: Path, clock: Clock, connection: sqlite3.Connection
) -> None:
    indexer = Progress(str(database), alone=False)
    for second in range(15):
        add(database, frames(*HELLO, event(second)), info(f"flow-{second + 2}"))
        decode(connection, 42 + 3 * second - 2)
        clock.now += 1
        assert indexer.look()
        assert indexer.lag == 5
        assert indexer.problem(is_told=False) == ""


def test_of_a_file_that_cannot_be_read_nothing_is_known(tmp_path: Path) -> None:
    assert not Progress(str(tmp_path / "none.db"), alone=True).look()


def test_what_waits_in_an_older_file_of_the_recording_counts(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    with Journal(path, rotation=Rotation(size=1)) as journal:
        journal.record(journal.open_session(LIVE_INFO), frames(*HELLO, event(1)))
    indexer = Progress(str(path), alone=False)
    assert indexer.look()
    assert indexer.lag == 3
    catch_up(tmp_path / "plant-3.db")
    assert indexer.look()
    assert indexer.lag == 0
