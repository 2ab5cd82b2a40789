"""What the proxy and the process that writes tell each other."""

from __future__ import annotations

import hashlib

import pytest

from tests.store_traffic import BYE
from xentara_inspect.frames import Frame
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.feed import Operation


@pytest.mark.parametrize(
    "operation",
    [(wire.OPENED, 1, ("10.0.0.7:51234",), ()), (wire.MISSED, 1, 3), (wire.ENDED, 1, 5, 1000, "bye", None)],
)
def test_of_what_is_no_frame_nothing_is_cut(operation: Operation) -> None:
    assert wire.cut_more(operation, "the process that writes the database died of it") == operation


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
