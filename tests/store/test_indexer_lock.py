"""The lock of the indexer: a file beside the database, and never somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.indexer_lock import IndexerLock


def test_a_link_in_its_place_is_not_followed(database: Path) -> None:
    victim = database.with_name("diary.txt")
    victim.write_text("do not touch")
    Path(f"{database}-indexer").symlink_to(victim)
    with pytest.raises(StoreError, match=r"xentara\.db-indexer is a link, which is not followed"):
        IndexerLock(database).acquire()
    assert victim.read_text() == "do not touch"


def test_somebody_else_s_file_in_its_place_is_left_alone(database: Path) -> None:
    theirs = Path(f"{database}-indexer")
    theirs.write_text("notes on the indexer")
    with pytest.raises(StoreError, match=r"xentara\.db-indexer is somebody else's file"):
        IndexerLock(database).acquire()
    assert theirs.read_text() == "notes on the indexer"


def test_one_holder_at_a_time_and_no_file_is_left(database: Path) -> None:
    first, second = IndexerLock(database), IndexerLock(database)
    assert first.acquire()
    first.mark(7)
    assert not second.acquire()
    first.release()
    assert second.acquire()
    assert second.suspect == 0
    second.release()
    assert not Path(f"{database}-indexer").exists()
