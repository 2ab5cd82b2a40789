"""Lists as tables of Parquet: what JSON has, with types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.archived import SAMPLES
from tests.live import inspect, ran, rows
from tests.queries.asking import START, fill
from tests.store_traffic import CONVERSATION, LEVEL, LEVEL_UUID, VALVE, info
from xentara_inspect.archive.lists import NUMBER, QUESTIONS
from xentara_inspect.traffic.time_points import nanoseconds_text


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "samples.db"
    inspect("import", *SAMPLES, "-d", path)
    return path


def tables(folder: Path, *arguments: str | Path) -> dict[str, pa.Table]:
    """What is exported, by the names of the files."""
    inspect("export", "--parquet", folder, *arguments)
    return {file.stem: parquet.read_table(file) for file in folder.iterdir()}


def as_json(table: pa.Table) -> list[dict[str, Any]]:
    """The rows as `--json` prints them, but for what is text here."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            numbers = table.column(place).cast(pa.int64()).to_pylist()
            texts = [None if number is None else nanoseconds_text(number) for number in numbers]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    return list(table.to_pylist())


def as_column(key: str, value: Any) -> Any:
    """What a key of a row of a list is as a column: objects and values are text, integers have 64 bits."""
    if key in ("value", "values") and not isinstance(value, str | None):
        return json.dumps(value, ensure_ascii=False)
    if key in ("message_id", "opcode", "error_code") and value is not None:
        return int(value) if abs(int(value)) < 1 << 63 else None
    return value


FILTERS: list[tuple[str, ...]] = [
    (),
    ("--element", "Plant.Tank 1.Level"),
    ("--since", "2026-11-21T05:27:34.8Z"),
]


@pytest.mark.parametrize("filters", FILTERS, ids=" ".join)
def test_each_list_is_a_table_with_the_rows_of_its_json(
    filters: tuple[str, ...], samples: Path, tmp_path: Path
) -> None:
    found = tables(tmp_path / "tables", "-d", samples, *filters)
    assert found.keys() == QUESTIONS.keys()
    for name, table in found.items():
        table = table.drop_columns([NUMBER]) if name == "readings" else table
        listed = rows(name, "-d", samples, "--limit", "0", *filters)
        assert as_json(table) == [{key: as_column(key, row[key]) for key in row} for row in listed]
        assert listed or filters


def test_sessions_are_chosen_in_all_of_them(samples: Path, tmp_path: Path) -> None:
    found = tables(tmp_path / "tables", "-d", samples, "--session", "70")
    assert found["sessions"].column("id").to_pylist() == [70]
    assert {*found["log"].column("session").to_pylist()} == {70}


VALUES = (
    ("7", "7", 7.0),
    ("1.5", "1.5", 1.5),
    ("true", "true", 1.0),
    ('"7"', "7", None),
    ("NaN", "NaN", "NaN"),
    ("18446744073709551615", "18446744073709551615", 18446744073709551615.0),
    ("[1, 2]", "[1, 2]", None),
)


def test_values_are_exact_as_text_and_numbers_are_numbers_too(database: Path, tmp_path: Path) -> None:
    fill(database, *(f">[[0, 5, 5, {{0: {VALVE}, 1: 11, 2: {value}}}]]" for value, _, _ in VALUES))
    table = tables(tmp_path / "tables", "-d", database)["readings"]
    said = zip(table.column("value").to_pylist(), table.column(NUMBER).to_pylist(), strict=True)
    assert [(text, "NaN" if number != number else number) for text, number in said] == [
        (text, number) for _, text, number in VALUES
    ]


def test_what_64_bits_do_not_carry_has_no_place(database: Path, tmp_path: Path) -> None:
    late = "1001({1: 99999999999999})"
    fill(
        database,
        f"<[[8, 0, {{0: {late}, 1: {LEVEL}, 2: {{11: 1}}}}]]",
        '>[[0, -18446744073709551616, 3, {0: "Plant"}]]',
        '>[[0, 9007199254740993, 3, {0: "Plant"}]]',
    )
    found = tables(tmp_path / "tables", "-d", database)
    assert found["log"].column("message_id").to_pylist() == [None, 9007199254740993]
    assert found["events"].column("source_time").to_pylist() == [None]


def test_of_several_recordings_sessions_have_names(database: Path, tmp_path: Path) -> None:
    fill(database, *CONVERSATION)
    fill(tmp_path / "other.db", *CONVERSATION, about=info("flow-2"), start=START + 10**9)
    found = tables(tmp_path / "tables", "-d", database, "-d", tmp_path / "other.db")
    assert found["sessions"].column("id").to_pylist() == ["xentara:1", "other:1"]
    assert found["log"].schema.field("session").type == pa.string()
    assert found["log"].schema.field("opcode").type == pa.int64()


def test_a_folder_with_something_in_it_is_left_as_it_is(database: Path, tmp_path: Path) -> None:
    fill(database, *CONVERSATION)
    folder = tmp_path / "tables"
    folder.mkdir()
    inspect("export", "--parquet", folder, "-d", database)
    before = {file: file.read_bytes() for file in folder.iterdir()}
    told = ran("export", "--parquet", folder, "-d", database)
    assert (told.returncode, told.stderr) == (1, f"Error: {folder}: is there already, and not empty\n")
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize(
    "wrong", [("--session", "9"), ("--element", LEVEL_UUID[::-1]), ("--since", "2030-01-01")]
)
def test_where_there_is_nothing_no_folder_is_made(
    wrong: tuple[str, ...], database: Path, tmp_path: Path
) -> None:
    fill(database, *CONVERSATION)
    before = {*tmp_path.iterdir()}
    told = ran("export", "--parquet", tmp_path / "tables", "-d", database, *wrong)
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert {*tmp_path.iterdir()} == before
