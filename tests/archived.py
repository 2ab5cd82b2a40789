"""Recordings that are over, and where they are archived."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.journal import Journal
from tests.live import ROOT, Process, inspect, ran, read_only
from tests.store.test_migrations import unpacked
from xentara_inspect.frames import Frame, SessionInfo
from xentara_inspect.index.process import catch_up, follow
from xentara_inspect.recorder.rotation import Rotation

_ABOUT = [field.name for field in fields(SessionInfo) if field.name != "flow_id"]
_OF_A_FILE = 300
"""Frames of a file of a rotated recording, at most: the recorder may take them in more than one group."""
_APART = 7 * 3600 * 10**9
"""Nanoseconds from the frames of a file to those of the next one."""

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


def made_rotated(folder: Path) -> Path:
    """All sample captures as if recorded by somebody who began a new file now and then."""
    with read_only(made_samples(folder)) as samples:
        sessions = samples.execute(f"SELECT id, {', '.join(_ABOUT)} FROM sessions ORDER BY id").fetchall()
        frames = samples.execute(
            "SELECT session_id, time, from_client, is_text, payload FROM frames ORDER BY id"
        )
        said = frames.fetchall()
    path = folder / "rotated.db"
    with Journal(path, rotation=Rotation(size=1)) as journal:
        handles = {
            number: journal.open_session(SessionInfo(None, **dict(zip(_ABOUT, about, strict=True))))
            for number, *about in sessions
        }
        for first in range(0, len(said), _OF_A_FILE):
            later = first // _OF_A_FILE * _APART
            for session, time, from_client, is_text, payload in said[first : first + _OF_A_FILE]:
                frame = Frame(time + later, bool(from_client), bool(is_text), payload)
                journal.append(handles[session], frame)
            assert journal.flush()
        for number, *_ in sessions[:-2]:  # two stay open
            journal.close_session(handles[number], said[-1][1] + later, 1000, "bye")
    follow(path, lambda _seconds: True)
    return path


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
