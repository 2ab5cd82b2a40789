"""What the proxy and the process that writes tell each other."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store_traffic import BYE, LIVE_INFO
from xentara_inspect.frames import Frame
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.backlog import Backlog
from xentara_inspect.recorder.feed import Operation


@pytest.mark.parametrize(
    "operation",
    [(wire.OPENED, 1, ("10.0.0.7:51234",), ()), (wire.MISSED, 1, 3), (wire.ENDED, 1, 5, 1000, "bye", None)],
)
def test_of_what_is_no_frame_nothing_is_cut(operation: Operation) -> None:
    assert wire.cut_more(operation, "the process that writes the database died of it") == operation


def test_secrets_are_in_no_text_of_the_settings() -> None:
    settings = wire.Settings("plant.db", sessions={1: (LIVE_INFO, ((b"correct horse",), 0))})
    assert "horse" not in repr(settings)


# What the process that writes leaves on the page when it is killed


def test_what_two_processes_died_of_in_a_row_is_known_to_the_third() -> None:
    page = Backlog().page
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


def test_a_frame_is_cut_to_its_head_and_then_to_nothing() -> None:
    long = Frame(1, False, False, b"\0\1" * 50_000)
    whole = (wire.FRAME, 1, *long, None, None)
    digest = hashlib.sha256(long.payload).hexdigest()
    rest = (100_000, digest, "for a reason")
    head = wire.cut_more(whole, "for a reason")
    assert head == (wire.FRAME, 1, *long._replace(payload=long.payload[:65536]), None, rest)
    nothing = wire.cut_more(head, "for another")
    assert nothing == (wire.FRAME, 1, *long._replace(payload=b""), None, rest)
    assert wire.cut_more((wire.ENDED, 1, *BYE), "for a reason") == (wire.ENDED, 1, *BYE)


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
