"""`decode`: what it takes for bytes, what it prints, how it ends."""

from __future__ import annotations

import base64
import resource
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from xentara_inspect import annotate
from xentara_inspect.cli import cli

GET_STAGE = bytes.fromhex("818300184108")
NOTATION = """\
[        # Outer Array: 1 packet
  [      # Packet 1: Request
    0,   # Packet Type: Request
    65,  # Message Id
    8    # OpCode: get_stage
  ]
]
"""


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(cli, ["decode", *arguments], input=stdin)


@pytest.mark.parametrize(
    "given",
    [
        "818300184108",
        "81 83 00 18 41 08",
        "0x81, 0x83, 0x00, 0x18, 0x41, 0x08",
        "0x818300184108",
        r"\x81\x83\x00\x18\x41\x08",
        "81:83:00:18:41:08",
        "8183\n0018\n4108\n",
        "818300184108".upper(),
        base64.b64encode(GET_STAGE).decode(),
        base64.urlsafe_b64encode(GET_STAGE).decode().rstrip("="),
    ],
)
def test_hexadecimal_and_base64_are_taken_for_what_they_are(given: str, tmp_path: Path) -> None:
    file = tmp_path / "message"
    file.write_text(given)
    for result in (
        run(given),
        run("-", stdin=given.encode()),
        run(stdin=given.encode()),
        run("-f", str(file)),
    ):
        assert result.output == NOTATION
        assert result.exit_code == 0


def test_files_and_the_standard_input_may_hold_the_raw_bytes(tmp_path: Path) -> None:
    file = tmp_path / "message.cbor"
    file.write_bytes(GET_STAGE)
    assert run("--file", str(file)).output == NOTATION
    assert run("-", stdin=GET_STAGE).output == NOTATION
    assert run("-", stdin=b"\x01").output == "1  # not a message: unsigned integer\n"


@pytest.mark.parametrize("given", ["8", "8183001", "hello, world!", "zz zz !", "0x", "Grüße"])
def test_anything_else_is_one_line_on_stderr(given: str) -> None:
    result = run(given)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: the input is neither hexadecimal nor base64")
    assert result.stderr.count("\n") == 1


def test_of_nothing_it_says_so() -> None:
    assert run().stderr == "Error: there is nothing to decode\n"


def test_malformed_bytes_are_shown_as_far_as_they_go_and_end_with_1() -> None:
    result = run("81830018")
    assert result.exit_code == 1
    assert result.stdout == annotate(bytes.fromhex("81830018"))
    assert "# Malformed: byte 3: found initial byte 0x18 and 0 bytes of argument" in result.stdout


def test_the_bare_notation_has_no_comments() -> None:
    assert run("--no-comments", "818300184108").output == "[\n  [\n    0,\n    65,\n    8\n  ]\n]\n"


def test_the_direction_can_be_given() -> None:
    assert "wrong direction" not in run("--from", "client", "818300184108").output
    assert "wrong direction: from the server" in run("--from", "server", "818300184108").output


def test_lines_are_shown_beside_their_bytes() -> None:
    rows = run("--hex", "818300184103" + "a1006c506c616e742e54616e6b2031").output.splitlines()
    assert rows[3].split() == ["03", "18", "41", "65,", "#", "Message", "Id"]
    long = run("--hex", "82" + "7818" + "61" * 24 + "00").output.splitlines()
    assert long[1].startswith("01  78 18 61 61 61 61 61 61 61 61 61 61 61 61 61 61   ")
    assert long[2] == "11  61 61 61 61 61 61 61 61 61 61"
    assert long[-1].strip() == "]"


def test_every_byte_stands_in_the_hexadecimal_column_once() -> None:
    payload = bytes.fromhex("8383001841038300010883000203a1")
    shown = b"".join(
        bytes.fromhex(row[3:51]) for row in run("--hex", payload.hex()).output.splitlines() if row[:1] != " "
    )
    assert shown == payload


@pytest.mark.parametrize(
    "arguments", [["00", "-f", __file__], ["--hex", "--no-comments", "00"], ["--from", "me", "00"]]
)
def test_contradictions_are_wrong_usage(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_it_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "xentara_inspect", "decode", "-"],
        input=GET_STAGE, capture_output=True, check=False,
    )  # fmt: skip
    assert done.stdout.decode() == NOTATION
    assert done.stderr == b""
    assert done.returncode == 0


_SIZE = 600_000
_COUNT = struct.pack(">I", _SIZE)
_HALF = struct.pack(">I", _SIZE // 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "payload",
    [
        b"\x9a" + _COUNT + b"\x00" * _SIZE,
        b"\x9a" + _HALF + b"\x81\x00" * (_SIZE // 2),
        pytest.param(b"\x81\x84\x00\x01\x04\x9a" + _COUNT + b"\x00" * _SIZE, marks=pytest.mark.stress),
        pytest.param(b"\x81\x83\x00\x01\x08" + b"\x00" * _SIZE, marks=pytest.mark.stress),
        b"\x9f" + b"\x83\x00\x01\x08" * (_SIZE // 4) + b"\xff",
        pytest.param(b"\x9a" + _COUNT + b"\x83\x00\x01\x08" * (_SIZE // 4), marks=pytest.mark.stress),
        b"\x81" * _SIZE + b"\x80",
        pytest.param(b"\x82" * (_SIZE // 2) + b"\x00" * (_SIZE // 2), marks=pytest.mark.stress),
    ],
    ids=[
        "numbers", "arrays", "a packet of numbers", "trailing numbers", "a batch", "a batch without end",
        "arrays in one another", "arrays in one another without end",
    ],
)  # fmt: skip
def test_dense_bytes_cost_hardly_more_memory_than_they_weigh(payload: bytes, tmp_path: Path) -> None:
    file = tmp_path / "dense"
    file.write_bytes(payload)
    limit = 110 << 20  # of address space: as items alone they would take 90 MB and more
    done = subprocess.run(
        [sys.executable, "-m", "xentara_inspect", "decode", "--file", file, "--no-comments"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert b"Error" not in done.stderr
    assert done.returncode in (0, 1)
