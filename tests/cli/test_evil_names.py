"""Names of files are printed as text from the network is: nothing in them moves a cursor or is markup."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live import BIN, ROOT, ran
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION

EVIL = "E\x1b]0;title\x07\n\u202eQ\x9b"
SAMPLE = ROOT / "sample_captures" / "good-run.flow"


def assert_plain(text: str) -> None:
    for line in text.split("\n"):
        assert line.isprintable(), ascii(line)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a capture, an empty file and a database, all of them with names that do harm."""
    shutil.copy(SAMPLE, tmp_path / f"{EVIL}.flow")
    (tmp_path / f"{EVIL}.empty").touch()
    fill(tmp_path / f"{EVIL}.db", *CONVERSATION)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", f"{EVIL}.flow", "-d", "new.db"),
        ("import", f"{EVIL}.empty", f"{EVIL}.none", "-d", "new.db"),
        ("reindex", "-d", f"{EVIL}.db"),
        ("report", "-d", f"{EVIL}.db", "-o", f"{EVIL}.html"),
        ("readings", "-d", f"{EVIL}.db", "--plot", f"{EVIL}.svg"),
        ("export", "-d", f"{EVIL}.db", "--har", f"{EVIL}.har"),
        ("export", "-d", f"{EVIL}.db", "--flow", f"{EVIL}.out"),
        ("export", "-d", f"{EVIL}.db", "--parquet", f"{EVIL}.parts"),
        ("archive", "-d", f"{EVIL}.db", "--to", f"{EVIL}.archive", "--site", "north", "--seal"),
        ("share", f"{EVIL}.db", "-o", f"{EVIL}.copy"),
        ("names", "import", f"{EVIL}.none", "-d", "new.db"),
        ("status", "-d", f"{EVIL}.db"),
        ("log", "-d", f"{EVIL}.none"),
    ],
    ids=lambda arguments: "-".join(word for word in arguments if word.strip("-").isalpha()),
)
def test_the_name_of_a_file_is_shown_with_escapes(arguments: tuple[str, ...], here: Path) -> None:
    assert here.exists()
    run = ran(*arguments)
    assert "internal error" not in run.stderr
    assert run.stdout or run.stderr
    assert_plain(run.stdout)
    assert_plain(run.stderr)


def test_the_name_of_a_file_beside_a_progress_bar_is_no_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "[").mkdir()
    fill(Path("[", "b].db"), *CONVERSATION)
    terminal, side = pty.openpty()
    command = [
        str(BIN / "xentara-inspect"),
        "archive",
        "-d",
        "[/b].db",
        "--to",
        "parts",
        "--site",
        "n",
        "--seal",
    ]
    with subprocess.Popen(command, stdin=side, stdout=side, stderr=side) as child:
        os.close(side)
        said = b""
        try:
            while piece := os.read(terminal, 4096):
                said += piece
        except OSError:  # the other side of a terminal is closed
            pass
    os.close(terminal)
    assert child.returncode == 0, said
    assert b"archived" in said


def test_a_har_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    har = tmp_path / "marked.har"
    database = fill(tmp_path / "plant.db", *CONVERSATION)
    har.write_bytes(b"\xef\xbb\xbf" + ran("export", "-d", database, "--har", "-").stdout.encode())
    assert json.loads(har.read_text("utf-8-sig"))
    run = ran("import", har, "-d", tmp_path / "new.db")
    assert (run.returncode, run.stderr.startswith(f"{har}: 1 session, ")) == (0, True), run.stderr


def test_what_is_wrong_with_standard_input_is_said_of_it(tmp_path: Path) -> None:
    run = subprocess.run(
        [BIN / "xentara-inspect", "import", "-", "-d", tmp_path / "new.db"],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("Error: -: empty; ")
