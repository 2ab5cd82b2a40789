"""The commands that the pages show: those that can run unattended do, and end well."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import BIN, ROOT, ran

PAGES = tuple(
    ROOT / page for page in ("README.md", "docs/queries.md", "docs/captures.md", "docs/deployment.md")
)
ATTENDED = re.compile(
    r"make |mitmdump |pipx? |xentara-inspect (capture|simulate|demo|watch|mock|replay|serve)\b"
    r"|python3 -m venv |/opt/|useradd |cp |printf |systemctl |journalctl |openssl "
)
"""What runs until it is stopped, needs a server or a terminal, installs, or would run these tests again."""
PLAIN = re.compile(r"""xentara-inspect (?:[^'"$`*?~|&;<>(){}#\\]|'[^']*')*""")
"""What needs no shell, and so no process of its own."""


def commands(page: Path) -> list[str]:
    """Lines with a prompt in the console blocks of a page."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line[:2] == "$ "]


def transcript(page: Path, folder: Path) -> list[tuple[str, int, str]]:
    """Run the commands of a page, one after the other in one shell: each with exit code and errors."""
    (folder / "sample_captures").symlink_to(ROOT / "sample_captures")
    said = []
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("XENTARA_DB", None)
    for command in commands(page):
        if ATTENDED.match(command) or (command.startswith("sqlite3 ") and shutil.which("sqlite3") is None):
            continue
        exported = re.fullmatch(r"export (\w+)=(\S+)", command)
        if exported:
            environment[exported[1]] = exported[2]
            continue
        if PLAIN.fullmatch(command):
            with pytest.MonkeyPatch.context() as patched, contextlib.chdir(folder):
                for name in ("XENTARA_DB", *environment.keys() - os.environ.keys()):
                    patched.delenv(name, raising=False)
                for name in environment.keys() - os.environ.keys():
                    patched.setenv(name, environment[name])
                run = ran(*shlex.split(command)[1:])
        else:
            run = subprocess.run(
                command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
        said.append((command, run.returncode, run.stderr))
    return said


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_runs_and_finds_something(page: Path, tmp_path: Path) -> None:
    said = transcript(page, tmp_path)
    assert said
    for command, code, errors in said:
        assert (code, "Traceback" in errors) == (0, False), f"{command}\n{errors}"
        # The samples were not made at 14:03, and nobody leaves a request open in them.
        if not any(words in command for words in ("--since 2026-03-01", "unanswered")):
            assert "nothing found" not in errors, command


def test_the_interpreter_of_the_tests_is_the_one_whose_commands_run() -> None:
    assert Path(sys.executable).parent == BIN
    assert (BIN / "xentara-inspect").exists()
