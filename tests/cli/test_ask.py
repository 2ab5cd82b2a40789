"""`ask`: questions out of a file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.live import BIN
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION

QUESTIONS = """
[questions]
refused = "log --status error"
level = "readings 'Plant.Tank 1.Level'"
loop = "ask refused"
quoted = "log 'x"
empty = ""
wrong = "log --nonsense"
"""


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("ask") / "plant.db", *CONVERSATION)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "xentara-inspect" / "config.toml"
    file.parent.mkdir()
    file.write_text(QUESTIONS, encoding="utf-8")
    return file


def run(config: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "xentara-inspect", *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "XDG_CONFIG_HOME": str(config.parent.parent), **environment},
    )  # fmt: skip


@pytest.mark.slow
def test_a_question_is_its_command_line_and_what_is_added(plant: Path, config: Path) -> None:
    for question, line in (
        (("refused",), ("log", "--status", "error")),
        (("refused", "--json", "--limit", "1"), ("log", "--status", "error", "--json", "--limit", "1")),
        (("level", "--csv"), ("readings", "Plant.Tank 1.Level", "--csv")),
    ):
        asked = run(config, "ask", *question, XENTARA_DB=str(plant))
        assert asked.stdout
        assert (asked.returncode, asked.stderr) == (0, "")
        assert asked.stdout == run(config, *line, "-d", str(plant)).stdout


def test_without_a_name_they_are_listed(config: Path) -> None:
    assert run(config, "ask").stdout.splitlines()[:2] == [
        "Name     Question",
        "refused  log --status error",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("refusde",), 1, "Error: question refusde is not known; did you mean refused?"),
        (("x-y",), 1, "Error: question x-y is not known; `xentara-inspect ask` lists what is"),
        (("loop",), 1, "Error: question loop is no command: 'ask refused'"),
        (("empty",), 1, "Error: question empty is no command: ''"),
        (("quoted",), 1, "Error: question quoted is no command line: no closing quotation"),
        (("wrong",), 2, "Error: No such option"),
        (("refused", "-d", "none.db"), 1, "Error: none.db does not exist"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    arguments: tuple[str, ...], code: int, said: str, config: Path
) -> None:
    asked = run(config, "ask", *arguments)
    assert (asked.returncode, asked.stdout) == (code, "")
    assert asked.stderr.splitlines()[-1].startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[questions", "Expected ']' at the end of a table declaration"),
        (b"\xff", "can't decode byte 0xff"),
        (b"[question]\na = 'log'", "question is not known; there is [questions]"),
        (b"questions = 7", "[questions] has names, and command lines in quotes"),
        (b"[questions]\na = ['log']", "[questions] has names, and command lines in quotes"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes, said: str, config: Path) -> None:
    config.write_bytes(content)
    asked = run(config, "ask", "a")
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr.startswith(f"Error: {config}: ")
    assert said in asked.stderr
    assert asked.stderr.count("\n") == 1


def test_without_a_file_the_place_for_it_is_said(config: Path) -> None:
    config.unlink()
    asked = run(config, "ask")
    assert (asked.returncode, asked.stderr) == (0, f"no questions yet; {config} is the file for them\n")


def test_shells_complete_their_names(config: Path) -> None:
    line = {
        "_XENTARA_INSPECT_COMPLETE": "bash_complete",
        "COMP_WORDS": "xentara-inspect\nask\nre",
        "COMP_CWORD": "2",
    }
    assert run(config, **line).stdout == "plain,refused\n"
    config.write_text("[")
    said = run(config, **line)
    assert (said.stdout.strip(), said.stderr) == ("", "")
