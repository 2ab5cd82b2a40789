"""`report`: where it is written, and what it says when it cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.live import BIN, inspect
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION
from tests.terminal import on_terminal
from xentara_inspect.cli import cli

PROGRAM = str(BIN / "xentara-inspect")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return fill(tmp_path / "plant.db", *CONVERSATION)


def run(database: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["report", "-d", str(database), *arguments])


def test_it_is_written_into_a_file_of_its_own_name(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(database.parent)
    said = run(database)
    assert said.exit_code == 0, said.output
    assert said.output.startswith("written into xentara-report.html (")
    page = Path("xentara-report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>")


def test_standard_output_gets_the_page_and_nothing_else(database: Path) -> None:
    page = inspect("report", "-d", str(database), "-o", "-")
    assert (page[:15], page[-7:]) == ("<!DOCTYPE html>", "</html>")


def test_a_file_that_is_there_is_replaced_whole_or_not_at_all(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = database.parent / "plant.html"
    output.write_text("the old one")
    assert run(database, "-o", str(output), "--session", "7").exit_code == 1
    assert output.read_text() == "the old one"

    def full(_path: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device", "plant.html")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        assert run(database, "-o", str(output)).exit_code == 1
    assert output.read_text() == "the old one"
    assert run(database, "-o", str(output)).exit_code == 0
    assert output.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(path.suffix for path in database.parent.glob("*html*")) == [".html"]
    assert not list(database.parent.glob(".plant.html*"))


def test_a_device_is_written_to_and_not_replaced(database: Path) -> None:
    assert run(database, "-o", os.devnull).exit_code == 0
    assert Path(os.devnull).is_char_device()


def test_where_it_cannot_be_written_one_line_says_why(database: Path) -> None:
    output = database.parent / "no" / "plant.html"
    said = on_terminal([PROGRAM, "report", "-d", str(database), "-o", str(output)], columns=300)
    assert said.code == 1
    assert f"Error: {output}: No such file or directory" in said.text
    folder = run(database, "-o", str(database.parent))
    assert folder.exit_code == 2
    assert "is a directory" in folder.output


def test_on_a_terminal_it_shows_how_far_it_is(database: Path) -> None:
    output = database.parent / "plant.html"
    told = on_terminal([PROGRAM, "report", "-d", str(database), "-o", str(output)])
    assert told.code == 0
    assert "%" in told.text
    assert "written into" in told.text


def test_filters_are_those_of_lists(database: Path) -> None:
    output = database.parent / "plant.html"
    assert (
        run(database, "-o", str(output), "--session", "1", "--since", "2023-11-14T22:13:20.010Z").exit_code
        == 0
    )
    assert "Only session 1 from 2023-11-14 22:13:20.010000000 UTC" in output.read_text(encoding="utf-8")
