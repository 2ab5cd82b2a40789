"""`show` on the terminal: what stands over each packet, and several at once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.live import BIN
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION
from xentara_inspect.cli import cli


@pytest.fixture
def conversation(database: Path) -> Path:
    return fill(database, *CONVERSATION)


def run(database: Path, *arguments: str) -> str:
    result = CliRunner().invoke(cli, ["show", *arguments, "-d", str(database)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("name", "headings"),
    [
        ("11p1", ["Request", "Response"]),
        ("19p1", ["Request", "Response"]),
        ("18p1", ["Event"]),
        ("14p2", ["Malformed"]),
        ("10", ["Malformed"]),
        ("8", ["Frame"]),
    ],
)
def test_each_packet_is_headed_by_what_it_is(name: str, headings: list[str], conversation: Path) -> None:
    said = [line.partition(" · ")[0] for line in run(conversation, name).splitlines() if " · " in line]
    assert said[1:] == headings
    assert said[0].split()[1] == name


def test_several_are_shown_in_the_order_asked_for(conversation: Path) -> None:
    shown = json.loads(run(conversation, "18p1", "11p1", "--json"))
    assert [row["id"] for row in shown] == ["18p1", "11p1"]
    text = run(conversation, "18p1", "11p1")
    assert text.index("event 18p1") < text.index("exchange 11p1")


def test_one_that_is_not_there_is_named(conversation: Path) -> None:
    command = [str(BIN / "xentara-inspect"), "show", "11p1", "99p1", "-d", str(conversation)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("Error: 99p1 is not in ")
