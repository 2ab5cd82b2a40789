"""A lake answers what the databases answer that its archive is of, and reads no more than it must."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tests.archived import archived, made_plant, made_samples
from tests.live import inspect, ran, read_only, rows
from xentara_inspect.lake.asking import Lake
from xentara_inspect.lake.table_types import ORIGIN
from xentara_inspect.lake.tables import TABLES

Text = str | Path


def lake_of(database: Path) -> Path:
    """The lake of the archive of a recording."""
    where = database.parent / "lake"
    inspect("lake", "decode", "--from", archived(database), "--to", where)
    return where


def asked(where: Text, question: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(inspect("sql", "--lake", where, question, "--json"))
    return answer


LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "log": (
        "SELECT *, latency / 1e6 AS ms FROM exchanges ORDER BY time, id",
        {"session": "session_id", "status": "status", "error_code": "error_code", "latency_ms": "ms"},
    ),
    "sessions": (
        "SELECT * FROM sessions ORDER BY id",
        {
            key: key
            for key in (
                "id", "client", "user", "opened", "closed", "close_code", "frames", "requests", "errors",
                "events", "findings", "dropped",
            )
        },
    ),
    "events": (
        "SELECT *, coalesce(element_name, element) AS called FROM events ORDER BY time, id",
        {"session": "session_id", "time": "time", "source_time": "source_time", "element": "called"},
    ),
    "readings": (
        "SELECT *, coalesce(element_name, element) AS called FROM readings ORDER BY packet_id, position",
        {
            "session": "session_id", "time": "time", "element": "called", "attribute": "attribute",
            "error_code": "error_code", "origin": "origin",
        },
    ),
    "findings": (
        "SELECT * FROM findings ORDER BY time, part, id",
        {"session": "session_id", "time": "time", "code": "code", "message": "message"},
    ),
}  # fmt: skip
"""What is asked of a lake for a list: in SQL, and its columns by the keys of the list."""


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Lakes of a recording in two files and of all sample captures, which nobody changes."""
    folder = tmp_path_factory.mktemp("plant"), tmp_path_factory.mktemp("samples")
    return {"plant": lake_of(made_plant(folder[0])), "samples": lake_of(made_samples(folder[1]))}


@pytest.mark.slow
@pytest.mark.parametrize("question", LISTS)
@pytest.mark.parametrize("recording", ["plant", "samples"])
def test_a_lake_says_what_the_lists_say(question: str, recording: str, lakes: dict[str, Path]) -> None:
    sql, columns = LISTS[question]
    lake = lakes[recording]
    listed = rows(question, "-d", str(lake.parent / f"{recording}*.db"), "--limit", "0")
    if question == "log":
        listed = [row for row in listed if row["kind"] == "exchange"]
    expected = [tuple(row[key] for key in columns) for row in listed]
    answer = [tuple(row[column] for column in columns.values()) for row in asked(lake, sql)]
    assert sorted(answer, key=repr) == sorted(expected, key=repr)
    assert answer or (recording, question) == ("plant", "findings")


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_the_columns_that_the_pages_say(table: str, lakes: dict[str, Path]) -> None:
    (path,) = (lakes["samples"] / table).rglob("*.parquet")
    assert parquet.read_schema(path).names == [*TABLES[table].columns, *ORIGIN]
    assert path.parent.parent.name == "site=north"


def test_a_value_is_exact_in_the_column_of_its_type(lakes: dict[str, Path]) -> None:
    answer = asked(
        lakes["samples"],
        "SELECT DISTINCT value_kind, value_int IS NOT NULL AS i, value_num IS NOT NULL AS n,"
        " value_text IS NOT NULL AS t FROM readings"
        " WHERE value_kind IN ('integer', 'float', 'boolean', 'text')",
    )
    kinds = {(row["value_kind"], "i" * row["i"] + "n" * row["n"] + "t" * row["t"]) for row in answer}
    assert {("integer", "i"), ("float", "n"), ("boolean", "i"), ("text", "t")} <= kinds
    # What 64 bits or a finite number do not carry is text.
    assert kinds <= {("integer", "i"), ("integer", "t"), ("float", "n"), ("float", "t"), ("boolean", "i"),
                     ("text", "t")}  # fmt: skip


def test_decoding_again_changes_nothing_and_a_late_part_only_its_own(plant: Path) -> None:
    archive = archived(plant)
    late = list(archive.rglob("*.000002-*"))
    kept = [(path, path.read_bytes()) for path in late]
    for path in late:
        path.unlink()
    lake = plant.parent / "lake"
    inspect("lake", "decode", "--from", archive, "--to", lake)
    before = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    for path, content in kept:
        path.write_bytes(content)
    inspect("lake", "decode", "--from", archive, "--to", lake)
    after = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    assert before.items() < after.items()
    assert all(".000002-" in path.name for path in after.keys() - before.keys())
    inspect("lake", "decode", "--from", archive, "--to", lake)
    assert after == {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}


def test_what_another_release_made_of_a_part_does_not_stay_beside_what_this_one_does(plant: Path) -> None:
    lake = lake_of(plant)
    before = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    mark = next(lake.rglob("*.000002-*.json"))
    noted = json.loads(mark.read_text())
    (file,) = noted["rows"]["sessions"]
    elsewhere = re.sub("date=[0-9-]+", "date=2001-01-01", file)
    (lake / elsewhere).parent.mkdir()
    shutil.copyfile(lake / file, lake / elsewhere)
    noted["rows"]["sessions"] = {elsewhere: 1}
    mark.write_text(json.dumps(noted | {"decoder": "another"}))
    inspect("lake", "decode", "--from", plant.parent / "archive", "--to", lake)
    assert before == {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_lost_table_comes_back_byte_for_byte(samples: Path) -> None:
    lake = lake_of(samples)
    before = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    shutil.rmtree(lake)
    inspect("lake", "decode", "--from", samples.parent / "archive", "--to", lake)
    assert before == {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}


def contents(where: Path) -> dict[Path, bytes]:
    return {path.relative_to(where): path.read_bytes() for path in where.rglob("*") if path.is_file()}


def test_two_processes_make_the_tables_that_one_makes(plant: Path, tmp_path: Path) -> None:
    one = lake_of(plant)
    two = tmp_path / "two"
    inspect("lake", "decode", "--from", tmp_path / "archive", "--to", two, "--processes", "2")
    assert contents(two) == contents(one)
    assert len({path.name for path in contents(two) if path.suffix == ".json"}) == 2


@pytest.mark.slow
def test_what_a_process_finds_wrong_is_one_clear_line(plant: Path, tmp_path: Path) -> None:
    (frames,) = archived(plant).rglob("*.000001-*.parquet")
    size = frames.stat().st_size
    frames.write_bytes(b"nothing")
    run = ran("lake", "decode", "--from", tmp_path / "archive", "--to", tmp_path / "lake", "--processes", "2")
    assert run.returncode == 1
    assert ".000001-" in run.stderr
    assert run.stderr.splitlines()[-1].endswith(f"has 7 bytes instead of {size}")


def test_where_nothing_is_archived_there_is_nothing_to_decode(tmp_path: Path) -> None:
    run = ran("lake", "decode", "--from", tmp_path / "nope", "--to", tmp_path / "lake")
    assert (run.returncode, run.stderr) == (1, f"Error: {tmp_path / 'nope'}: nothing archived here\n")
    assert not (tmp_path / "lake").exists()


def test_processes_and_a_cluster_exclude_each_other(tmp_path: Path) -> None:
    options = ("--processes", "2", "--master", "local[2]")
    run = ran("lake", "decode", "--from", tmp_path, "--to", tmp_path, *options)
    assert (run.returncode, run.stderr.splitlines()[-1]) == (
        2,
        "Error: Of --processes and --master only one can be.",
    )


@pytest.mark.slow
def test_what_no_indexer_came_to_is_decoded_in_the_order_of_its_recording(
    plant: Path, tmp_path: Path
) -> None:
    expected = asked(lake_of(plant), LISTS["log"][0])
    for file in tmp_path.glob("plant*.db"):
        with read_only(file):
            pass
    archive = tmp_path / "undecoded"
    # As if the second file had been left before the first one was decoded.
    with closing(sqlite3.connect(tmp_path / "plant-2.db")) as connection:
        connection.executescript(
            "UPDATE chain SET carried = 0; DELETE FROM carried_elements; DELETE FROM carried_subscriptions;"
            "DELETE FROM carried_requests; DELETE FROM carried_attributes; UPDATE sessions SET greeted = 0"
        )
    inspect("archive", "-d", plant, "--to", archive, "--site", "north", "--undecoded")
    inspect("lake", "decode", "--from", archive, "--to", tmp_path / "other")
    assert asked(tmp_path / "other", LISTS["log"][0]) == expected


@pytest.mark.slow
def test_a_question_reads_only_the_files_of_its_site_and_day(samples: Path) -> None:
    lake = lake_of(samples)
    (path,) = (lake / "readings").rglob("*.parquet")
    for site in ("east", "south", "west"):
        for day in range(1, 5):
            copy = lake / "readings" / f"site={site}" / f"date=2025-01-0{day}" / path.name
            copy.parent.mkdir(parents=True)
            shutil.copyfile(path, copy)
    question = "SELECT count(*) FROM readings WHERE site = 'south' AND date = '2025-01-03'"
    (plan,) = asked(lake, f"EXPLAIN ANALYZE {question}")
    assert set(re.findall(r"Total Files Read: ([0-9]+)", plan["explain_value"])) <= {"1", "0"}
    assert asked(lake, question.replace("count(*)", "count(*) AS n"))[0]["n"] > 0


@pytest.mark.slow
def test_an_object_store_holds_a_lake_too(plant: Path, s3: str) -> None:
    where, question = s3.replace("/xentara", "/lake"), LISTS["log"][0]
    inspect("lake", "decode", "--from", archived(plant), "--to", where)
    assert asked(where, question) == asked(lake_of(plant), question)
    for listed in ("log", "sessions"):
        databases = str(plant.with_name("plant*.db"))
        assert rows(listed, "-d", f"lake:{where}&site=north") == rows(listed, "-d", databases)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("SELEC", "Parser Error: syntax error"),
        ("SELECT nothing FROM exchanges", 'Referenced column "nothing" not found'),
        ("SELECT * FROM nothing", "Table with name nothing does not exist"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(question: str, says: str, lakes: dict[str, Path]) -> None:
    run = ran("sql", "--lake", lakes["plant"], question)
    assert run.returncode == 1
    assert says in run.stderr.splitlines()[-1]


def test_a_lake_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    run = ran("sql", "--lake", tmp_path, "SELECT 1")
    assert (run.returncode, run.stderr) == (1, f"Error: {tmp_path}: no tables of a lake here\n")


@pytest.mark.slow
def test_a_lake_can_be_asked_by_a_program(lakes: dict[str, Path]) -> None:
    lake = Lake(str(lakes["samples"]))
    assert next(lake.ask("SELECT min(opened) AS first FROM sessions"))["first"].endswith("Z")
    lake.close()
