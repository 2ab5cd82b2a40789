"""What the first words of a command line are, where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live import ran


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("logg",), "Error: command logg is not known; did you mean log?"),
        (("xyz",), "Error: command xyz is not known; `xentara-inspect --help` lists what is"),
        (
            ("-d", "plant.db", "log"),
            "Error: No such option '-d'. Those of a command come behind it: xentara-inspect log -d plant.db",
        ),
    ],
)
def test_the_nearest_that_is_right_is_said(arguments: tuple[str, ...], says: str) -> None:
    run = ran(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[-1] == says


def test_where_no_database_is_named_and_none_is_here_it_is_said_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XENTARA_DB", raising=False)
    run = ran("log")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "Error: xentara.db does not exist; -d or XENTARA_DB names another\n"


def test_a_database_that_was_named_is_not_said_how_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ran("log", "-d", "plant.db").stderr == "Error: plant.db does not exist\n"
