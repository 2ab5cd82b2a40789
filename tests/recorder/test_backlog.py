"""What was handed to the journal is numbered, and kept until the journal has it for good."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store_traffic import BYE, LIVE_INFO
from xentara_inspect.frames import Frame
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.backlog import Backlog
from xentara_inspect.recorder.feed import FeedReader, Operation, Place

ROOM = 1000  # bytes


def frame(number: int, size: int = 2) -> Frame:
    return Frame(number, False, False, number.to_bytes(2, "big") * (size // 2))


def unsettled(backlog: Backlog) -> list[Operation]:
    return list(iter(FeedReader(backlog.feed.files, backlog.feed.settled).read, None))


def behind(backlog: Backlog, operations: int) -> Place:
    """The place behind so many operations more than are settled."""
    reader = FeedReader(backlog.feed.files, backlog.feed.settled)
    for _ in range(operations):
        assert reader.read()
    return reader.place


def test_operations_are_handed_over_in_their_order() -> None:
    backlog = Backlog()
    session = backlog.open(LIVE_INFO, (b"correct horse",))
    backlog.frame(session, frame(1))
    backlog.end(session, BYE)
    assert unsettled(backlog) == [
        (wire.OPENED, session, astuple(LIVE_INFO), (b"correct horse",)),
        (wire.FRAME, session, 1, False, False, b"\0\1", None, None),
        (wire.ENDED, session, *BYE),
    ]
    assert (backlog.count, backlog.unsettled_frames()) == (3, 1)


def test_what_is_known_of_a_session_is_kept_for_another_journal_until_its_end_is_settled() -> None:
    backlog = Backlog()
    session = backlog.open(LIVE_INFO, (b"correct horse",))
    assert backlog.sessions == {session: (LIVE_INFO, ((b"correct horse",), 0))}
    told: wire.Told = ((b"correct horse", b"battery"), 0)
    backlog.frame(session, frame(1))
    backlog.settle(behind(backlog, 2), {session: told})
    assert backlog.sessions == {session: (LIVE_INFO, told)}
    backlog.end(session, BYE)
    assert session in backlog.sessions
    backlog.settle(behind(backlog, 1), {session: None})
    assert backlog.sessions == {}


def test_numbers_of_sessions_are_given_again_but_not_while_they_are_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "SESSIONS", 3)
    backlog = Backlog()
    assert [backlog.open(LIVE_INFO) for _ in range(3)] == [1, 2, 3]
    backlog.end(2, BYE)
    backlog.settle(behind(backlog, 4), {2: None})
    assert backlog.open(LIVE_INFO) == 2


def test_frames_without_room_are_counted_in_their_place() -> None:
    backlog = Backlog(ROOM)
    session = backlog.open(LIVE_INFO)
    assert backlog.frame(session, frame(1, 500))
    assert not backlog.frame(session, frame(2, 500))
    assert not backlog.frame(session, frame(3, 500))
    assert backlog.page.missed[session] == backlog.dropped == 2
    backlog.end(session, BYE)
    kinds = [operation[0] for operation in unsettled(backlog)]
    assert kinds == [wire.OPENED, wire.FRAME, wire.MISSED, wire.ENDED]


def test_what_was_missed_is_told_even_if_nothing_comes_any_more() -> None:
    backlog = Backlog(ROOM)
    session = backlog.open(LIVE_INFO)
    assert backlog.frame(session, frame(1, 500))
    assert not backlog.frame(session, frame(2, 500))
    backlog.tell_missed()
    backlog.tell_missed()
    assert unsettled(backlog)[2:] == [(wire.MISSED, session, 1)]


def test_a_number_that_is_given_again_has_missed_nothing() -> None:
    backlog = Backlog(ROOM)
    session = backlog.open(LIVE_INFO)
    backlog.page.missed[session + 1] = 7
    assert backlog.page.missed[backlog.open(LIVE_INFO)] == 0


def test_a_frame_larger_than_all_the_room_is_kept_where_nothing_else_is() -> None:
    backlog = Backlog(ROOM)
    session = backlog.open(LIVE_INFO)
    backlog.settle(behind(backlog, 1), {})
    assert backlog.frame(session, frame(1, 10 * ROOM))
    assert not backlog.frame(session, frame(2, 10 * ROOM))


@given(st.lists(st.sampled_from(["frame", "settle", "settle half"]), max_size=60))
def test_every_frame_is_handed_over_or_counted(steps: list[str]) -> None:
    backlog = Backlog(ROOM)
    session = backlog.open(LIVE_INFO)
    done: list[Operation] = []
    for number, step in enumerate(steps):
        if step == "frame":
            backlog.frame(session, frame(number, 50))
        else:
            some = backlog.count if step == "settle" else backlog.count // 2
            done += unsettled(backlog)[:some]
            backlog.settle(behind(backlog, some), {})
        assert backlog.size <= ROOM
    backlog.tell_missed()
    rest = unsettled(backlog)
    frames = sum(operation[0] == wire.FRAME for operation in [*done, *rest])
    missed = sum(operation[2] for operation in [*done, *rest] if operation[0] == wire.MISSED)
    assert frames + missed == steps.count("frame")
    assert missed == backlog.dropped == backlog.page.missed[session]
    assert backlog.unsettled_frames() == sum(operation[0] == wire.FRAME for operation in rest)


def test_the_age_of_what_is_not_settled_is_that_of_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("xentara_inspect.recorder.backlog.time.monotonic", lambda: now)
    backlog = Backlog()
    assert backlog.age() == 0
    session = backlog.open(LIVE_INFO)
    now = 103.0
    backlog.frame(session, frame(1))
    assert backlog.age() == 3
    backlog.settle(behind(backlog, 1), {})
    now = 104.0
    assert backlog.age() == 1
    backlog.settle(behind(backlog, 1), {})
    assert backlog.age() == 0
