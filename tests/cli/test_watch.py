"""`watch` on the screen, its keys pressed by textual's pilot; what it cannot do is one line."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.journal import Journal
from tests.live import BIN, PATIENCE, ROOT, inspect, run_async
from tests.queries.asking import START, fill
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, LIVE_INFO, VALVE, frames
from tests.terminal import on_terminal
from xentara_inspect.cli.tui import plant_tree
from xentara_inspect.cli.tui.app import WatchApp
from xentara_inspect.cli.tui.time_line import TimeLine
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries.watching import Watching

NARROW, WIDE = (80, 24), (120, 40)
SECOND = 10**9


@pytest.fixture
def conversation(database: Path) -> Path:
    return fill(database, *CONVERSATION)


@asynccontextmanager
async def on_screen(
    database: Path, size: tuple[int, int] = NARROW, wanted: str = "", now: int = START + SECOND
) -> AsyncIterator[Pilot[None]]:
    """The app, once it shows something. now: what the clock says."""
    with closing(Watching([str(database)])) as watching:
        app = WatchApp(watching, wanted, lambda: now)
        async with app.run_test(size=size) as pilot:
            await seen(pilot, lambda _: app.picture is not None)
            yield pilot


def lines(pilot: Pilot[None]) -> list[str]:
    """The screen as text."""
    rows: dict[float, dict[float, str]] = {}
    for x, y, text in re.findall(
        r'<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', pilot.app.export_screenshot()
    ):
        rows.setdefault(float(y), {})[float(x)] = html.unescape(text).replace("\xa0", " ")
    return ["".join(text for _, text in sorted(row.items())) for _, row in sorted(rows.items())]


async def seen(pilot: Pilot[None], what: str | Callable[[str], bool]) -> str:
    """Wait until there is a text on the screen, or a condition on all of it holds. Returns the screen."""
    for _ in range(int(PATIENCE * 20)):
        await pilot.pause(0.05)
        screen = "\n".join(lines(pilot))
        if what in screen if isinstance(what, str) else what(screen):
            return screen
    raise AssertionError(f"{what} is never on the screen:\n{screen}")


def said(value: Any, of: str = LEVEL) -> str:
    return f"<[[8, 0, {{1: {of}, 2: {{11: 121({value}), 9: 121(0)}}}}]]"


def lookup(key: str, of: str) -> tuple[str, str]:
    return f'>[[0, 7, 3, {{0: "{key}"}}]]', f"<[[1, 7, {of}]]"


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_the_plant_is_a_tree_with_last_values(size: tuple[int, int], conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation, size) as pilot:
            screen = await seen(pilot, "# Packet 1: Event")
        assert re.search(r"▼ Plant .*\n.*▼ Tank 1", screen)
        assert re.search(r"Level +3\.5 +Good +0\.3/s +9\.0s", screen)
        assert "ENDED" in screen
        assert "event 18p1" in screen  # in notation

    run_async(main())


def test_in_a_wide_terminal_everything_stands_beside_each_other(conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation, WIDE) as pilot:
            screen = await seen(pilot, "element_uuid")
        assert "10.0.0.7:51234" in screen
        titles = ("Element ", "2 sessions", "3 errors and findings", "malformed-cbor", "1 details")
        places = [screen.index(title) for title in titles]
        assert places == sorted(places)

    run_async(main())


def test_in_a_narrow_one_panes_take_turns(conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation) as pilot:
            assert "2 sessions" not in await seen(pilot, "1 details")
            await pilot.press("2")
            assert "1 details" not in await seen(pilot, "10.0.0.7:51234")
            await pilot.press("3")
            await seen(pilot, "unanswered-request")

    run_async(main())


def test_time_stops_and_is_gone_through(conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation) as pilot:
            await pilot.press("space")
            await seen(pilot, "PAUSED   2023-11-14 22:13:29.000Z")  # when the connection was closed
            await pilot.press(*["comma"] * 11)
            screen = await seen(pilot, lambda screen: "22:13:20.009Z" in screen and "event 9p1" in screen)
            assert re.search(r"Level +2\.5 ", screen)
            await pilot.press("home")
            screen = await seen(pilot, "22:13:20.001Z")
            assert not re.search(r"Level +\d", screen)
            await pilot.press("end")
            assert "ENDED" in await seen(pilot, "3.5")

    run_async(main())


def test_the_line_of_time_is_walked_along_and_clicked_on(conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation) as pilot:
            line = pilot.app.query_one(TimeLine)
            assert line.time == line.last
            await pilot.press("left")
            await seen(pilot, "PAUSED")
            assert line.time == line.last - line.step
            await pilot.click(TimeLine, offset=(40, 0))
            await seen(pilot, lambda _: line.first < line.time < line.last - 2 * line.step)

    run_async(main())


@pytest.mark.slow
def test_a_filter_is_a_name_part_of_one_or_a_pattern(conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation, wanted="plant.tank*") as pilot:
            await seen(pilot, lambda screen: "Level" in screen and "▼ Plant" in screen)
            assert "  Valve" not in "\n".join(lines(pilot))
            await pilot.press("slash", "escape")
            await seen(pilot, "  Valve")
            await pilot.press("slash", *"valv", "enter")
            await seen(pilot, lambda screen: "/valv" in screen and "▼ Tank 1" not in screen)

    run_async(main())


def test_an_element_is_shown_on_the_whole_screen(conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation) as pilot:
            await seen(pilot, "event 18p1")
            await pilot.press("enter")
            assert "Quality  " not in await seen(pilot, lambda screen: "Element " not in screen)
            await pilot.press("escape")
            await seen(pilot, "Element ")

    run_async(main())


@pytest.mark.slow
def test_an_error_is_shown_in_notation(conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation, WIDE) as pilot:
            await pilot.press("3", "down", "up")
            screen = await seen(pilot, lambda screen: "event 18p1" not in screen)
            newest = re.search(r"│ *[\d:.]+ +(\d+(?:p\d+)?) ", screen)
            assert newest is not None
            await seen(pilot, f" {newest[1]} · session 1")
            await pilot.press("escape")
            await seen(pilot, "event 18p1")

    run_async(main())


def test_in_a_narrow_terminal_enter_shows_the_error_under_the_cursor(conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation) as pilot:
            await pilot.press("3", "enter")
            assert "1 details" in await seen(pilot, "exchange 11p2 · session 1")
            await pilot.press("escape")
            await seen(pilot, "event 18p1")

    run_async(main())


def test_a_recording_is_followed(database: Path) -> None:
    async def main() -> None:
        made = frames(*HELLO, *lookup("Plant.Level", LEVEL), said(1), said(2), *lookup("Plant.Valve", VALVE))
        with Journal(database) as journal:
            session = journal.open_session(LIVE_INFO)
            journal.record(session, made[:5])
            catch_up(database)
            async with on_screen(database) as pilot:
                assert "LIVE" in await seen(pilot, lambda screen: bool(re.search(r"Level +1 ", screen)))
                journal.record(session, made[5:])
                catch_up(database)
                await seen(pilot, lambda screen: bool(re.search(r"Level +2 ", screen)) and "Valve" in screen)
                await pilot.press("space")
                await seen(pilot, "PAUSED")

    run_async(main())


def test_a_database_that_vanishes_and_comes_back_is_said_and_shown(conversation: Path) -> None:
    async def main() -> None:
        away = conversation.with_suffix(".away")
        async with on_screen(conversation) as pilot:
            conversation.rename(away)
            await seen(pilot, lambda screen: " any" in screen and "more" in screen)
            assert "Level" in "\n".join(lines(pilot))
            away.rename(conversation)
            await seen(pilot, lambda screen: " elements " in screen)

    run_async(main())


def test_a_large_plant_is_folded_until_it_is_filtered(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plant_tree, "_UNFOLDED", 1)
    fill(database, *HELLO, *lookup("A.B.One", LEVEL), *lookup("A.C.Two", VALVE), said(1), said(2, VALVE))

    async def main() -> None:
        async with on_screen(database) as pilot:
            screen = await seen(pilot, lambda screen: "▶ B" in screen and "▶ C" in screen)
            assert "One" not in screen
            await pilot.press("down", "enter")
            await seen(pilot, lambda screen: "One" in screen and "▶ C" in screen)
            await pilot.press("slash", *"two", "enter")
            await seen(pilot, lambda screen: "▼ C" in screen and "▼ A" in screen)

    run_async(main())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[red]x[/]", "[red]x[/]"),
        ("[/]", "[/]"),
        ("[@click=q]x[/]", "[@click=q]x[/]"),
        (r"a\u001b[31mb", r"a\u001b[31mb"),
        (r"a\u202eb", r"a\u202eb"),
    ],
)
def test_nothing_from_the_network_is_markup_or_a_control_character(
    name: str, shown: str, database: Path
) -> None:
    """As a name, a value and in the text of an error."""
    value = f'"{name}"'
    error = ">[[0, 9, 8]]", f"<[[2, 9, {{0: -32103, 1: {value}}}]]"
    fill(database, *HELLO, *lookup(name, LEVEL), said(value), *error)

    async def main() -> None:
        async with on_screen(database, (200, 40)) as pilot:
            screen = await seen(pilot, "get_stage")
            await pilot.press("right")
        assert re.search(rf"^   *{re.escape(shown)} +{re.escape(shown)} ", screen, re.MULTILINE)
        assert f"({shown}" in screen.lower()

    run_async(main())


@pytest.mark.parametrize("depth", [100, 20_000])
def test_a_name_of_many_segments_is_no_tree_without_end(depth: int, database: Path) -> None:
    fill(database, *HELLO, *lookup(".".join("a" * depth), LEVEL), said(1))

    async def main() -> None:
        async with on_screen(database, WIDE) as pilot:
            await seen(pilot, "event 5p1")

    run_async(main())


@pytest.mark.slow
@pytest.mark.parametrize("size", [(20, 6), (40, 12), (300, 80)], ids=str)
def test_any_terminal_is_large_enough_to_run_in(size: tuple[int, int], conversation: Path) -> None:
    async def main() -> None:
        async with on_screen(conversation, size) as pilot:
            await pilot.press("down", "enter", "escape", "2", "3", "1", "slash", "x", "escape")
            await seen(pilot, lambda _: True)

    run_async(main())


# On the command line


def failed(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of Python without a terminal."""
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=ROOT
    )


def test_nobody_has_installed_textual(conversation: Path) -> None:
    script = (
        "import sys; sys.modules['textual'] = None\n"
        f"sys.argv = ['xentara-inspect', 'watch', '-d', {str(conversation)!r}]\n"
        "from xentara_inspect.cli import main; main()"
    )
    run = failed("-c", script)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        "Error: this needs textual, which is not installed: pip install 'xentara-inspect[tui]'\n"
    )


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ((), "watch needs a terminal; `log`, `readings` and the other lists do not"),
        (("--element", "Plant.Vlave"), "element Plant.Vlave is not known; did you mean Plant.Valve?"),
        (("--session", "9"), "session 9 is not known; `xentara-inspect sessions` lists what is"),
        (("-d", "nope.db"), "nope.db does not exist"),
    ],
)
def test_what_cannot_be_watched_is_one_line(
    options: tuple[str, ...], answer: str, conversation: Path
) -> None:
    databases = [] if "-d" in options else ["-d", str(conversation)]
    run = failed("-m", "xentara_inspect", "watch", *databases, *options)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", f"Error: {answer}\n")


def test_an_empty_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert inspect("watch", "-d", tmp_path / "empty.db", code=1) == ""


@pytest.mark.parametrize("keys", ["q", "\x03", "/Tank\x03"], ids=["q", "ctrl-c", "ctrl-c in the filter"])
def test_it_ends_at_once(keys: str, conversation: Path) -> None:
    command = [str(BIN / "xentara-inspect"), "watch", "-d", str(conversation)]
    assert on_terminal(command, keys=keys, after="Valve").code == 0
