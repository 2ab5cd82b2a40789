"""`names` and `names import`, as people type them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import ROOT, inspect, rows
from tests.name_files import TIMER_UUID, element, write_model
from tests.queries.asking import fill
from tests.store_traffic import HELLO, LEVEL_UUID, VALVE, VALVE_UUID, event
from xentara_inspect.store.database import open_for_writing

SILENT = (*HELLO, event(1), f">[[0, 3, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[1, 3, {11: 121(1)}]]")


@pytest.fixture
def panel(database: Path) -> Path:
    """A recording that tells no name."""
    return fill(database, *SILENT)


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xentara_inspect", "names", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment or None)


def test_names_are_read_and_listed_and_hold_at_once(panel: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model.json")
    assert rows("names", "-d", panel) == []
    done = run("import", model, "-d", panel)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{model}: 4 names, 4 of them new in {panel}\n"
    assert [(row["uuid"], row["name"], row["source"]) for row in rows("names", "-d", panel)][1:3] == [
        (LEVEL_UUID, "Plant.Tank 1.Level", "model.json"),
        (VALVE_UUID, "Plant.Valve", "model.json"),
    ]
    assert "Plant.Valve: Value = 1" in inspect("log", "-d", panel, "--element", "Plant.Valve")
    assert "0 of them new" in run("import", model, "-d", panel).stderr


def test_notation_on_demand_has_the_names_of_what_is_recorded_already(tmp_path: Path) -> None:
    database = tmp_path / "plant.db"
    sample = ROOT / "sample_captures" / "subscription-events.flow"
    inspect("import", sample, "-d", database, "--notation", "exchanges")
    (last,) = rows("events", "-d", database, "--limit", "1")
    dead = {"uuid": "00000000-0000-4000-8000-00000000dead", "name": "Plant.Gone"}
    (tmp_path / "more.json").write_text(json.dumps([dead]))
    inspect("names", "import", tmp_path / "more.json", "-d", database)
    assert last["element"] in inspect("show", last["id"], "-d", database)
    assert "Plant.Gone: unknown element" in inspect("log", "-d", database)


def test_what_the_list_prints_is_a_file_of_names_too(panel: Path, tmp_path: Path) -> None:
    inspect("names", "import", write_model(tmp_path / "model.json"), "-d", panel)
    for form in ("json", "csv"):
        copy, file = tmp_path / f"{form}.db", tmp_path / f"names.{form}"
        file.write_text(inspect("names", "-d", panel, f"--{form}"))
        open_for_writing(copy).close()
        inspect("names", "import", file, "-d", copy)
        assert {(row["uuid"], row["name"]) for row in rows("names", "-d", copy)} == {
            (row["uuid"], row["name"]) for row in rows("names", "-d", panel)
        }
    (heading, *_) = csv.reader(io.StringIO(inspect("names", "-d", panel, "--csv")))
    assert heading == ["uuid", "name", "source", "otherwise"]


def test_several_files_go_into_several_databases(tmp_path: Path) -> None:
    for number in (1, 2):
        fill(tmp_path / f"plant-{number}.db", *SILENT)
    more = tmp_path / "more.csv"
    more.write_text(f"{VALVE_UUID};Plant.Gate\n")
    model = write_model(tmp_path / "model.json")
    inspect("names", "import", model, more, "-d", tmp_path / "plant*.db")
    for number in (1, 2):
        found = {row["uuid"]: row["name"] for row in rows("names", "-d", tmp_path / f"plant-{number}.db")}
        assert (found[VALVE_UUID], found[TIMER_UUID]) == ("Plant.Gate", "Track.500ms")


def test_the_database_may_stand_before_or_behind_the_command(panel: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model.json")
    other = tmp_path / "other.db"
    assert run("-d", panel, "import", model, XENTARA_DB=str(other)).returncode == 0
    assert run("import", model, XENTARA_DB=str(other)).returncode == 0
    assert len(rows("names", "-d", panel)) == len(rows("names", "-d", other)) == 4


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ('{"children": [}', 1, "line 1, column 15: no JSON (Expecting value)"),
        ("Tank;Plant", 1, "line 1: 'Tank' is no UUID"),
        ("", 1, "names no element: it is neither a model.json nor CSV of UUID and name"),
        (None, 1, "cannot be read: no such file or directory"),
    ],
)
def test_a_file_that_names_nothing_is_one_clear_line_and_changes_nothing(
    content: str | None, code: int, message: str, panel: Path, tmp_path: Path
) -> None:
    file = tmp_path / "x.json"
    if content is not None:
        file.write_text(content)
    done = run("import", file, "-d", panel)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: {file}")
    assert line.endswith(message)
    assert rows("names", "-d", panel) == []


def test_without_a_file_and_without_a_database_of_ours_the_usage_is_wrong_or_the_answer_no(
    tmp_path: Path,
) -> None:
    assert run("import", "-d", tmp_path / "x.db").returncode == 2
    (tmp_path / "x.db").write_bytes(b"no database" * 100)
    done = run("import", write_model(tmp_path / "model.json"), "-d", tmp_path / "x.db")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_a_file_whose_own_name_is_no_text_is_a_file_of_names(panel: Path, tmp_path: Path) -> None:
    file = os.fsdecode(os.fsencode(tmp_path) + b"/model-\xff.csv")
    Path(file).write_text(f"{VALVE_UUID},Plant.Valve\n")
    assert run("import", file, "-d", panel).returncode == 0
    assert [row["source"] for row in rows("names", "-d", panel)] == ["model-\ufffd.csv"]


def test_hostile_names_reach_no_terminal_raw(panel: Path, tmp_path: Path) -> None:
    hostile = element("@DataPoint", "Pl\u00e4nt\u001b[31m\u202e", VALVE_UUID)
    (tmp_path / "model\u001b.json").write_text(json.dumps(hostile))
    done = run("import", tmp_path / "model\u001b.json", "-d", panel)
    shown = inspect("names", "-d", panel) + inspect("log", "-d", panel) + inspect("elements", "-d", panel)
    assert "Pl\u00e4nt" in shown
    for text in (shown, done.stderr):
        assert "\u001b" not in text
        assert "\u202e" not in text
