"""What sessions remember of habits survives restarts, ends that were none, and the next file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recorder.test_rotation import FINDINGS, record_rotated, record_whole, together
from tests.rotating import index, problems  # noqa: F401 - one is a fixture
from tests.store_traffic import add, derived, read
from tests.traffic import test_habits as said_again
from tests.traffic.test_habits import VALVE, event, frames, subscribed, uuid, write
from xentara_inspect.frames import Closing
from xentara_inspect.index.indexer import Indexer
from xentara_inspect.index.process import catch_up, reindex
from xentara_inspect.traffic.thresholds import ASKED_AGAIN, CLOCK_EVENTS, LEFT_OPEN, POLLS, SECOND

END = 1_700_000_009 * SECOND
_HOURS = 4 * 3600 * SECOND
META_DATA = (
    (1.0, f">[[0, 2, 2, {{0: {VALVE}, 1: [2]}}]]"),
    (0.1, '<[[1, 2, {2: [{0: "Value", 1: 11, 2: 2, 3: 5}]}]]'),
)

# Hours before the end, and clocks that are hours apart as well.
SAID = [
    frame._replace(time=frame.time - _HOURS)
    for frame in frames(
        META_DATA,
        said_again.logged_in(),
        subscribed(2, uuid(8), keys="12"),  # never gets an event, though its element has some
        subscribed(3, uuid(8)),
        event("20.1875", 3, uuid(8)),
        write("20.1875", uuid(9)),
        POLLS * said_again.read(),
        ASKED_AGAIN * said_again.refused(uuid(6)),
        [line for number in range(LEFT_OPEN) for line in subscribed(number + 10)],
        CLOCK_EVENTS * event(),
        write("256"),
    )
]
FOUND = {
    "silent-subscription",
    "sub-session-left-open",
    "bad-quality-written",
    "polling",
    "asked-again",
    "subscription-left-open",
    "clock-apart",
    "written-range",
}
BYE = Closing(END, 1000, "bye")


def whole_file(path: Path) -> Path:
    add(path, SAID, end=BYE)
    catch_up(path)
    return path


def codes(path: Path) -> list[str]:
    return [code for (code,) in read(path, "SELECT code FROM findings ORDER BY id")]


def test_each_habit_is_found_once(database: Path) -> None:
    found = codes(whole_file(database))
    assert set(found) == FOUND
    assert len(found) == len(FOUND)


@pytest.mark.slow
def test_an_indexer_that_starts_anew_after_each_frame_finds_the_same(tmp_path: Path) -> None:
    whole, again = whole_file(tmp_path / "whole.db"), tmp_path / "again.db"
    add(again, SAID, end=BYE)
    while True:
        with Indexer(again) as indexer:
            if not indexer.step(0):
                break
    assert derived(again) == derived(whole)


def test_an_indexer_that_is_killed_in_a_long_end_says_it_once(tmp_path: Path) -> None:
    waiting = ", ".join(f"[0, {number}, 8, {{}}]" for number in range(10, 1300))
    said = frames(subscribed(2, uuid(7)), [(1.0, f">[{waiting}]")])
    end = BYE._replace(time=said[-1].time + 100 * SECOND)
    whole, again = tmp_path / "whole.db", tmp_path / "again.db"
    for path in (whole, again):
        add(path, said, end=end)
    catch_up(whole)
    for _ in range(20):
        with Indexer(again) as indexer:
            indexer.step(0)
    assert codes(again).count("silent-subscription") == 1
    assert derived(again) == derived(whole)


def test_reindexing_finds_the_same(database: Path) -> None:
    before = derived(whole_file(database))
    reindex(database)
    assert derived(database) == before


@pytest.mark.parametrize("arrived", range(3, len(SAID), 9))
def test_an_end_that_was_none_leaves_no_trace(tmp_path: Path, arrived: int) -> None:
    whole, torn = whole_file(tmp_path / "whole.db"), tmp_path / "torn.db"
    add(torn, SAID[:arrived], end=BYE)
    catch_up(torn)
    add(torn, SAID, end=BYE)
    catch_up(torn)
    assert sorted(codes(torn)) == sorted(codes(whole))
    assert derived(torn)["habits"] == derived(whole)["habits"]
    assert derived(torn)["session_totals"] == derived(whole)["session_totals"]


@pytest.mark.slow
def test_all_files_of_a_rotated_recording_find_what_one_would(
    tmp_path: Path,
    problems: list[str],  # noqa: F811
) -> None:
    whole = record_whole(tmp_path / "whole.db", SAID)
    files = record_rotated(tmp_path / "plant.db", SAID, problems)
    assert len(files) > len(SAID)
    index(files[0])
    assert together(files, FINDINGS) == together([whole], FINDINGS)
    for path in files[1::20]:
        before = derived(path)
        reindex(path)
        assert derived(path) == before
