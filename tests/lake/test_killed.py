"""Whoever archives or decodes may be killed at any moment: the next one makes the same tables of it."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.archived import archived, made_plant
from tests.live import Process, inspect, wait_until

pytestmark = pytest.mark.slow


def files(where: Path) -> dict[str, bytes]:
    """All that is there, but for what somebody left unfinished."""
    return {
        str(path.relative_to(where)): path.read_bytes()
        for path in where.rglob("*")
        if path.is_file() and path.suffix != ".unfinished"
    }


def kill_at_random(arguments: Sequence[str | Path], where: Path, times: int) -> None:
    """Do something that writes into a directory, killed again and again, then to its end."""
    seed = int(os.environ.get("XENTARA_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed} (XENTARA_SEED={seed} repeats it)")
    chosen = random.Random(seed)
    for _ in range(times):
        wanted = len(list(where.rglob("*"))) + chosen.randrange(12)
        command = [sys.executable, "-m", "xentara_inspect", *arguments]
        with Process(command, TMPDIR=str(where.parent)) as process:
            while process.child.poll() is None and len(list(where.rglob("*"))) <= wanted:
                pass
            process.child.kill()
        if process.child.returncode == 0 or not chosen.randrange(3):  # early moments are met again
            for path in where.rglob("*.json"):
                path.unlink()
    inspect(*arguments)


TIMES = [2, pytest.param(20, marks=pytest.mark.stress)]


@pytest.mark.parametrize("times", TIMES)
def test_an_archive_that_was_killed_for_is_the_same(times: int, tmp_path: Path) -> None:
    where = archived(made_plant(tmp_path))
    whole = files(where)
    for path in where.rglob("*.*"):
        if path.is_file():
            path.unlink()
    arguments = ("archive", "-d", tmp_path / "plant.db", "--to", where, "--site", "north")
    kill_at_random(arguments, where, times)
    assert files(where) == whole


@pytest.mark.parametrize("times", TIMES)
def test_a_lake_that_was_killed_for_is_the_same(times: int, tmp_path: Path) -> None:
    archive, lake = archived(made_plant(tmp_path)), tmp_path / "lake"
    inspect("lake", "decode", "--from", archive, "--to", tmp_path / "whole")
    kill_at_random(("lake", "decode", "--from", archive, "--to", lake), lake, times)
    assert files(lake) == files(tmp_path / "whole")


@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_who_is_told_to_end_leaves_no_database_behind(
    number: signal.Signals, code: int, processes: str, tmp_path: Path
) -> None:
    archive, temporary = archived(made_plant(tmp_path)), tmp_path / "temporary"
    temporary.mkdir()
    command: list[str | Path] = [sys.executable, "-m", "xentara_inspect", "lake", "decode"]
    command += ["--from", archive, "--to", tmp_path / "lake", "--processes", processes]
    with Process(command, TMPDIR=str(temporary)) as process:
        wait_until(lambda: any(temporary.rglob("*.db")), "a database for the time")
        process.stop(number)
    assert (process.child.returncode, process.output) == (code, "")
    assert list(temporary.iterdir()) == []
