"""What was handed to the journal is numbered, and kept until the journal has it for good."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store_traffic import BYE, LIVE_INFO
from xentara_inspect.frames import Frame
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.backlog import OVERHEAD, Backlog

PAGE = wire.Page()


def frame(number: int, size: int = 2) -> Frame:
    return Frame(number, False, False, number.to_bytes(2, "big") * (size // 2))


def said(data: bytes) -> list[tuple[Any, ...]]:
    """The messages in what the journal is told."""
    return list(wire.Messages().feed(data))


def again(backlog: Backlog) -> bytes:
    """All that another journal is told."""
    return backlog.again() + b"".join(iter(backlog.take, b""))


def sessions(data: bytes) -> list[tuple[Any, ...]]:
    """What is said of sessions."""
    return [session for message in said(data) for session in message[1]]


def operations(data: bytes, first: int = 1) -> list[tuple[int, Any]]:
    """(number, operation) of all of them, where the first one is number `first`."""
    chunks = [message[2] for message in said(data)]
    return list(enumerate(itertools.chain.from_iterable(chunks), first))


def test_operations_are_numbered_from_1_in_their_order() -> None:
    backlog = Backlog(PAGE)
    session = backlog.open(LIVE_INFO)
    backlog.frame(session, frame(1))
    first = backlog.take()
    assert [about[0] for about in sessions(first)] == [session]
    backlog.end(session, BYE)
    assert operations(first + backlog.take()) == [
        (1, (wire.OPENED, session)),
        (2, (wire.FRAME, session, 1, False, False, b"\0\1", None, None)),
        (3, (wire.ENDED, session, *BYE)),
    ]
    assert backlog.take() == b""


def test_another_journal_is_told_which_secrets_the_session_has_sent() -> None:
    backlog = Backlog(PAGE)
    session = backlog.open(LIVE_INFO, (b"correct horse",))
    assert sessions(backlog.take())[0][-1] == (b"correct horse",)
    backlog.settle(1, {session: (b"correct horse", b"battery")})
    backlog.end(session, BYE)
    assert sessions(again(backlog))[0][-1] == (b"correct horse", b"battery")
    assert b"horse" not in repr(backlog._sessions).encode()


def test_another_journal_is_told_again_what_is_not_settled() -> None:
    backlog = Backlog(PAGE)
    session = backlog.open(LIVE_INFO)
    told = [backlog.take()]
    for number in range(3):
        backlog.frame(session, frame(number))
        told.append(backlog.take())
    backlog.settle(2, {})  # the opening and the first frame
    (about,) = sessions(again(backlog))
    assert (about[0], *about[2:]) == (session, 1, 0, ()), "so many of its frames are stored"
    assert operations(again(backlog), 3) == operations(told[2] + told[3], 3)


def test_only_the_rest_is_told_again_where_half_of_what_was_told_at_once_is_settled() -> None:
    backlog = Backlog(PAGE)
    session = backlog.open(LIVE_INFO)
    backlog.frame(session, frame(1))
    told = backlog.take()
    backlog.settle(1, {})
    assert operations(again(backlog), 2) == operations(told)[1:]
    backlog.settle(2, {})
    assert operations(again(backlog)) == []


def test_a_session_is_forgotten_once_its_end_is_settled() -> None:
    backlog = Backlog(PAGE)
    session = backlog.open(LIVE_INFO)
    backlog.end(session, BYE)
    backlog.take()
    assert len(sessions(again(backlog))) == 1
    backlog.settle(2, {})
    backlog.open(LIVE_INFO)
    assert [about[0] for about in sessions(again(backlog))] == [session + 1]


def test_numbers_of_sessions_are_given_again_but_not_while_they_are_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "SESSIONS", 3)
    backlog = Backlog(PAGE)
    assert [backlog.open(LIVE_INFO) for _ in range(3)] == [1, 2, 3]
    backlog.end(2, BYE)
    backlog.take()
    backlog.settle(4, {})
    assert backlog.open(LIVE_INFO) == 2


def test_frames_without_room_are_counted_in_their_place() -> None:
    backlog = Backlog(PAGE, 3 * OVERHEAD)
    session = backlog.open(LIVE_INFO)
    assert backlog.frame(session, frame(1))
    assert not backlog.frame(session, frame(2))
    assert not backlog.frame(session, frame(3))
    backlog.end(session, BYE)
    assert [operation[0] for _, operation in operations(backlog.take())] == [
        wire.OPENED,
        wire.FRAME,
        wire.MISSED,
        wire.ENDED,
    ]
    assert backlog.dropped == 2


def test_what_was_missed_is_told_even_if_nothing_comes_any_more() -> None:
    backlog = Backlog(PAGE, 3 * OVERHEAD)
    session = backlog.open(LIVE_INFO)
    assert backlog.frame(session, frame(1))
    backlog.take()
    assert not backlog.frame(session, frame(2))
    assert operations(backlog.take(), 3) == [(3, (wire.MISSED, session, 1))]


def test_a_frame_larger_than_all_the_room_is_kept_where_nothing_else_is() -> None:
    backlog = Backlog(PAGE, 2 * OVERHEAD)
    session = backlog.open(LIVE_INFO)
    backlog.take()
    backlog.settle(1, {})
    assert backlog.frame(session, frame(1, 10 * OVERHEAD))
    assert not backlog.frame(session, frame(2, 10 * OVERHEAD))


@given(st.lists(st.sampled_from(["frame", "take", "settle", "settle half"]), max_size=60))
def test_told_and_told_again_are_all_of_it_once(steps: list[str]) -> None:
    """Whatever is settled when a journal dies, the next one is told exactly the rest."""
    backlog = Backlog(PAGE, 8 * OVERHEAD)
    session = backlog.open(LIVE_INFO)
    first = 1
    told: list[tuple[int, Any]] = []
    for number, step in enumerate(steps):
        if step == "frame":
            backlog.frame(session, frame(number))
        elif step == "take":
            told += operations(backlog.take(), len(told) + 1)
        elif told:
            done = told[-1] if step == "settle" else told[len(told) // 2]
            backlog.settle(max(backlog.settled, done[0]), {})
        first = backlog.settled + 1
    rest = operations(again(backlog), first)
    assert [number for number, _ in rest] == list(range(first, backlog.last + 1))
    assert rest[: len(told) - first + 1] == told[first - 1 :]
    frames = sum(operation[0] == wire.FRAME for _, operation in [*told[: first - 1], *rest])
    missed = sum(operation[2] for _, operation in [*told[: first - 1], *rest] if operation[0] == wire.MISSED)
    assert frames + missed == steps.count("frame")
    assert backlog.unsettled_frames() == sum(operation[0] == wire.FRAME for _, operation in rest)


def test_what_two_journals_died_of_in_a_row_is_cut_for_the_third() -> None:
    backlog = Backlog(PAGE)
    session = backlog.open(LIVE_INFO)
    for number in range(3):
        backlog.frame(session, frame(number, 100))
    told = backlog.take()
    PAGE.mark(2, 4)  # it was at all of them
    backlog.died()
    assert backlog.alone == 4, "the next one takes these one by one"
    PAGE.mark(3, 3)
    backlog.died()
    assert operations(again(backlog)) == operations(told), "what is cut once it died of it again"
    PAGE.mark(3, 3)
    backlog.died()
    kinds = [(number, operation[5], operation[7]) for number, operation in operations(again(backlog))[1:]]
    digest = hashlib.sha256(frame(1, 100).payload).hexdigest()
    assert kinds == [
        (2, frame(0, 100).payload, None),
        (3, b"", (100, digest, "the process that writes the database died of it")),
        (4, frame(2, 100).payload, None),
    ]


def test_the_age_of_what_is_not_settled_is_that_of_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("xentara_inspect.recorder.backlog.time.monotonic", lambda: now)
    backlog = Backlog(PAGE)
    assert backlog.age() == 0
    session = backlog.open(LIVE_INFO)
    now = 103.0
    backlog.take()
    backlog.frame(session, frame(1))
    assert backlog.age() == 3
    backlog.settle(1, {})
    now = 104.0
    assert backlog.age() == 1
    backlog.take()
    backlog.settle(2, {})
    assert backlog.age() == 0


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_messages_come_out_whole_however_they_were_cut(contents: list[bytes], size: int) -> None:
    data = b"".join(wire.encode((number, content)) for number, content in enumerate(contents))
    messages = wire.Messages()
    heard = [
        message
        for start in range(0, len(data), size)
        for message in messages.feed(data[start : start + size])
    ]
    assert heard == list(enumerate(contents))
