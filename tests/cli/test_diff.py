"""`diff`: what its sides may be, its exit codes, and what CI servers get."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from junitparser import JUnitXml

from tests.compared import SAID, without
from tests.live import ROOT
from tests.queries.asking import fill
from tests.store_traffic import HELLO, add, frames, info
from xentara_inspect.cli import cli

SAMPLES = sorted((ROOT / "sample_captures").glob("*.flow"))
READS = ROOT / "sample_captures" / "reads-and-writes.flow"
SEEDS = ROOT / "sample_captures" / "seed-pages.flow"


def diff(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["diff", *map(str, arguments)])


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A conversation, and the same with another value and less in it."""
    folder = tmp_path_factory.mktemp("sides")
    other = tuple(line.replace("121(21.5)", "121(22)") for line in without("<[[1, 6]]"))
    return fill(folder / "a.db", *SAID), fill(folder / "b.db", *other)


def test_differences_are_a_table_with_a_count_and_exit_code_1(sides: tuple[Path, Path]) -> None:
    run = diff(*sides)
    assert run.exit_code == 1
    assert run.stdout.splitlines() == [
        "Kind     A    B  Command  Element      Detail",
        "value  7p1  7p1  read     Plant.Level  Value: 21.5 → 22",
        "error  9p1  9p1  write    Plant.Valve  ok → no answer",
    ]
    assert run.stderr == "1 value, 1 error\n"


def test_no_difference_is_said_with_exit_code_0(sides: tuple[Path, Path]) -> None:
    run = diff(sides[0], sides[0])
    assert (run.exit_code, run.stdout, run.stderr) == (0, "", "no difference\n")
    run = diff(*sides, "--ignore", "value", "--ignore", "command:write", "--json")
    assert (run.exit_code, json.loads(run.stdout)) == (0, [])


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "csv-safe", "junit"])
def test_every_form_has_the_exit_code(form: str, sides: tuple[Path, Path]) -> None:
    assert diff(*sides, "--format", form).exit_code == 1
    assert diff(sides[0], sides[0], f"--{form}").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("capture", SAMPLES, ids=lambda path: path.stem)
def test_a_capture_is_the_same_as_itself_and_as_what_is_imported_of_it(capture: Path, database: Path) -> None:
    assert CliRunner().invoke(cli, ["import", str(capture), "-d", str(database)]).exit_code == 0
    assert diff(capture, capture).exit_code == 0
    assert diff(database, capture).exit_code == 0


def test_a_session_of_a_file_or_of_the_usual_database_is_a_side(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, *HELLO)
    fill(database, *SAID, about=info("flow-2", opened=1_800_000_000))
    assert diff(f"{database}:1", f"{database}:1").exit_code == 0
    found = diff(f"{database}:1", f"{database}:2", "--json").stdout
    assert {row["kind"] for row in json.loads(found)} == {"extra"}
    assert diff("1", "2", "-d", database, "--json").stdout == found
    monkeypatch.setenv("XENTARA_DB", str(database))
    assert diff("1", "2", "--json").stdout == found
    assert diff("1", f"{database}:2", "--json").stdout == found
    assert diff(f"{SEEDS}:1", f"{SEEDS}:2").exit_code == 0


def test_a_file_with_a_name_like_a_session_is_that_file(
    sides: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("7", "b.db:7"):
        shutil.copy(sides[0], name)
    assert diff("7", "b.db:7").exit_code == 0


def test_sides_of_several_files_are_told_by_their_names(sides: tuple[Path, Path]) -> None:
    run = diff(sides[0].with_name("[ab].db"), sides[0], "--json")
    assert run.exit_code == 1
    assert {row["a"].partition(":")[0] for row in json.loads(run.stdout)} == {"b"}
    assert diff("a:1", "b:1", "-d", sides[0], "-d", sides[1]).exit_code == 1
    assert diff("a:1", "a:1", "-d", sides[0], "-d", sides[1]).exit_code == 0


def test_what_cannot_be_compared_is_one_line_and_exit_code_2(
    sides: tuple[Path, Path], tmp_path: Path
) -> None:
    whole = READS.read_bytes()
    (tmp_path / "cut.flow").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").write_text("")
    (tmp_path / "short.db").write_bytes(sides[0].read_bytes()[:5000])
    for other in ("cut.flow", "text", "empty", "short.db", "nothing.db", "nothing*.db", "", "a.db:9"):
        for pair in ((sides[0], tmp_path / other), (tmp_path / other, sides[0])):
            run = diff(*pair)
            assert (run.exit_code, run.stdout) == (2, ""), other
            assert run.stderr.startswith("Error: "), other
            assert run.stderr.count("\n") == 1, other
    assert diff("1", "2", "-d", tmp_path / "none.db").exit_code == 2
    assert diff(f"{sides[0]}:5", f"{sides[0]}:1").exit_code == 2


def test_what_is_not_indexed_cannot_be_compared(sides: tuple[Path, Path], database: Path) -> None:
    add(database, frames(*SAID))
    run = diff(sides[0], database)
    assert (run.exit_code, run.stdout) == (2, "")
    assert run.stderr == f"Error: {database}: not all is indexed yet; `xentara-inspect reindex` does it\n"


@pytest.mark.parametrize("threshold", ["50ms", "1.5x", "2 x", "+50ms", "+2x", " 1s "])
def test_thresholds_of_latencies(threshold: str, sides: tuple[Path, Path]) -> None:
    assert diff(sides[0], sides[0], "--latency", threshold).exit_code == 0


@pytest.mark.parametrize("threshold", ["50", "0ms", "0.9x", "-50ms", "fast", "x", ""])
def test_what_is_no_threshold(threshold: str, sides: tuple[Path, Path]) -> None:
    run = diff(*sides, f"--latency={threshold}")
    assert (run.exit_code, run.stdout) == (2, "")
    wanted = "is less than 1x" if threshold == "0.9x" else "is no threshold such as 50ms, 1.5x or +50ms"
    assert f"{threshold!r} {wanted}" in run.stderr


@pytest.mark.parametrize("word", ["ordr", "command:reed", "element:Plant.Nothing", "attribute:Valeu"])
def test_what_cannot_be_ignored_is_usage(word: str, sides: tuple[Path, Path]) -> None:
    run = diff(*sides, "--ignore", word)
    assert (run.exit_code, run.stdout) == (2, "")
    assert "is not known" in run.stderr


def test_junit_has_a_case_for_what_was_asked_of_each_element(sides: tuple[Path, Path]) -> None:
    document = JUnitXml.fromstring(diff(*sides, "--junit").stdout.encode())
    (suite,) = document
    cases = {case.name: [(entry.type, entry.text) for entry in case.result] for case in suite}
    assert (suite.name, suite.tests, suite.failures) == ("session 1", len(cases), 2)
    failed = {name: result for name, result in cases.items() if result}
    assert failed == {
        "read Plant.Level": [("value", "value (A 7p1, B 7p1): Value: 21.5 → 22")],
        "write Plant.Valve": [("error", "error (A 9p1, B 9p1): ok → no answer")],
    }
    assert {"connection", "client_hello", "browse", "subscribe Plant.Level", "events Plant.Level"} < set(
        cases
    )


def test_a_case_fails_once_however_much_differs(tmp_path: Path) -> None:
    polls = [(f">[[0, {n}, 8]]", f"<[[1, {n}, 0]]") for n in range(3)]
    a = fill(tmp_path / "a.db", *(line for pair in polls for line in pair))
    b = fill(tmp_path / "b.db", *(line.replace(", 0]]", ", 1]]") for pair in polls for line in pair))
    (suite,) = JUnitXml.fromstring(diff(a, b, "--junit").stdout.encode())
    (failure,) = next(case for case in suite if case.name == "get_stage").result
    assert failure.text.count("\n") == 2
    assert failure.message.endswith("and 2 more")
    assert suite.failures == 1


HOSTILE = ']]><script>\0\x1b[31m\u202e\ufffe&amp;"'


def test_names_from_the_network_break_neither_tables_nor_xml(tmp_path: Path) -> None:
    lookup = f">[[0, 2, 3, {{0: {json.dumps(HOSTILE)}}}]]"
    a = fill(tmp_path / "a.db", *HELLO, lookup)
    b = fill(tmp_path / "b.db", *HELLO, lookup, f"<[[2, 2, {{0: -32102, 1: {json.dumps(HOSTILE)}}}]]")
    document = JUnitXml.fromstring(diff(a, b, "--junit").stdout.encode())
    assert document.failures == 1
    for form in ("table", "csv", "junit"):
        printed = diff(a, b, "--format", form).stdout
        assert not {"\0", "\x1b", "\u202e", "\ufffe"} & set(printed), form
