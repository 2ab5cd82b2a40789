"""`mitmdump -nr`: connections out of a flow file are recorded as `import` does, and each of them once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.live import ROOT, replaying
from tests.store_traffic import read
from xentara_inspect.store.chain import claim, seal
from xentara_inspect.store.database import open_for_writing

pytestmark = pytest.mark.slow

SAMPLE = ROOT / "sample_captures" / "sub-sessions.flow"


def replay(database: Path, confdir: Path, *options: str) -> tuple[str, int]:
    """What it says, and its exit code."""
    with replaying(SAMPLE, database, confdir, *options) as run:
        said, _ = run.communicate(timeout=120)
    return said, run.returncode


def frames(database: Path) -> list[tuple[int, ...]]:
    return read(database, "SELECT session_id, length(payload), redacted FROM frames ORDER BY id")


def test_two_at_once_record_each_connection_once(database: Path, confdir: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.db"
    replay(alone, confdir)
    with replaying(SAMPLE, database, confdir) as one, replaying(SAMPLE, database, confdir) as other:
        said = [run.communicate(timeout=120)[0] for run in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0], said
    assert sorted(frames(database)) == sorted(frames(alone))
    assert "were in the database already, skipped" in "".join(said)


def test_options_hold_for_what_is_replayed(database: Path, confdir: Path, tmp_path: Path) -> None:
    replay(database, confdir, "xentara_keep_secrets=on")
    assert not any(redacted for _, _, redacted in frames(database))
    none = tmp_path / "none.db"
    replay(none, confdir, "xentara_filter=~u /no/such/path")
    assert frames(none) == []


def test_what_cannot_be_recorded_is_told_and_the_exit_code_says_so(database: Path, confdir: Path) -> None:
    with closing(open_for_writing(database)) as old:
        claim(old, 1, None)
        seal(old, "plant-2.db", 2)
    said, code = replay(database, confdir)
    assert "is an older file of a recording, which nothing is added to" in said
    assert "Traceback" not in said
    assert code == 1
    assert frames(database) == []
