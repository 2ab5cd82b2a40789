"""What was handed to the journal is numbered, and kept until the journal has it for good."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store_traffic import BYE, LIVE_INFO
from xentara_inspect.frames import Frame
from xentara_inspect.recorder import shared, wire
from xentara_inspect.recorder.backlog import Backlog
from xentara_inspect.recorder.feed import Operation
from xentara_inspect.recorder.shared import Shared

ROOM = 1000  # bytes


def frame(number: int, size: int = 2) -> Frame:
    return Frame(number, False, False, number.to_bytes(2, "big") * (size // 2))


class Handed(Backlog):
    """What was handed over, in memory that is there to be looked at."""

    def __init__(self, limit: int = 64 << 20) -> None:
        self.memory = Shared()
        super().__init__(self.memory, limit)

    def unsettled(self) -> list[Operation]:
        return list(iter(self.memory.unsettled().read, None))

    def settle(self, operations: int) -> None:
        """So many more are written."""
        reader = self.memory.unsettled()
        for _ in range(operations):
            assert reader.read()
        self.memory.settle(reader.number, reader.place, {}, {})
        self.free()

    def missed(self, session: int) -> int:
        return self.memory.page.missed[session]


def test_operations_are_handed_over_in_their_order() -> None:
    backlog = Handed()
    session = backlog.open(LIVE_INFO, (b"correct horse",))
    backlog.frame(session, frame(1))
    backlog.end(session, BYE)
    assert backlog.unsettled() == [
        (wire.OPENED, session, astuple(LIVE_INFO), (b"correct horse",)),
        (wire.FRAME, session, 1, False, False, b"\0\1", None, None),
        (wire.ENDED, session, *BYE),
    ]
    assert (backlog.count, backlog.unsettled_frames()) == (3, 1)


def test_numbers_of_sessions_are_given_again_but_not_while_they_are_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "SESSIONS", 3)
    backlog = Handed()
    assert [backlog.open(LIVE_INFO) for _ in range(3)] == [1, 2, 3]
    backlog.end(2, BYE)
    assert backlog.open(LIVE_INFO) == 2


def test_frames_without_room_are_counted_in_their_place() -> None:
    backlog = Handed(ROOM)
    session = backlog.open(LIVE_INFO)
    assert backlog.frame(session, frame(1, 500))
    assert not backlog.frame(session, frame(2, 500))
    assert not backlog.frame(session, frame(3, 500))
    assert backlog.missed(session) == backlog.dropped == 2
    backlog.end(session, BYE)
    kinds = [operation[0] for operation in backlog.unsettled()]
    assert kinds == [wire.OPENED, wire.FRAME, wire.MISSED, wire.ENDED]


def test_what_was_missed_is_told_even_if_nothing_comes_any_more() -> None:
    backlog = Handed(ROOM)
    session = backlog.open(LIVE_INFO)
    assert backlog.frame(session, frame(1, 500))
    assert not backlog.frame(session, frame(2, 500))
    backlog.tell_missed()
    backlog.tell_missed()
    assert backlog.unsettled()[2:] == [(wire.MISSED, session, 1)]


def test_a_number_that_is_given_again_has_missed_nothing() -> None:
    backlog = Handed(ROOM)
    session = backlog.open(LIVE_INFO)
    backlog.memory.page.missed[session + 1] = 7
    assert backlog.missed(backlog.open(LIVE_INFO)) == 0


def test_a_frame_larger_than_all_the_room_is_kept_where_nothing_else_is() -> None:
    backlog = Handed(ROOM)
    session = backlog.open(LIVE_INFO)
    backlog.settle(1)
    assert backlog.frame(session, frame(1, 10 * ROOM))
    assert not backlog.frame(session, frame(2, 10 * ROOM))


@given(st.lists(st.sampled_from(["frame", "settle", "settle half"]), max_size=60))
def test_every_frame_is_handed_over_or_counted(steps: list[str]) -> None:
    backlog = Handed(ROOM)
    session = backlog.open(LIVE_INFO)
    done: list[Operation] = []
    for number, step in enumerate(steps):
        if step == "frame":
            backlog.frame(session, frame(number, 50))
        else:
            some = backlog.count if step == "settle" else backlog.count // 2
            done += backlog.unsettled()[:some]
            backlog.settle(some)
        assert backlog.size <= ROOM
    backlog.tell_missed()
    rest = backlog.unsettled()
    frames = sum(operation[0] == wire.FRAME for operation in [*done, *rest])
    missed = sum(operation[2] for operation in [*done, *rest] if operation[0] == wire.MISSED)
    assert frames + missed == steps.count("frame")
    assert missed == backlog.dropped == backlog.missed(session)
    assert backlog.unsettled_frames() == sum(operation[0] == wire.FRAME for operation in rest)
