"""The garbage collector while decoding in bulk."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Final

_THRESHOLDS: Final = (50_000, 20, 100)


@contextlib.contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for cycles seldom: items are trees, many at a time, and go by their reference counts.

    With the usual thresholds the collector walks through them all the time, and finds nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
