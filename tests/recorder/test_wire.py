"""What the proxy and the process that writes tell each other."""

from __future__ import annotations

import pytest

from xentara_inspect.recorder import wire
from xentara_inspect.recorder.feed import Operation


@pytest.mark.parametrize(
    "operation",
    [(wire.OPENED, 1, ("10.0.0.7:51234",), ()), (wire.MISSED, 1, 3), (wire.ENDED, 1, 5, 1000, "bye", None)],
)
def test_of_what_is_no_frame_nothing_is_cut(operation: Operation) -> None:
    assert wire.cut_more(operation, "the process that writes the database died of it") == operation
