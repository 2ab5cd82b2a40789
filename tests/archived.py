"""Recordings that are over, and where they are archived."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.live import ROOT, Process, inspect, ran
from tests.store.test_migrations import unpacked
from xentara_inspect.index.process import catch_up

SAMPLES = sorted((ROOT / "sample_captures").glob("*.flow"))


def made_plant(folder: Path) -> Path:
    """A recording in two files, over and decoded."""
    for name in ("plant", "plant-2"):
        catch_up(unpacked(name, folder))
    return folder / "plant.db"


def made_samples(folder: Path) -> Path:
    """All sample captures in one file."""
    inspect("import", *SAMPLES, "-d", folder / "samples.db")
    return folder / "samples.db"


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """A recording in two files."""
    return made_plant(tmp_path)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """All sample captures."""
    return made_samples(tmp_path)


def archived(database: Path, *options: str | Path) -> Path:
    where = database.parent / "archive"
    inspect("archive", "-d", database, "--to", where, "--site", "north", "--seal", *options)
    return where


def verified(where: Path | str, code: int = 0) -> str:
    run = ran("archive", "verify", where)
    assert run.returncode == code, run.stderr
    return run.stderr


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A URI of an archive on an S3 server."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with Process(command) as server, pytest.MonkeyPatch.context() as patched:
        address = server.wait_for_line(r"Running on http://(127\.0\.0\.1:[0-9]+)")[1]
        urlopen(Request(f"http://{address}/plants", method="PUT"), timeout=30).close()
        patched.setenv("AWS_ACCESS_KEY_ID", "made-up")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        yield f"s3://plants/xentara?endpoint_override={address}&scheme=http&region=us-east-1"
