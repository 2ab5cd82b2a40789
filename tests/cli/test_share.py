"""`xentara-inspect share` as people meet it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.live import inspect, ran, rows
from tests.queries.asking import fill, record
from tests.rotating import EACH_GROUP
from tests.store_traffic import CONVERSATION


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    (tmp_path / "north").mkdir()
    return fill(tmp_path / "north" / "plant.db", *CONVERSATION)


def test_it_says_how_much_was_replaced_and_where_the_list_is(plant: Path, tmp_path: Path) -> None:
    run = ran("share", plant, "-o", tmp_path / "for-support.db")
    listed = plant.with_name("plant.for-support.csv")
    assert run.stderr.splitlines() == [
        f"{tmp_path / 'for-support.db'}: 19 frames; replaced: 10 texts, 3 UUIDs, 1 address",
        f"{listed}: what stands for what. Keep it to yourself",
    ]
    assert listed.read_text().startswith("kind,original,replacement\ntext,Plant.Tank 1.Level,")
    assert sorted(os.listdir(tmp_path)) == ["for-support.db", "north"]


@pytest.mark.parametrize("way", ["option", "variable"])
def test_the_recording_is_named_as_everywhere(
    plant: Path, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XENTARA_DB", str(plant if way == "variable" else tmp_path / "another.db"))
    named = () if way == "variable" else ("-d", plant)
    inspect("share", *named, "-o", tmp_path / "copy.db")
    assert len(rows("log", "-d", tmp_path / "copy.db")) == len(rows("log", "-d", plant))
    again = ran("share", plant, "-o", tmp_path / "again.db")
    assert again.returncode == 0, again.stderr


def test_the_copy_is_asked_like_any_recording(plant: Path, tmp_path: Path) -> None:
    inspect("share", plant, "-o", tmp_path / "copy.db", "--list", tmp_path / "list.csv")
    for command in ("log", "findings", "events", "sessions", "stats"):
        keys = ("id", "time", "command", "status", "latency_ms", "code", "count", "p99_ms", "frames")
        before, after = (
            [[row[key] for key in keys if key in row] for row in rows(command, "-d", database)]
            for database in (plant, tmp_path / "copy.db")
        )
        assert before == after
    assert "Plant" not in inspect("show", "3p1", "-d", tmp_path / "copy.db")


@pytest.mark.slow
def test_all_files_of_a_recording_are_meant_by_one_of_them(tmp_path: Path) -> None:
    files = record(tmp_path / "plant.db", *CONVERSATION, rotation=EACH_GROUP)
    inspect("share", files[3], "-o", tmp_path / "copy.db")
    assert (tmp_path / "plant.copy.csv").exists()
    assert rows("log", "-d", tmp_path / "copy.db") == rows("log", "-d", tmp_path / "copy.db", "--limit", "0")
    assert len(rows("log", "-d", tmp_path / "copy.db")) == len(rows("log", "-d", tmp_path / "plant*.db"))


def test_values_and_times_are_replaced_where_that_is_asked_for(plant: Path, tmp_path: Path) -> None:
    options = ("--values", "--start", "2001-02-03T04:05:06Z")
    inspect("share", plant, "-o", tmp_path / "copy.db", *options)
    before, after = (rows("readings", "-d", database) for database in (plant, tmp_path / "copy.db"))
    assert [row["value_kind"] for row in after] == [row["value_kind"] for row in before]
    assert [row["value"] for row in after] != [row["value"] for row in before]
    (session,) = rows("sessions", "-d", tmp_path / "copy.db")
    assert session["opened"].startswith("2001-02-03T04:05:0")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nowhere.db", "-o", "copy.db"), 1, "nowhere.db does not exist"),
        (("plant.db", "-o", "plant.db"), 1, "plant.db is there already"),
        (("plant.db", "-o", "nowhere/copy.db"), 1, "its directory does not exist"),
        (("plant.db", "-o", "copy.db", "--list", "plant.db"), 1, "plant.db is there already"),
        (("plant.db", "-o", "copy.db", "--list", "copy.db"), 2, "--list and --output are the same file"),
        (("plant.db", "-o", "copy.db", "--start", "3/4/5"), 2, "is no time such as"),
        (("plant.db", "-o", "copy.db", "--start", "1970-01-01T00:00Z"), 2, "not between 2000 and 2100"),
        (("plant.db",), 2, "Missing option '-o'"),
        (("plant.db", "-d", "plant.db", "-o", "copy.db"), 2, "named twice: as DB and by --db"),
        (("-o", "copy.db"), 1, "xentara.db does not exist; -d or XENTARA_DB names another"),
        (("lake:plant", "-o", "copy.db"), 1, "is a lake"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    plant: Path, arguments: tuple[str, ...], code: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(plant.parent)
    run = ran("share", *arguments)
    assert run.returncode == code
    assert says in run.stderr.splitlines()[-1]
    assert os.listdir() == ["plant.db"]
