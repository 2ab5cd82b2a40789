"""Importing: whole, twice, in part, with and without a flow id."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journal import Journal
from tests.store_traffic import BYE, CONVERSATION, HELLO, LIVE_INFO, add, event, frames, info, read
from xentara_inspect.frames import LIVE
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.importing import Importer

SAID = frames(*CONVERSATION)


def payloads(database: Path) -> list[bytes]:
    return [row[0] for row in read(database, "SELECT payload FROM frames ORDER BY id")]


@pytest.mark.parametrize("flow_id", ["flow-1", None])
def test_a_session_imported_twice_does_not_double(database: Path, flow_id: str | None) -> None:
    assert add(database, SAID, info(flow_id)) == (1, len(SAID), 0)
    before = read(database, "SELECT * FROM sessions"), read(database, "SELECT * FROM session_ends")
    assert add(database, SAID, info(flow_id)) == (1, 0, len(SAID))
    assert payloads(database) == [frame.payload for frame in SAID]
    assert (read(database, "SELECT * FROM sessions"), read(database, "SELECT * FROM session_ends")) == before


@pytest.mark.parametrize("flow_id", ["flow-1", None])
@pytest.mark.parametrize("known", [1, 2, 5, len(SAID) - 1])
def test_a_session_that_is_there_in_part_gets_its_tail(
    database: Path, flow_id: str | None, known: int
) -> None:
    add(database, SAID[:known], info(flow_id), None)
    assert add(database, SAID, info(flow_id)) == (1, len(SAID) - known, known)
    assert payloads(database) == [frame.payload for frame in SAID]
    assert read(database, "SELECT frame_count, closed FROM sessions") == [(len(SAID), BYE.time)]


def test_a_shorter_copy_of_a_session_adds_nothing(database: Path) -> None:
    add(database, SAID)
    assert add(database, SAID[:3], end=None) == (1, 0, 3)
    assert read(database, "SELECT closed FROM sessions") == [(BYE.time,)]


def test_an_end_that_becomes_known_later_is_added(database: Path) -> None:
    add(database, SAID, end=None)
    assert read(database, "SELECT closed FROM sessions") == [(None,)]
    add(database, SAID)
    assert read(database, "SELECT closed, close_code FROM sessions") == [(BYE.time, 1000)]


def test_sessions_without_flow_id_that_begin_alike_but_differ_later_are_two(database: Path) -> None:
    add(database, frames(*HELLO, event(1)), info(None))
    add(database, frames(*HELLO, event(2)), info(None))
    assert read(database, "SELECT frame_count FROM sessions") == [(3,), (3,)]


def test_a_session_without_frames_is_recognised_too(database: Path) -> None:
    assert add(database, [], info(None)) == (1, 0, 0)
    assert add(database, [], info(None)) == (1, 0, 0)


def test_sessions_with_secrets_are_recognised_whether_they_were_kept_or_not(database: Path) -> None:
    said = frames(*HELLO, '>[[0, 2, 12, {0: 121({0: "s3cret"})}]]', '<[[2, 2, {0: -32001, 1: "no s3cret"}]]')
    for keep in (False, True, False):
        with Importer(database, keep_secrets=keep) as importer:
            importer.add(info(None), said)
    assert b"s3cret" not in b"".join(payloads(database))
    assert read(database, "SELECT frame_count FROM sessions") == [(4,)]


def test_what_a_server_says_of_a_secret_is_not_imported(database: Path) -> None:
    said = frames(
        *HELLO,
        '>[[0, 2, 12, {0: 121({0: "s3cret"})}]]',
        '<[[2, 2, {0: -32001, 1: "no s3cret for p4ssword"}]]',
    )
    with Importer(database) as importer:
        importer.add(info(), said, BYE._replace(reason="s3cret"), (b"p4ssword",))
    assert payloads(database)[-1] == frames('<[[2, 2, {0: -32001, 1: "no ****** for ********"}]]')[0].payload
    assert read(database, "SELECT redacted FROM frames ORDER BY id") == [(0,), (0,), (1,), (1,)]
    assert read(database, "SELECT close_reason FROM sessions") == [("******",)]


def test_a_flow_with_gaps_is_skipped_whole(database: Path) -> None:
    journal = Journal(database)
    session = journal.open_session(LIVE_INFO)
    journal.append(session, SAID[0])
    journal.miss(session, 1)
    assert journal.close(10)
    assert read(database, "SELECT frame_count, dropped FROM sessions") == [(1, 1)]
    assert add(database, SAID) == (1, 0, len(SAID))
    assert len(payloads(database)) == 1


def test_a_flow_that_is_being_recorded_is_skipped_whole(database: Path) -> None:
    journal = Journal(database)
    session = journal.open_session(info("flow-1", LIVE))
    journal.append(session, SAID[0])
    assert journal.flush()
    assert add(database, SAID) == (1, 0, len(SAID))
    assert journal.close()
    assert add(database, SAID) == (1, len(SAID) - 1, 1)


def test_a_session_is_imported_whole_or_not_at_all(database: Path) -> None:
    def torn() -> object:
        yield from SAID[:3]
        raise OSError("the file ends here")

    with Importer(database) as importer, pytest.raises(OSError, match="ends here"):
        importer.add(info(), torn())  # type: ignore[arg-type]
    assert read(database, "SELECT count(*) FROM sessions") == [(0,)]


def test_what_cannot_be_written_to_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is a directory, not a database$"):
        Importer(tmp_path)
