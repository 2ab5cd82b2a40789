"""A journal as the proxy runs it, in a process of its own, for tests without a proxy."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests import new_databases
from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.recorder.keeper import JournalKeeper
from xentara_inspect.recorder.wire import Looked, Settings
from xentara_inspect.store.cutting import Cut


class Journal:
    """Said: what people were told, as (level, text)."""

    def __init__(self, path: str | Path, limit: int = 64 << 20, *, new: bool = True, **settings: Any) -> None:
        """new: whether to put a new database there, unless there is one; else the journal makes it."""
        self.said: list[tuple[int, str]] = []
        if new:
            new_databases.make(path)
        self._handler = _Keeping(self.said)
        logging.getLogger("xentara_inspect").addHandler(self._handler)
        self.keeper = JournalKeeper(Settings(str(path), **settings), limit=limit)

    def open_session(self, info: SessionInfo, secrets: tuple[bytes, ...] = ()) -> int:
        return self.keeper.open_session(info, secrets)

    def append(
        self, session: int, frame: Frame, cut: Cut | None = None, looked: Looked | None = None
    ) -> None:
        self.keeper.append(session, frame, cut, looked)

    def record(self, session: int, said: Sequence[Frame]) -> None:
        """Every frame as a group of its own."""
        for frame in said:
            self.append(session, frame)
            assert self.flush()

    def miss(self, session: int, frames: int) -> None:
        """Frames that found no room."""
        self.keeper.backlog._missed[session] = frames

    def close_session(
        self, session: int, time: int, code: int | None = None, reason: str | None = None
    ) -> None:
        self.keeper.close_session(session, Closing(time, code, reason))

    def flush(self, timeout: float | None = 20.0) -> bool:
        return self.keeper.flush(timeout)

    def close(self, timeout: float | None = 20.0) -> bool:
        """Returns whether nothing was lost."""
        lost = self.keeper.close(timeout)
        logging.getLogger("xentara_inspect").removeHandler(self._handler)
        return not lost

    @property
    def problems(self) -> list[str]:
        return [text for level, text in self.said if level >= logging.ERROR]

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.close()


class _Keeping(logging.Handler):
    def __init__(self, said: list[tuple[int, str]]) -> None:
        super().__init__()
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append((record.levelno, record.getMessage().removeprefix("xentara_inspect: ")))


def numbered(first: int, last: int, size: int = 0) -> Iterator[Frame]:
    """Frames of the server that say their numbers."""
    for number in range(first, last + 1):
        yield Frame(number, False, False, number.to_bytes(4, "big") + bytes(size))
