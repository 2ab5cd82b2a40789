"""Filters as people type them: what cannot be searched for is one line, and exit 2 or 1."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.live import BIN
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["log", "--grep", "x" * 1001], 2, "is longer than 1000 characters"),
        (["log", "--grep", b"\xff"], 2, "is not UTF-8"),
        (["log", "--session", "1", "--session", "x"], 1, "session x is not known"),
        (["readings", "--value", "> "], 1, "compares with nothing"),
        (["readings", "Plant.Valve", "--element", "Plant.Vavle"], 1, "did you mean Plant.Valve?"),
        (["elements", "--element", b"\xff*"], 1, "is not known"),
        (["log", "--since", "whenever"], 2, "is no time such as"),
        (["log", "--since", "14:05", "--until", "14:00"], 2, "--since is after --until"),
        (["log", "--until", "14:00", "--since", "14:05"], 2, "--since is after --until"),
        (["log", "--slower-than", "soon"], 2, "is no duration"),
        (["log", "--limit", "x"], 2, "'x' is not a valid integer."),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(
    arguments: list[str | bytes], code: int, said: str, database: Path
) -> None:
    fill(database, *CONVERSATION)
    command = [os.fsencode(argument) for argument in (BIN / "xentara-inspect", *arguments, "-d", database)]
    run = subprocess.run(command, capture_output=True, check=False)
    error = run.stderr.decode().splitlines()[-1]
    assert (run.returncode, run.stdout) == (code, b"")
    assert error.startswith("Error: ")
    assert said in error


def test_filters_combine(database: Path) -> None:
    fill(database, *CONVERSATION)
    command = [
        str(BIN / "xentara-inspect"), "log", "-d", str(database), "--ndjson", "--element", "plant.*",
        "--status", "error",
        "--status", "unanswered", "--command", "write", "--grep", "valve", "--until", "today",
    ]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert ['"id": "11p1"' in line or '"id": "11p2"' in line for line in said.splitlines()] == [True, True]
