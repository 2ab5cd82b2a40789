"""Shell completion: what a shell gets for a line that is being typed, asked as the shell asks it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live import BIN
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION

TOOL = str(BIN / "xentara-inspect")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("completion") / "plant.db", *CONVERSATION)


def offered(*words: str, shell: str = "bash", **environment: str) -> list[str]:
    """What is offered for the last of the words behind the name of the program."""
    kept = {name: value for name, value in os.environ.items() if name != "XENTARA_DB"}
    asked = {
        "_XENTARA_INSPECT_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "\n".join(["xentara-inspect", *words]),
        "COMP_CWORD": str(len(words)),
    }
    run = subprocess.run(
        [TOOL], env={**kept, **asked, **environment}, capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    return [line.removeprefix("plain,") for line in run.stdout.splitlines() if line]


def test_commands_and_options_are_offered() -> None:
    assert offered("se") == ["sessions", "serve"]
    assert offered("findings", "--sev") == ["--severity"]
    assert offered("findings", "--severity", "") == ["error", "warning", "info"]


def test_elements_are_those_of_the_database_on_the_line(plant: Path) -> None:
    assert offered("log", "-d", str(plant), "--element", "Plant.T") == ["Plant.Tank\\\\ 1.Level"]
    assert offered("log", "-d", str(plant), "--element", "plant.v") == ["Plant.Valve"]
    assert offered("readings", "-d", str(plant), "Pl") == ["Plant.Tank\\\\ 1.Level", "Plant.Valve"]


def test_or_of_the_one_in_the_environment(plant: Path) -> None:
    assert offered("events", "--element", "Plant.V", XENTARA_DB=str(plant)) == ["Plant.Valve"]


def test_sides_of_a_comparison_are_files_or_sessions(plant: Path) -> None:
    assert offered("diff", "pl") == ["file,pl"]
    assert offered("diff", "-d", str(plant), "plant.db", "1") == ["1"]
    assert offered("diff", "--ignore", "command:re") == ["command:read", "command:resume"]
    assert "order" in offered("diff", "--ignore", "")


def test_sessions_and_what_can_be_shown_are_offered(plant: Path) -> None:
    assert offered("log", "-d", str(plant), "--session", "") == ["1"]
    assert offered("show", "-d", str(plant), "1")[:3] == ["19p1", "16p1", "15p1"]
    assert offered("show", "-d", str(plant), "la") == ["last"]


def test_what_went_wrong_is_offered_to_why_then_connections_and_subscriptions(plant: Path) -> None:
    assert offered("why", "-d", str(plant), "") == [
        "last", "19p1", "15p1", "14p1", "11p2", "11p1", "session:1", "6p1",
    ]  # fmt: skip
    assert offered("findings", "--explain", "nil") == ["nil-uuid"]


def test_names_out_of_tables_need_no_database() -> None:
    assert offered("findings", "--code", "hello") == ["hello-missing"]
    assert offered("log", "--command", "brow") == ["browse"]
    assert offered("log", "--error", "read\\ on") == ["Read\\\\ Only"]


def test_a_word_in_quotes_keeps_its_blanks(plant: Path) -> None:
    assert offered("log", "-d", str(plant), "--element", "'Plant.T") == ["Plant.Tank 1.Level"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_answered_as_well(shell: str, plant: Path) -> None:
    words = {"COMP_WORDS": f"xentara-inspect log -d {plant} --element Plant.V", "COMP_CWORD": "5"}
    if shell == "fish":
        words["COMP_CWORD"] = "Plant.V"
    assert "Plant.Valve" in "\n".join(offered(shell=shell, **words))


@pytest.mark.slow
def test_where_nothing_can_be_read_nothing_is_offered_and_nothing_said(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database")
    for path in ("none.db", "text.db", "*.nothing", ""):
        assert offered("log", "-d", str(tmp_path / path), "--element", "P") == []
        assert offered("log", "--session", "", "-d", str(tmp_path / path), "--session", "") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_takes_the_line_of_the_readme_and_keeps_what_it_is_offered_whole(plant: Path) -> None:
    script = f"""
        complete() {{ :; }}
        eval "$(_XENTARA_INSPECT_COMPLETE=bash_source xentara-inspect)"
        COMP_WORDS=(xentara-inspect log -d {plant} --element Plant.); COMP_CWORD=5
        _xentara_inspect_completion xentara-inspect
        printf '%s\\n' "${{COMPREPLY[@]}}" """
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert (run.stdout.splitlines(), run.stderr) == (["Plant.Tank\\ 1.Level", "Plant.Valve"], "")
