"""Rows in every form: exact in JSON, apart in CSV, whole in tables."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.live import BIN, inspect, rows
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, event, info
from xentara_inspect.cli import cli
from xentara_inspect.frames import Closing
from xentara_inspect.index.process import catch_up
from xentara_inspect.store.importing import Importer

LISTS = ("sessions", "log", "events", "readings", "stats", "findings", "elements", "subscriptions")


@pytest.fixture
def conversation(database: Path) -> Path:
    return fill(database, *CONVERSATION)


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("command", LISTS)
def test_short_forms_are_the_long_ones(command: str, conversation: Path) -> None:
    for form in ("json", "ndjson", "csv", "csv-safe"):
        assert run(command, "-d", conversation, f"--{form}") == run(
            command, "-d", conversation, "--format", form
        )


@pytest.mark.parametrize("command", LISTS)
def test_ndjson_is_json_line_by_line(command: str, conversation: Path) -> None:
    lines = run(command, "-d", conversation, "--ndjson").splitlines()
    assert [json.loads(line) for line in lines] == json.loads(run(command, "-d", conversation, "--json"))


def test_more_rows_than_are_written_at_once_are_all_there(database: Path) -> None:
    fill(database, *HELLO, *(f"<[{event(number)[2:-1]}]" for number in range(600)))
    as_json = json.loads(run("readings", "-d", database, "--limit", "0", "--json"))
    assert len(as_json) == 1200
    lines = run("readings", "-d", database, "--limit", "0", "--ndjson").splitlines()
    assert list(map(json.loads, lines)) == as_json
    table = list(csv.DictReader(io.StringIO(run("readings", "-d", database, "--limit", "0", "--csv"))))
    assert [row["packet"] for row in table] == [row["packet"] for row in as_json]


def test_csv_says_true_and_false_and_nothing(database: Path) -> None:
    values = "{11: 121(true), 12: 121(false), 1: 121(null)}"
    fill(database, *HELLO, f"<[[8, 0, {{1: {LEVEL}, 2: {values}}}]]")
    table = csv.DictReader(io.StringIO(run("readings", "-d", database, "--csv")))
    assert [row["value"] for row in table] == ["true", "false", ""]


def test_csv_for_spreadsheets_holds_no_formula_and_numbers_stay_numbers(database: Path) -> None:
    texts = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", "\\t=1", "\\r=1", "\uff1d1", "plain", "-5", "a=b")
    values = ", ".join(f'{100 + number}: 121("{text}")' for number, text in enumerate(texts))
    numbers = "200: 121(-5), 201: 121(-1.5), 202: 121(-18446744073709551616), 203: 121([-1])"
    fill(database, *HELLO, f"<[[8, 0, {{1: {LEVEL}, 2: {{{values}, {numbers}}}}}]]")
    plain = list(csv.DictReader(io.StringIO(run("readings", "-d", database, "--csv"))))
    safe = list(csv.DictReader(io.StringIO(run("readings", "-d", database, "--csv-safe"))))
    changed = [after["value"] for before, after in zip(plain, safe, strict=True) if before != after]
    assert changed == ["'=1+1", "'+1+1", "'-2+3", "'@SUM(A1)", "'\\t=1", "'\\r=1", "'\uff1d1"]
    assert [row["value"] for row in safe[-6:-1]] == ["-5", "a=b", "-5", "-1.5", "-18446744073709551616"]


def test_tables_have_names_for_qualities_values_and_errors(database: Path) -> None:
    values = "{11: 121(true), 9: 121(3), 1: 122({0: -32109})}"
    fill(database, *HELLO, f"<[[8, 0, {{1: {LEVEL}, 2: {values}}}]]")
    value, _, error = run("readings", "-d", database).splitlines()[1:]
    assert "true" in value.split()
    assert "Bad" in value.split()
    assert "Write Error" in error


def ten_and_one(database: Path) -> list[str]:
    """A conversation whose ids a program that reads numbers would confuse: 1p1, 1p10, 1p100."""
    packets = ", ".join(f"[0, {number}, 8]" for number in range(1, 102))
    fill(database, *HELLO, f">[{packets}]")
    return [row["id"] for row in json.loads(run("log", "-d", database, "--limit", "0", "--json"))]


def test_sqlite_utils_keeps_every_id_of_csv_apart(database: Path, tmp_path: Path) -> None:
    ids = ten_and_one(database)
    assert {"3p1", "3p10", "3p100"} <= set(ids)
    table, other = tmp_path / "log.csv", tmp_path / "other.db"
    table.write_text(run("log", "-d", database, "--limit", "0", "--csv"))
    tool = BIN / "sqlite-utils"
    subprocess.run(
        [str(tool), "insert", str(other), "log", str(table), "--csv"], check=True, capture_output=True
    )
    sql = "SELECT id, typeof(id) AS kind FROM log"
    said = subprocess.run([str(tool), str(other), sql], check=True, capture_output=True, text=True).stdout
    read = json.loads(said)
    assert [row["id"] for row in read] == ids
    assert {row["kind"] for row in read} == {"text"}


def test_pandas_keeps_every_id_of_csv_apart(database: Path) -> None:
    pandas: Any = pytest.importorskip("pandas")
    ids = ten_and_one(database)
    table = pandas.read_csv(io.StringIO(run("log", "-d", database, "--limit", "0", "--csv")))
    assert list(table["id"]) == ids


def test_frames_that_wait_are_said_once_and_by_whom_they_are_awaited(conversation: Path) -> None:
    from tests.store_traffic import add, frames, info

    add(conversation, frames(*HELLO), info("flow-2"))
    said = CliRunner().invoke(cli, ["log", "-d", str(conversation)]).stderr
    assert said == "2 frames are not indexed yet; `xentara-inspect reindex` does it.\n"
    conversation.with_name(f"{conversation.name}-indexer").touch()
    said = CliRunner().invoke(cli, ["log", "-d", str(conversation)]).stderr
    assert said == "2 frames behind: the indexer is at work.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("log", "--element", "Plant.Valv"), "element Plant.Valv is not known; did you mean Plant.Valve?"),
        (("log", "--command", "raed"), "command raed is not known; did you mean read?"),
        (("events", "--session", "9"), "session 9 is not known; `xentara-inspect sessions` lists what is"),
        (("readings", "--attribute", "valeu"), "attribute valeu is not known; did you mean Value?"),
        (("findings", "--code", "x-y-z"), "finding code x-y-z is not known"),
    ],
)
def test_a_filter_value_that_is_not_known_is_one_line_and_exit_code_1(
    arguments: tuple[str, ...], said: str, conversation: Path
) -> None:
    run = subprocess.run(
        [BIN / "xentara-inspect", *arguments, "-d", conversation], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (1, "", f"Error: {said}\n")


def test_both_ways_of_keeping_notation_give_the_same_answers(tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "sample_captures" / "subscription-events.flow"
    for notation in ("all", "exchanges"):
        inspect("import", sample, "-d", tmp_path / f"{notation}.db", "--notation", notation)
    ids = [row["id"] for row in rows("events", "-d", tmp_path / "all.db")][:3]
    for arguments in (("events", "--notation", "--limit", "0"), ("log", "--events"), ("show", *ids)):
        assert rows(*arguments, "-d", tmp_path / "all.db") == rows(
            *arguments, "-d", tmp_path / "exchanges.db"
        )


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0 ms"), (999.4, "999 ms"), (1000, "1.0 s"), (61_000, "1m 01s"), (3_600_000, "1h 00m"),
        (86_399_999, "23h 59m"), (90_000_000, "1d 01h"),
    ],
)  # fmt: skip
def test_how_long_a_session_was_open_is_said_in_two_units_at_most(
    milliseconds: float, said: str, database: Path
) -> None:
    start = 1_700_000_000_000_000_000
    with Importer(database) as importer:
        importer.add(info(opened=start), [], Closing(start + int(milliseconds * 1e6), 1000, ""))
    catch_up(database)
    assert f" {said} " in run("sessions", "-d", database).splitlines()[1]
