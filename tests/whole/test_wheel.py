"""The wheel in fresh environments, far from the source tree: each extra works, and without it a line says so.

A line in `USES` is a command that needs an extra.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from tests.collecting import Receiver, free_port
from tests.live import ROOT, Process
from tests.terminal import on_terminal
from tests.whole.test_installed import check

pytestmark = pytest.mark.stress

SLOWEST = 120.0
"""Seconds that a command may take."""


class Ended(NamedTuple):
    """What a command printed, on whichever output, and its exit code."""

    text: str
    code: int


def run(command: Sequence[str]) -> Ended:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SLOWEST, check=False
    )
    return Ended(done.stdout, done.returncode)


def look_at(command: Sequence[str]) -> Ended:
    """Run it in front of a terminal, and quit."""
    return Ended(*on_terminal(command, keys="q", after="Tank 1"))


def ask(command: Sequence[str], page: str = "metrics", at: str = "{}") -> Ended:
    """Run it until it has answered a question by HTTP. at: how it is told its port."""
    port = free_port()
    with Process([*command, at.format(port)]) as running:
        running.wait_for_line("Listening on|Stop with Ctrl-C")
        with urlopen(f"http://127.0.0.1:{port}/{page}", timeout=SLOWEST) as answer:
            said = answer.read().decode()
        running.stop(signal.SIGINT)
        assert running.child.returncode is not None
        return Ended(said, running.child.returncode)


def open_page(command: Sequence[str]) -> Ended:
    """Run it until it has shown a page."""
    return ask(command, "plant/exchanges_readable", at="127.0.0.1:{}")


def send(command: Sequence[str]) -> Ended:
    """Run it with a collector to send to."""
    with Receiver() as receiver:
        ended = run([*command, receiver.url])
    return Ended(f"{ended.text}{len(receiver.spans)} came", ended.code)


class Use(NamedTuple):
    """A command that needs an extra, what it shows where that is installed, and how it is run."""

    extra: str
    command: str
    shows: str
    how: Callable[[Sequence[str]], Ended] = run


CAPTURE = "capture -d new.db --upstream http://127.0.0.1:9 --listen 127.0.0.1:0"
USES = (
    Use("archive", "archive -d plant.db --to archive --site north --seal", "plant.db: archived, .* frames"),
    Use("archive", "archive verify archive", "1 part, .* frames: whole"),
    Use("archive", "export -d plant.db --parquet tables", "sessions 77, log .*, readings"),
    Use("health", f"{CAPTURE} --health", "xentara_healthy 1", ask),
    Use("lake", "lake decode --from archive --to lake", "frames decoded into lake"),
    Use("lake", "sql --lake lake 'SELECT count(*) AS found FROM sessions'", "found\n *77"),
    Use("lake", "log -d lake:lake", "Plant.Tank 1.Level"),
    Use("otlp", "export -d plant.db --otlp", r"([0-9]+) spans\n\1 came", send),
    Use("plot", "readings 'Plant.Tank 1.Level' -d plant.db --plot", "┌─"),
    Use("plot", "readings 'Plant.Tank 1.Level' -d plant.db --plot level.svg", "drawn into level.svg"),
    Use("spark", "lake decode --from archive --to lake --master 'local[1]'", "frames decoded into lake"),
    Use("tui", "watch -d plant.db", "Tank 1", look_at),
    Use("web", "serve -d plant.db --listen", "Plant.Tank 1", open_page),
)
BEFORE = {"lake": ["archive"], "spark": ["archive"]}
"""Extras whose commands ask what others made."""

PACKAGE = ROOT / "xentara_inspect"
OURS = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.*") if "__pycache__" not in path.parts]
"""What the package consists of."""

NOT_INSTALLED = {"spark"}
"""Hundreds of megabytes, and Java: `make test-spark` has it."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip(Path(sys.executable), "wheel", "--no-deps", "-w", str(folder), str(ROOT))
    (made,) = folder.glob("*.whl")
    return made


def pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True, timeout=900)


class Installed:
    """A fresh environment with the wheel, and samples in `plant.db`."""

    def __init__(self, folder: Path, wheel: Path, extra: str = "") -> None:
        subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
        pip(folder / "env" / "bin" / "python", "install", f"{wheel}[{extra}]" if extra else str(wheel))
        self.program = str(folder / "env" / "bin" / "xentara-inspect")
        samples = self.run("samples").split()
        assert all(path.startswith(str(folder)) for path in samples)
        self.run("import", *samples, "-d", "plant.db")

    def run(self, *arguments: str) -> str:
        """What a command prints that needs no extra."""
        command = [self.program, *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=SLOWEST, check=True).stdout

    def use(self, use: Use) -> Ended:
        return use.how([self.program, *shlex.split(use.command)])


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where nothing of the source tree is found."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("PYTHON", "XENTARA", "VIRTUAL_ENV"))]:
        monkeypatch.delenv(name)
    return tmp_path


def test_every_extra_has_its_uses() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {use.extra for use in USES} == declared.keys()


@pytest.mark.parametrize("extra", sorted({use.extra for use in USES} - NOT_INSTALLED))
def test_what_an_extra_is_for_works(extra: str, wheel: Path, elsewhere: Path) -> None:
    installed = Installed(elsewhere, wheel, extra)
    for use in USES:
        if use.extra == extra or use.extra in BEFORE.get(extra, ()):
            ended = installed.use(use)
            assert re.search(use.shows, ended.text), ended.text
            assert ended.code == 0


def test_without_any_extra_the_rest_works_and_a_line_says_what_to_install(
    wheel: Path, elsewhere: Path
) -> None:
    installed = Installed(elsewhere, wheel)
    check(installed.run)
    there = Path(installed.run("addon-path")).parents[1]
    assert not [path for path in OURS if not (there / path).exists()]  # such as templates and scripts
    assert "Plant.Tank 1" in installed.run("log", "-d", "plant.db")
    ways: dict[object, list[str]] = {
        send: ["http://127.0.0.1:9"],
        ask: ["9108"],
        open_page: ["127.0.0.1:9109"],
    }
    for use in USES:
        where = ways.get(use.how, [])
        told = run([installed.program, *shlex.split(use.command), *where])
        extra = "lake" if use.extra in NOT_INSTALLED else use.extra  # which it needs as well, and first
        assert told.code == 1, told
        assert re.fullmatch(
            rf"Error: .* which is not installed: pip install 'xentara-inspect\[{extra}\]'\n", told.text
        ), told.text


def test_what_only_spark_does_says_so_where_all_else_is_there(wheel: Path, elsewhere: Path) -> None:
    installed = Installed(elsewhere, wheel, "archive")
    for use in (use for use in USES if use.extra in ("archive", "spark")):
        ended = installed.use(use)
    assert ended.text == (
        "Error: this needs pyspark, which is not installed: pip install 'xentara-inspect[spark]'\n"
    )
    assert ended.code == 1
