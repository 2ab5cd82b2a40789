"""What both processes have is right whenever one of them is killed."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store_traffic import LIVE_INFO
from xentara_inspect.recorder import shared
from xentara_inspect.recorder.shared import Shared, Told


def told(secret: bytes) -> Told:
    return LIVE_INFO, (secret,), 0


ONE, TWO, SECOND = told(b"one"), told(b"two"), told(b"second")


def test_who_goes_on_begins_behind_what_is_settled_with_the_sessions_that_were_open_there() -> None:
    memory = Shared()
    assert (memory.settled.number, memory.sessions()) == (0, {})
    memory.settle(5, 500, {1: ONE, 2: TWO}, {1: ONE, 2: TWO})
    memory.settle(7, 700, {}, {1: ONE, 2: TWO})
    again = Shared(memory.descriptors)
    assert (again.settled.number, again.settled.place) == (7, 700)
    assert again.sessions() == {1: ONE, 2: TWO}
    again.settle(8, 800, {1: None, 2: SECOND}, {2: SECOND})
    assert (memory.settled.number, memory.sessions()) == (8, {2: SECOND})


@given(
    st.lists(
        st.dictionaries(st.integers(1, 4), st.none() | st.builds(told, st.binary(max_size=300))), max_size=40
    )
)
def test_however_much_becomes_news_what_is_open_is_known_and_little_else_kept(
    settled: list[dict[int, Told | None]],
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shared, "_ROOM", 500)
        first = memory = Shared()
        sessions: dict[int, Told] = {}
        for number, news in enumerate(settled, 1):
            sessions = {each: now for each, now in (sessions | news).items() if now is not None}
            memory.settle(number, number, news, sessions)
            assert memory.sessions() == sessions
            assert sum(os.fstat(file).st_size for file in memory.descriptors[2:4]) < 20_000
            if number % 3 == 0:
                memory = Shared(first.descriptors)  # another process


@pytest.mark.parametrize("dies_in", ["os.pwrite", "Settled", "os.eventfd_write"])
@pytest.mark.parametrize("room", [0, 1000], ids=["in another file", "in the same file"])
def test_a_process_that_dies_while_it_settles_has_done_so_wholly_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, dies_in: str, room: int
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    memory = Shared()
    memory.settle(5, 500, {1: ONE}, {1: ONE})
    memory._room = room
    with monkeypatch.context() as patched:
        patched.setattr(f"xentara_inspect.recorder.shared.{dies_in}", dies)
        with pytest.raises(KeyboardInterrupt):
            memory.settle(6, 600, {2: TWO}, {1: ONE, 2: TWO})
    now = memory.settled.number, memory.settled.place, memory.sessions()
    before, behind = (5, 500, {1: ONE}), (6, 600, {1: ONE, 2: TWO})
    assert now == (behind if dies_in == "os.eventfd_write" else before)


# What the process that writes leaves on the page when it is killed


def test_what_two_processes_died_of_in_a_row_is_known_to_the_third() -> None:
    page = Shared().page
    page.mark(2, 4)  # it was at all of them
    page.take_over()
    assert (page.alone, page.suspect) == (4, 0), "the next one takes these one by one"
    page.mark(3, 3)
    page.take_over()
    assert (page.suspect, page.deaths) == (3, 1)
    page.mark(3, 3)
    page.take_over()
    assert (page.suspect, page.deaths) == (3, 2)
    assert (page.first, page.last) == (0, 0), "it is at nothing yet"
    page.take_over()
    assert (page.suspect, page.alone) == (0, 4), "it died of nothing"
