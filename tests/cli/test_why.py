"""`why` and `findings --explain` on the terminal: the cause first, then what shows it, then what helps."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.live import BIN
from tests.queries.asking import START, ask, fill
from tests.store_traffic import CONVERSATION, HELLO, info
from tests.terminal import on_terminal
from xentara_inspect.cli import cli
from xentara_inspect.queries.causes import CAUSE_KEYS
from xentara_inspect.traffic.rules import RULES

TOOL = str(BIN / "xentara-inspect")
IDS = re.compile(r"\(show ([^)]*)\)")


@pytest.fixture
def conversation(database: Path) -> Path:
    return fill(database, *CONVERSATION)


def invoked(database: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "-d", str(database)])


def run(database: Path, *arguments: str) -> str:
    result = invoked(database, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def on_screen(database: Path, *arguments: str, columns: int = 80) -> list[str]:
    command = [TOOL, *arguments, "--no-pager", "-d", str(database)]
    return on_terminal(command, columns=columns, NO_COLOR="1").text.replace("\r", "").splitlines()


def test_the_cause_comes_first_then_what_shows_it_then_what_helps(conversation: Path) -> None:
    assert run(conversation, "why", "11p1") == (
        "11p1 write Plant.Valve: Value = NaN: read only (no)\n"
        "\n"
        "read-only\n"
        "  - written was NaN, a float\n"
        "  - the last read said 18446744073709551615, 3 ms before (show 6p2)\n"
        "  asked: the attribute may be written (write page, error -32103)\n"
        "  helps: ask meta_data for the attribute's access before it is written, or write the set point"
        " instead\n"
    )


def test_what_went_well_is_one_line(conversation: Path) -> None:
    assert run(conversation, "why", "1p1") == (
        "1p1 went well, as far as can be seen: client_hello protocol version 1:"
        " current protocol version = 1\n"
    )


def test_every_id_can_be_pasted_into_show(conversation: Path) -> None:
    names = [row["id"] for row in ask(conversation, "log", limit=0)]
    ids = [
        name for found in IDS.findall(run(conversation, "why", *names, "session:1")) for name in found.split()
    ]
    assert len(ids) > 5
    assert run(conversation, "show", *ids)


def test_several_are_told_in_the_order_asked_for_and_as_json_are_an_array(conversation: Path) -> None:
    rows = json.loads(run(conversation, "why", "19p1", "1p1", "session:1", "--json"))
    assert [row["id"] for row in rows] == ["19p1", "1p1", "session:1"]
    assert [list(row) for row in rows] == [["id", "about", "causes"]] * 3
    (cause,) = rows[0]["causes"]
    assert list(cause) == list(CAUSE_KEYS)
    assert (cause["code"], cause["evidence"]) == ("unanswered-request", ["19p1"])
    assert rows[1]["causes"] == []
    lines = run(conversation, "why", "19p1", "1p1", "--ndjson").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["19p1", "1p1"]


@pytest.mark.parametrize("name", ["99p1", "session:9", "finding:99", "nothing", ""])
def test_what_is_not_there_is_one_line_and_no(name: str, conversation: Path) -> None:
    command = [TOOL, "why", "11p1", name, "-d", str(conversation)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    listed = r"Error: .*is not there; `xentara-inspect \w+( --json)?` lists what is\n"
    assert re.fullmatch(listed, told.stderr)


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_on_a_terminal_nothing_runs_over_the_edge(columns: int, conversation: Path) -> None:
    names = [row["id"] for row in ask(conversation, "log", limit=0)]
    lines = on_screen(conversation, "why", *names, "session:1", columns=columns)
    assert len(lines) > 50
    assert not [line for line in lines if len(line) > columns]
    assert "".join("".join(lines).split()) == "".join(run(conversation, "why", *names, "session:1").split())


def test_hostile_names_reach_no_terminal_raw(database: Path) -> None:
    key, text = json.dumps('Pl\u001b[31m\u202ex"y'), json.dumps("\u001b[0m")
    fill(database, *HELLO, f">[[0, 2, 3, {{0: {key}}}]]", f"<[[2, 2, {{0: -32100, 1: {text}}}]]")
    told = run(database, "why", "last")
    assert r"\u001b[31m\u202ex" in told
    assert told.isascii()
    assert all(character.isprintable() or character == "\n" for character in told)
    (row,) = json.loads(run(database, "why", "last", "--json"))
    assert "\u202e" not in json.dumps(row, ensure_ascii=False)


def test_show_points_to_why_on_a_terminal_where_something_went_wrong(conversation: Path) -> None:
    assert on_screen(conversation, "show", "11p1")[-1] == "xentara-inspect why 11p1 says why"
    assert on_screen(conversation, "show", "10")[-1] == "xentara-inspect why 10 says why"
    assert "why" not in "".join(on_screen(conversation, "show", "1p1"))
    for form in ("text", "json"):
        assert "says why" not in run(conversation, "show", "11p1", "--format", form)


def test_of_several_that_are_shown_the_first_that_went_wrong_is_pointed_out(conversation: Path) -> None:
    hints = [
        line for line in on_screen(conversation, "show", "1p1", "11p1", "19p1") if line.endswith("says why")
    ]
    assert hints == ["xentara-inspect why 11p1 says why"]


# findings --explain


def test_a_code_is_explained_with_how_many_there_are_and_the_last_one(conversation: Path) -> None:
    rule = RULES["unanswered-request"]
    assert run(conversation, "findings", "--explain", "unanswered-request") == (
        "unanswered-request: warning\n"
        f"  asked: {rule.asks} ({rule.source})\n"
        f"  helps: {rule.remedy}\n"
        "  there: 3, the last one (show 19p1)\n"
    )
    assert run(conversation, "findings", "--explain", "nil-uuid").endswith("  there: none\n")


@pytest.mark.parametrize("code", RULES)
def test_every_code_of_findings_is_explained(code: str, conversation: Path) -> None:
    (row,) = json.loads(run(conversation, "findings", "--explain", code, "--json"))
    rows = ask(conversation, "findings", code=code, limit=0)
    assert {key: row[key] for key in ("code", "severity", "asks", "source", "remedy")} == {
        "code": code,
        "severity": RULES[code].severity,
        "asks": RULES[code].asks,
        "source": RULES[code].source,
        "remedy": RULES[code].remedy,
    }
    assert (row["count"], row["example"] is not None) == (len(rows), bool(rows))


def test_a_code_that_is_not_known_is_held_against_those_that_are(conversation: Path) -> None:
    command = [TOOL, "findings", "--explain", "nil-uid", "-d", str(conversation)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "Error: finding code nil-uid is not known; did you mean nil-uuid?\n"


def test_of_several_databases_findings_are_counted_together(conversation: Path, tmp_path: Path) -> None:
    other = fill(tmp_path / "other.db", *CONVERSATION, about=info("flow-2"), start=START + 10**12)
    both = invoked(conversation, "findings", "--explain", "unanswered-request", "-d", str(other), "--csv")
    assert both.stdout.splitlines()[1].endswith(",6,other:19p1")
