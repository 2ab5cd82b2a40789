"""Recordings in many files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journal import Journal
from tests.store_traffic import info
from xentara_inspect.frames import LIVE, Frame
from xentara_inspect.index.process import follow
from xentara_inspect.recorder.retention import ALL_FILES, Retention
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.chain import chain_files

EACH_GROUP = Rotation(size=1)
"""Every group of frames begins a new file."""


@pytest.fixture
def problems() -> Iterator[list[str]]:
    """What journals complain of; they must not."""
    said: list[str] = []
    yield said
    assert said == []


class Recorder:
    """A journal that writes every frame as a group of its own."""

    def __init__(
        self,
        path: Path,
        problems: list[str],
        rotation: Rotation = EACH_GROUP,
        retention: Retention = ALL_FILES,
    ) -> None:
        self.journal = Journal(path, new=not files_of(path), rotation=rotation, retention=retention)
        self._problems = problems

    def open(self, flow_id: str = "flow-1") -> int:
        session = self.journal.open_session(info(flow_id, LIVE))
        assert self.journal.flush()
        return session

    def record(self, session: int, said: list[Frame]) -> None:
        self.journal.record(session, said)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.journal.close()
        # A machine that is busy with other tests may be behind.
        self._problems += [text for text in self.journal.problems if "is not written yet" not in text]


def files_of(path: Path) -> list[Path]:
    return [Path(file) for file in chain_files(str(path)).values()]


def index(path: Path) -> None:
    """What the indexer process does, until it is told to stop."""
    follow(path, lambda _seconds: True)
