"""Several databases asked as one: files of a rotated recording, and any others."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.queries.asking import record
from tests.store_traffic import CONVERSATION, HELLO, VALVE, add, event, frames, info
from xentara_inspect.cli import cli
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.errors import StoreError

EVERY_LIST = (
    "log", "events", "readings", "stats", "findings", "subscriptions", "sessions", "elements", "names",
)  # fmt: skip
OTHER_WAYS = (
    *(f"stats --by {by}" for by in ("element", "error", "user", "session", "second")),
    "subscriptions --by element", "readings --changes", "readings --every 5ms",
)  # fmt: skip
DAY = 86_400 * 10**9
START = 1_700_000_000_000_000_000


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two recordings, a day between them; only the first learns how the valve is called."""
    first, second = tmp_path / "plant-2.db", tmp_path / "plant-10.db"
    add(first, frames(*CONVERSATION))
    read_valve = (f">[[0, 2, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[1, 2, {11: 121(1)}]]")
    add(second, frames(*HELLO, *read_valve, event(5), start=START + DAY), info("flow-2"))
    for path in (first, second):
        catch_up(path)
    return first, second


@pytest.fixture
def rotated(tmp_path: Path) -> tuple[list[Path], Path]:
    """One conversation, once in many files, a frame or two in each, once in a single one."""
    whole = tmp_path / "whole" / "one.db"
    whole.parent.mkdir()
    record(whole, *CONVERSATION)
    return record(tmp_path / "plant.db", *CONVERSATION, rotation=Rotation(size=1)), whole


def run(*arguments: str | Path, code: int = 0, env: dict[str, str] | None = None) -> Result:
    """The command in this process; a StoreError is what `main` makes exit code 1 and one line of."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], env=env)
    if isinstance(result.exception, (StoreError, QuestionError)):
        assert code == 1, result.exception
    else:
        assert result.exit_code == code, result.output
    return result


def rows(*arguments: str | Path, env: dict[str, str] | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*arguments, "--format", "json", env=env).stdout)
    return found


def refusal(*arguments: str | Path) -> str:
    return str(run(*arguments, code=1).exception)


def test_a_pattern_asks_all_files_oldest_first_and_names_them(two: tuple[Path, Path]) -> None:
    log = rows("log", "-d", two[0].parent / "plant*.db", "--limit", "0")
    assert [row["time"] for row in log] == sorted(row["time"] for row in log)
    assert (log[0]["id"], log[0]["session"]) == ("plant-2:1p1", "plant-2:1")
    assert [row["id"] for row in log[-2:]] == ["plant-10:1p1", "plant-10:3p1"]


def test_the_limit_is_the_newest_over_all(two: tuple[Path, Path]) -> None:
    for command in ("log", "events", "readings"):
        everything = rows(command, "-d", two[0], "-d", two[1], "--limit", "0")
        assert rows(command, "-d", two[0], "-d", two[1], "--limit", "4") == everything[-4:]


def test_with_one_database_numbers_are_names_however_it_is_given(two: tuple[Path, Path]) -> None:
    plain = rows("log", "-d", two[0])
    assert plain[0]["id"] == "1p1"
    assert rows("log", "-d", two[0], "-d", two[0], "-d", two[0].parent / "plant-2*.db") == plain
    link = two[0].parent / "link.db"
    link.symlink_to(two[0])
    assert rows("log", "-d", two[0], "-d", link) == plain


def test_the_environment_may_name_several(two: tuple[Path, Path]) -> None:
    env = {"XENTARA_DB": os.pathsep.join(map(str, two))}
    assert rows("sessions", env=env) == rows("sessions", "-d", two[0], "-d", two[1])
    pattern = {"XENTARA_DB": str(two[0].parent / "plant*.db")}
    assert rows("sessions", env=pattern) == rows("sessions", env=env)


def test_names_learned_in_one_file_are_used_for_all(two: tuple[Path, Path]) -> None:
    (read,) = rows("log", "-d", two[0], "-d", two[1], "--session", "plant-10:1", "--command", "read")
    assert (read["element"], read["summary"]) == ("Plant.Valve", "Plant.Valve: Value = 1")
    found = rows("log", "-d", two[0], "-d", two[1], "--element", "Plant.Valve")
    assert [row["id"].partition(":")[0] for row in found] == ["plant-2"] * 4 + ["plant-10"]


def test_everything_listed_can_be_shown_by_its_name(two: tuple[Path, Path]) -> None:
    both = ("-d", two[0], "-d", two[1])
    for row in rows("log", *both, "--limit", "0", "--events"):
        (shown,) = rows("show", row["id"], *both)
        assert {key: shown[key] for key in row} == row
        for side in (shown["request"], shown["response"]):
            if side is not None:
                assert rows("show", side["frame"], *both)
    for finding in rows("findings", *both):
        assert finding["id"].startswith(("plant-2:", "plant-10:"))
        assert finding["frame"] is None or rows("show", finding["frame"], *both)
        assert finding["exchange"] is None or rows("show", finding["exchange"], *both)


def test_a_name_without_its_file_is_refused_with_an_example(two: tuple[Path, Path]) -> None:
    both = ("-d", two[0], "-d", two[1])
    assert "say plant-10:1p1" in refusal("show", "1p1", *both)
    assert "say plant-10:1" in refusal("log", "--session", "1", *both)
    assert "no database plant-3 among plant-2, plant-10" in refusal("show", "plant-3:1p1", *both)
    run("show", "plant-2:999p1", *both, code=1)
    run("log", "--session", "plant-2:x", *both, code=1)


def test_the_name_of_the_file_is_accepted_where_there_is_only_one(two: tuple[Path, Path]) -> None:
    assert rows("show", "plant-2:1p1", "-d", two[0]) == rows("show", "1p1", "-d", two[0])
    assert rows("log", "--session", "plant-2:1", "-d", two[0]) == rows("log", "-d", two[0])


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder, suffix in (("a/x", "db"), ("b/x", "db"), ("b/x", "sqlite")):
        path = tmp_path / folder / f"plant.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        add(path, frames(*HELLO), info(f"flow-{folder}{suffix}"))
        catch_up(path)
    patterns = ("-d", tmp_path / "*" / "x" / "plant.*")
    sessions = [row["id"] for row in rows("sessions", *patterns)]
    assert sorted(sessions) == ["a/x/plant.db:1", "b/x/plant.db:1", "plant.sqlite:1"]
    for session in sessions:
        assert len(rows("log", "--session", session, *patterns)) == 1


def test_percentiles_are_over_all_databases_together(two: tuple[Path, Path]) -> None:
    both = {row["command"]: row for row in rows("stats", "-d", two[0], "-d", two[1])}
    each = [{row["command"]: row for row in rows("stats", "-d", path)} for path in two]
    assert both["read"]["count"] == sum(stats["read"]["count"] for stats in each)
    latencies = sorted(
        row["latency_ms"] for row in rows("log", "-d", two[0], "-d", two[1], "--command", "read")
    )
    assert (both["read"]["p50_ms"], both["read"]["max_ms"]) == (latencies[0], latencies[-1])


def test_elements_are_listed_once(two: tuple[Path, Path]) -> None:
    found = rows("elements", "-d", two[0], "-d", two[1])
    assert [row["primary_key"] for row in found] == ["Plant.Tank 1.Level", "Plant.Valve"]
    assert found == rows("elements", "-d", two[0])


def test_a_capture_in_two_databases_is_two_sessions(tmp_path: Path) -> None:
    for name in ("a.db", "b.db"):
        add(tmp_path / name, frames(*HELLO))
        catch_up(tmp_path / name)
    assert [row["id"] for row in rows("sessions", "-d", tmp_path / "*.db")] == ["a:1", "b:1"]


def test_one_bad_file_among_several_is_named(two: tuple[Path, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"no database at all, but long enough to look at" * 10)
    assert str(bad) in refusal("log", "-d", two[0], "-d", bad)
    assert refusal("log", "-d", tmp_path / "nothing*.db") == f"{tmp_path}/nothing*.db matches no file"
    assert refusal("log", "-d", two[0], "-d", tmp_path / "gone.db") == f"{tmp_path}/gone.db does not exist"


def test_files_beside_databases_are_not_taken_for_databases(two: tuple[Path, Path]) -> None:
    (two[0].parent / "plant-2.db-indexer").write_bytes(b"")
    assert rows("log", "-d", two[0].parent / "plant*") == rows("log", "-d", two[0], "-d", two[1])


def test_an_empty_file_is_left_out_of_a_pattern_and_refused_by_its_name(two: tuple[Path, Path]) -> None:
    """The next file of a recording that was killed while it was made."""
    pattern = two[0].parent / "*.db"
    before = rows("log", "-d", pattern)
    empty = two[0].with_name("empty.db")
    empty.touch()
    assert rows("log", "-d", pattern) == before
    assert refusal("log", "-d", empty) == f"{empty} is empty, not a database of xentara-inspect"
    assert "is empty" in refusal("log", "-d", two[0].parent / "empt*.db")


def test_a_file_called_like_a_pattern_is_meant_as_it_is(two: tuple[Path, Path]) -> None:
    strange = two[0].parent / "plant*.db"
    two[0].rename(strange)
    assert [row["id"] for row in rows("sessions", "-d", strange)] == [1]


def without(found: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != key} for row in found]


@pytest.mark.slow
def test_a_rotated_recording_reads_as_the_one_file_that_it_might_have_been(
    rotated: tuple[list[Path], Path],
) -> None:
    files, whole = rotated
    assert len(files) > 10
    pattern = files[0].parent / "plant*.db"
    for command in (*EVERY_LIST, *OTHER_WAYS):
        words = (*command.split(), "--limit", "0")
        together, alone = rows(*words, "-d", pattern), rows(*words, "-d", whole)
        if command == "findings":  # they are counted file by file
            together, alone = without(together, "id"), without(alone, "id")
        elif command == "sessions":
            together, alone = without(together, "source"), without(alone, "source")
        assert together == alone, command


@pytest.mark.slow
def test_filters_see_how_an_exchange_ended_in_a_later_file(rotated: tuple[list[Path], Path]) -> None:
    files, whole = rotated
    pattern = files[0].parent / "plant*.db"
    for status in ("ok", "error", "pending", "unanswered"):
        filters = ("--status", status, "--limit", "0")
        found, wanted = rows("log", "-d", pattern, *filters), rows("log", "-d", whole, *filters)
        assert found == wanted, status
    every = rows("log", "-d", pattern, "--session", "1", "--limit", "0")
    assert every == rows("log", "-d", pattern, "--limit", "0")
    last = files[-1].stem if files[-1].stem != "plant" else files[-2].stem
    assert rows("log", "-d", pattern, "--session", f"{last}:1", "--limit", "0") == every


@pytest.mark.slow
def test_an_exchange_over_two_files_is_shown_whole(rotated: tuple[list[Path], Path]) -> None:
    files, whole = rotated
    everything = ("--limit", "0", "--events")
    pattern = files[0].parent / "plant*.db"
    together = [rows("show", row["id"], "-d", pattern)[0] for row in rows("log", "-d", pattern, *everything)]
    alone = [rows("show", row["id"], "-d", whole)[0] for row in rows("log", "-d", whole, *everything)]
    assert without(together, "findings") == without(alone, "findings")


@pytest.mark.slow
def test_each_file_of_a_rotated_recording_can_be_asked_alone(rotated: tuple[list[Path], Path]) -> None:
    for path in rotated[0]:
        for row in rows("log", "-d", path, "--limit", "0", "--events"):
            (shown,) = rows("show", row["id"], "-d", path)
            assert {key: shown[key] for key in row} == row
        for command in ("sessions", "stats", "findings", "subscriptions", "elements"):
            rows(command, "-d", path)
