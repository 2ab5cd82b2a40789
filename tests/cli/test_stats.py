"""`stats` as a table: sparklines, marks of what is rounded, rows without a name."""

from __future__ import annotations

from pathlib import Path

import pytest
from click import Choice
from click.testing import CliRunner

from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION
from xentara_inspect.cli import cli
from xentara_inspect.cli.stats import stats
from xentara_inspect.queries.groupings import GROUPINGS


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return fill(tmp_path / "plant.db", *CONVERSATION)


def printed(database: Path, *arguments: str) -> list[str]:
    run = CliRunner().invoke(cli, ["stats", "-d", str(database), *arguments])
    assert run.exit_code == 0, run.output
    return run.output.splitlines()


def test_latency_over_time_is_drawn(database: Path) -> None:
    head, *rows = printed(database)
    assert "Over time" in head
    (lookup,) = (row for row in rows if row.startswith("lookup"))
    assert "█" in lookup
    (stage,) = (row for row in rows if row.startswith("get_stage"))
    assert "█" not in stage


def test_rounded_percentiles_are_marked_and_the_greatest_is_not(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentara_inspect.queries.stats.EXACT", 0)
    (lookup,) = (row for row in printed(database) if row.startswith("lookup"))
    assert lookup.count("≈") == 3


def test_a_row_without_an_element_is_called_so_and_a_time_is_as_long_as_it_must(database: Path) -> None:
    assert any(row.startswith("(none)") for row in printed(database, "--by", "element"))
    assert printed(database, "--by", "minute")[1].startswith("2023-11-14T22:13Z ")


def test_rows_can_be_by_all_that_there_is() -> None:
    (choice,) = (option.type for option in stats.params if option.name == "by")
    assert isinstance(choice, Choice)
    assert tuple(choice.choices) == tuple(GROUPINGS)


def test_what_rows_can_be_by_is_said(database: Path) -> None:
    run = CliRunner().invoke(cli, ["stats", "-d", str(database), "--by", "moon"])
    assert run.exit_code == 2
    assert "minute" in run.output
