"""One frame of many packets: written in portions, with the same rows wherever the indexer stopped."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.store_traffic import HELLO, LEVEL, SUBSCRIPTION, VALVE, add, derived, event, frames, read
from xentara_inspect.frames import Frame, address
from xentara_inspect.index import rows
from xentara_inspect.index.indexer import Indexer
from xentara_inspect.index.process import catch_up, reindex
from xentara_inspect.index.rows import Rows
from xentara_inspect.store.database import open_for_writing, transaction
from xentara_inspect.traffic.portions import PACKETS

MANY = 3 * PACKETS + 7
LARGE = 4  # the frame, behind the hello, its answer and one request


def batch(*kinds: str, count: int = MANY) -> str:
    """A message of so many packets, these kinds in turn; `#` in them is the number of the packet."""
    return f"[{', '.join(kinds[number % len(kinds)].replace('#', str(number)) for number in range(count))}]"


LARGE_MESSAGES = {
    "requests": ">" + batch("[0, #, 8]", f"[0, #, 4, {{0: {LEVEL}, 1: [11]}}]", "[0, 7, 2]", "[0, #]", "5"),
    "subscribes": ">" + batch(f"[0, #, 6, {{0: [{{0: {VALVE}, 1: [#]}}], 1: {SUBSCRIPTION}}}]"),
    "events": "<" + batch(event(1)[2:-1]),
    "mixed": "<" + batch(event(1)[2:-1], f"[1, #, {LEVEL}]", "[2, 1, {0: -32103}]", "[8, 9, {}]"),
}


def conversation(line: str) -> list[Frame]:
    """A large message in the middle of others, with answers to some of its requests."""
    answers = "<[[1, 7], [1, 3], [2, 2006, {0: -32103}], [1, 1501]]"
    return frames(*HELLO, '>[[0, 4000, 3, {0: "Plant"}]]', line, answers, event(2), ">[[0, 9, 8]]")


@pytest.fixture(params=LARGE_MESSAGES, ids=str)
def said(request: pytest.FixtureRequest) -> list[Frame]:
    return conversation(LARGE_MESSAGES[request.param])


def indexed_to(database: Path) -> tuple[int, int]:
    """The last frame that is indexed whole, and the last packet of the one behind it."""
    ((frame, position),) = read(database, "SELECT frame_id, position FROM checkpoint")
    return frame, position


@pytest.mark.slow
def test_an_indexer_that_is_gone_after_each_transaction_leaves_the_same_rows(
    database: Path, tmp_path: Path, said: list[Frame]
) -> None:
    whole = tmp_path / "whole.db"
    add(database, said)
    add(whole, said)
    stops = []
    while True:
        with Indexer(database) as indexer:  # a new one knows what a killed one left in the tables
            if not indexer.step(0):
                break
        stops.append(indexed_to(database))
    assert [position for frame, position in stops if frame == LARGE - 1 and position] == [
        PACKETS,
        2 * PACKETS,
        3 * PACKETS,
    ]
    catch_up(whole)
    assert derived(database) == derived(whole)
    reindex(database)
    assert derived(database) == derived(whole)


def test_a_transaction_holds_one_portion_while_somebody_waits_for_the_lock(
    database: Path, said: list[Frame]
) -> None:
    add(database, said)
    counted = "SELECT count(*) FROM packets"
    before = 0
    with Indexer(database) as indexer, closing(open_for_writing(database, timeout=0)) as recorder:
        while indexer.step(0):
            with transaction(recorder):
                (now,) = recorder.execute(counted).fetchone()
            assert now - before <= PACKETS
            before = now
    assert before > MANY


def test_a_frame_that_is_partly_indexed_is_there_as_far_and_counts_as_to_be_decoded(database: Path) -> None:
    add(database, conversation(LARGE_MESSAGES["requests"]))
    with Indexer(database) as indexer:
        while indexed_to(database) != (LARGE - 1, PACKETS):
            assert indexer.step(0)
        assert not indexer.is_up_to_date()
    inside = "SELECT max(id) FROM packets WHERE id BETWEEN ? AND ?"
    assert read(database, inside, address(LARGE), address(LARGE + 1)) == [(address(LARGE, PACKETS),)]


def test_very_many_values_of_one_packet_are_written_ahead_and_seen_with_it(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = ", ".join(f"{number}: 121({number})" for number in range(100, 205))
    monkeypatch.setattr(rows, "VALUES", 50)
    said = frames(*HELLO, f"<[[8, 0, {{1: {LEVEL}, 2: {{{values}}}}}]]", event(2))
    whole = tmp_path / "whole.db"
    add(database, said)
    add(whole, said)
    catch_up(whole)
    written = []

    def killed(_rows: Rows) -> None:
        written.append(
            read(database, "SELECT count(*), (SELECT count(*) FROM readings) FROM attribute_values")
        )
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, Indexer(database) as indexer:
        patched.setattr(Rows, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            indexer.run_once()
    assert written == [[(100, 0)]]
    catch_up(database)
    assert derived(database) == derived(whole)


def test_reindexing_while_the_first_frame_is_partly_indexed_begins_again(
    database: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.db"
    said = frames(">" + batch("[0, #, 8]"), ">[[0, 1, 8]]")
    add(database, said)
    add(whole, said)
    catch_up(whole)
    with Indexer(database) as indexer:
        assert indexer.step(0)
        assert indexed_to(database) == (0, PACKETS)
        reindex(database)
        indexer.run_once()
    assert derived(database) == derived(whole)


def test_the_end_of_a_session_with_many_requests_is_written_in_portions(
    database: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.db"
    said = frames(*HELLO, ">" + batch("[0, #, 8]"))
    add(database, said)
    add(whole, said)
    catch_up(whole)
    pending = []
    while True:
        with Indexer(database) as indexer:
            if not indexer.step(0):
                break
        pending += read(database, "SELECT count(*) FROM exchanges WHERE status = 'pending'")
    assert pending[-4:] == [(2 * PACKETS + 7,), (PACKETS + 7,), (7,), (0,)]
    assert derived(database) == derived(whole)
    assert read(database, "SELECT count(*) FROM subscriptions WHERE closed IS NULL") == [(0,)]


def test_of_many_findings_of_a_kind_in_a_message_the_first_are_kept_and_the_others_counted(
    database: Path,
) -> None:
    add(database, frames(*HELLO, ">" + batch("[0, #, 8]", "5")))
    catch_up(database)
    assert read(
        database,
        "SELECT code, count(*), min(address) = ?, max(message) FROM findings"
        " WHERE code = 'bad-packet-shape' AND address > ? GROUP BY code",
        address(3, 2),
        address(3),
    ) == [("bad-packet-shape", 100, 1, "packet 98: it is an unsigned integer, not an array")]
    assert read(database, "SELECT code, severity, message FROM findings WHERE address = ?", address(3)) == [
        ("bad-packet-shape", "error", f"{MANY // 2 - 100} more findings of this kind in this message")
    ]
    assert read(database, "SELECT count(*) FROM packets WHERE kind = 'malformed'") == [(MANY // 2,)]


def test_the_notation_of_a_large_packet_is_written_on_demand(database: Path) -> None:
    add(database, frames(*HELLO, f'>[[0, 2, 3, {{0: "{"x" * 70_000}"}}], [0, 3, 8]]'))
    catch_up(database)
    assert read(database, "SELECT id, notation IS NULL FROM packets ORDER BY id DESC LIMIT 2") == [
        (address(3, 2), 0),
        (address(3, 1), 1),
    ]
