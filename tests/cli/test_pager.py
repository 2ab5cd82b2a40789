"""What is long goes through a pager where people read it, and colours go where they are wanted."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live import BIN
from tests.queries.asking import fill
from tests.store_traffic import HELLO, event
from tests.terminal import OnTerminal, on_terminal

TOOL = str(BIN / "xentara-inspect")
PAGER = "sed s/^/paged:/"
"""A pager that leaves its mark."""
HEAD = "\x1b[1mID\x1b[0m"
OK = "\x1b[32mok\x1b[0m"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("pager") / "plant.db"
    return fill(database, *HELLO, *(event(number) for number in range(60)))


def on_screen(plant: Path, *arguments: str, **environment: str) -> OnTerminal:
    """A screen of 24 lines and 80 columns."""
    command = [TOOL, *arguments, "-d", str(plant)]
    environment.setdefault("PAGER", PAGER)
    return on_terminal(command, columns=80, lines=24, **environment)


def is_paged(shown: OnTerminal) -> bool:
    assert shown.code == 0, shown.text
    lines = shown.text.splitlines()
    marked = [line.startswith("paged:") for line in lines]
    assert all(marked) or not any(marked)
    return all(marked)


@pytest.mark.parametrize(
    "arguments", [("events",), ("readings", "--ndjson"), ("show", "1-4"), ("log", "--events")]
)
def test_what_is_longer_than_the_screen_goes_through_the_pager(
    arguments: tuple[str, ...], plant: Path
) -> None:
    assert is_paged(on_screen(plant, *arguments))


def test_all_of_it_does(plant: Path) -> None:
    shown = on_screen(plant, "readings", "--limit", "0", "--csv")
    assert len(shown.text.splitlines()) == 121


@pytest.mark.parametrize(
    "arguments",
    [("events", "--limit", "3"), ("events", "--no-pager"), ("show", "1-4", "--no-pager"), ("sessions",)],
)
def test_what_is_short_does_not_nor_what_shall_not(arguments: tuple[str, ...], plant: Path) -> None:
    assert not is_paged(on_screen(plant, *arguments))


@pytest.mark.parametrize("pager", ["", "cat", "no-such-program-at-all", "'"])
def test_without_a_pager_it_is_printed_as_it_is(pager: str, plant: Path) -> None:
    assert not is_paged(on_screen(plant, "events", PAGER=pager))


def test_lines_that_the_terminal_breaks_count_as_often_as_they_are_broken(plant: Path) -> None:
    arguments = ("events", "--limit", "10", "--ndjson")
    assert is_paged(on_screen(plant, *arguments))
    assert not is_paged(on_terminal([TOOL, *arguments, "-d", str(plant)], lines=24, columns=500, PAGER=PAGER))


def test_a_pager_that_is_left_early_is_no_error(plant: Path) -> None:
    shown = on_screen(plant, "readings", "--limit", "0", PAGER="head -2")
    assert (shown.code, len(shown.text.splitlines())) == (0, 2)


@pytest.mark.skipif(shutil.which("less") is None, reason="there is no less")
def test_less_shows_colours_and_leaves_the_text_where_it_was(plant: Path) -> None:
    command = [TOOL, "log", "--events", "-d", str(plant)]
    shown = on_terminal(command, lines=24, keys="q", PAGER="less")
    assert shown.code == 0
    assert HEAD in shown.text
    assert "\x1b[?1049h" not in shown.text  # another screen


def test_another_program_gets_it_without_pager_and_without_colours(plant: Path) -> None:
    assert "\x1b" not in piped(plant)


def piped(plant: Path, *arguments: str, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    run = subprocess.run(
        [TOOL, "log", *arguments, "-d", plant], capture_output=True, text=True, check=True,
        env={**kept, "TERM": "xterm", **environment},
    )  # fmt: skip
    return run.stdout


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(("--color", "always"), {}), ((), {"FORCE_COLOR": "1"}), (("--color=always",), {"NO_COLOR": "1"})],
)
def test_colours_that_are_asked_for_reach_a_pipe(
    arguments: tuple[str, ...], environment: dict[str, str], plant: Path
) -> None:
    text = piped(plant, *arguments, **environment)
    assert HEAD in text
    assert OK in text


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [((), {"NO_COLOR": "1"}), (("--color", "never"), {"FORCE_COLOR": "1"}), ((), {"TERM": "dumb"})],
)
def test_colours_that_are_not_wanted_reach_no_terminal(
    arguments: tuple[str, ...], environment: dict[str, str], plant: Path
) -> None:
    assert HEAD in on_screen(plant, "log").text
    assert "\x1b" not in on_screen(plant, "log", *arguments, **environment).text
    assert "\x1b" not in on_screen(plant, "show", "1p1", *arguments, **environment).text


def test_an_empty_variable_says_nothing(plant: Path) -> None:
    assert HEAD in on_screen(plant, "log", NO_COLOR="").text
    assert HEAD not in piped(plant, FORCE_COLOR="")
