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
from tests.terminal import on_terminal
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


def ids(database: Path, *names: str) -> list[str]:
    return [row["id"] for row in json.loads(run(database, *names, "--json"))]


def test_the_last_line_of_the_log_is_last(conversation: Path) -> None:
    assert ids(conversation, "last") == ["19p1"]


def test_a_range_is_all_messages_or_all_packets_from_one_to_the_other(conversation: Path) -> None:
    assert ids(conversation, "8-10") == ["8", "9", "10"]
    assert ids(conversation, "9p1-14p2", "18p1") == [
        "9p1",
        "10",
        "11p1",
        "11p2",
        "13",
        "14p1",
        "14p2",
        "18p1",
    ]


def test_an_exchange_whose_packets_are_both_in_a_range_is_shown_once(conversation: Path) -> None:
    assert ids(conversation, "1p1-2p1") == ["1p1"]
    assert ids(conversation, "2p1", "1p1") == ["1p1"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("99-120", "99-120 is not in "),
        ("9-8", "9-8 ends before it begins"),
        ("8p1-9", "8p1-9 is no range of messages such as 40-45, nor of packets such as 42p1-42p9"),
        ("8-99999999999999", "8-99999999999999 is no range of messages"),
    ],
)
def test_a_range_of_nothing_is_one_line(name: str, said: str, conversation: Path) -> None:
    command = [str(BIN / "xentara-inspect"), "show", name, "-d", str(conversation)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"Error: {said}")


def test_in_several_recordings_a_range_has_the_name_of_the_file(conversation: Path, tmp_path: Path) -> None:
    other = fill(tmp_path / "other.db", *CONVERSATION[:4], start=1_800_000_000_000_000_000)
    both = ("-d", str(other))
    assert ids(conversation, "other:1p1-2p1", *both) == ["other:1p1"]
    assert ids(conversation, "other:1-other:2", *both) == ["other:1", "other:2"]
    assert ids(conversation, "last", *both) == ["other:3p2"]


def test_bytes_are_those_of_the_packet_or_the_message(conversation: Path) -> None:
    assert run(conversation, "1", "--hex") == "818400010ea200010101\n"
    assert run(conversation, "1p1", "--hex") == "8400010ea200010101\n"
    assert run(conversation, "2p1", "--hex") == "830101a10001\n"
    assert run(conversation, "13", "--hex") == f"{b'hello'.hex()}\n"
    assert run(conversation, "1-3", "--hex").count("\n") == 3


def test_raw_bytes_come_one_behind_the_other_and_never_to_a_terminal(conversation: Path) -> None:
    command = [str(BIN / "xentara-inspect"), "show", "1", "2p1", "--raw", "-d", str(conversation)]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    assert raw.hex() == run(conversation, "1", "2p1", "--hex").replace("\n", "")
    shown = on_terminal(command)
    assert (shown.code, shown.text) == (
        1,
        "Error: a terminal is no place for raw bytes: take --hex, or send them to a file or program\r\n",
    )


def test_a_reader_that_has_seen_enough_ends_it_quietly(conversation: Path) -> None:
    shown = subprocess.run(
        f"{BIN}/xentara-inspect show 1-19 -d {conversation} | head -1",
        shell=True, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (shown.stdout.count("\n"), shown.stderr) == (1, "")


def test_on_a_narrow_terminal_nothing_runs_over_its_edge_but_what_cannot_be_broken(
    conversation: Path,
) -> None:
    command = [str(BIN / "xentara-inspect"), "show", "11p1", "14p2", "--no-pager", "-d", str(conversation)]
    lines = on_terminal(command, columns=44, NO_COLOR="1").text.replace("\r", "").splitlines()
    assert lines[0] == "exchange 11p1 · session 1 · write · error"
    assert lines[1].startswith("  -32103 Read Only · ")
    assert [line for line in lines if len(line) > 44] == ["    0: 37(h'00112233445566778899AABBCCDDEEFF'),"]
    assert any(len(line) > 44 and " · " in line for line in run(conversation, "11p1").splitlines())
