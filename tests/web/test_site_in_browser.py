"""`serve` as a browser shows it: pages, the keyboard, names that mean harm, and a recording that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Mitmdump, run_async, simulated, wait_until
from tests.queries.asking import START, fill
from tests.serving import Served
from tests.store_traffic import CONVERSATION, info
from tests.web.browser import Browser, needs_chromium
from tests.web.pages import HOSTILE, hostile
from xentara_inspect.protocol import commands
from xentara_inspect.simulator import Client

pytestmark = needs_chromium

LISTS = ("exchanges", "events", "readings", "findings", "subscriptions", "sessions")
FOCUSED = "document.activeElement"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A database with one session of everything, and one in which everything is named badly."""
    folder = tmp_path_factory.mktemp("served")
    fill(folder / "plant.db", *CONVERSATION, about=info(opened=START))
    hostile(folder / "hostile.db")
    with Served(folder / "*.db") as found:
        yield found
        found.stop()
        assert found.child.returncode == 0
        assert "Traceback" not in found.output


def follow(window: Browser, link: str) -> None:
    """Click on a link, and wait until its page is there."""
    address = window.tells(f"{link}.href")
    window.tells(f"{link}.click()")
    wait_until(
        lambda: window.tells(f"location.href == '{address}' && document.readyState == 'complete'") is True,
        f"the page of {address}",
    )


@pytest.mark.parametrize("database", ["plant", "hostile"])
def test_its_pages_open_without_a_complaint_and_names_do_nothing(
    window: Browser, served: Served, database: str
) -> None:
    window.refused.clear()
    window.asked_for.clear()
    lists = [f"{database}/{name}_readable" for name in LISTS]
    pages = ["", database, *lists, f"{database}/packets", f"{database}/elements/2", f"{database}/errors"]
    own = [f"-/exchange/{database}/{place}" for place in ("2p1", "4", "7p1")]
    for path in [*pages, *own, f"-/element/{database}?id=2", "-/live?events=1"]:
        window.visit(served.url + path)
        assert window.tells("document.title") not in ("", "taken over"), path
        assert window.tells("getComputedStyle(document.body).display") == "block", path
        assert window.tells("/[\\u202e\\u2066\\u200b]/.test(document.documentElement.innerHTML)") is False
    assert window.refused == []
    assert all(address.startswith((served.url, "data:")) for address in window.asked_for)


def test_names_that_mean_harm_are_text(window: Browser, served: Served) -> None:
    window.visit(served.url + "hostile/exchanges_readable?_size=100")
    shown = window.tells("document.querySelector('table').textContent")
    for name in HOSTILE:
        assert name.replace('\\"', '"') in shown, name


def test_an_event_row_links_to_its_element_and_shows_its_name(window: Browser, served: Served) -> None:
    window.visit(served.url + "plant/packets?kind=event")
    link = "document.querySelector('td.col-element_id a')"
    assert window.tells(f"{link}.textContent") == "Plant.Tank 1.Level"
    follow(window, link)
    assert "e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8" in window.tells("document.body.textContent")


def test_the_values_of_an_element_are_drawn_one_click_from_its_events(
    window: Browser, served: Served
) -> None:
    window.visit(served.url + "plant/events_readable")
    follow(window, "document.querySelector('td.col-element a')")
    assert window.tells("document.querySelector('h1').textContent") == "Plant.Tank 1.Level"
    assert window.tells("getComputedStyle(document.querySelector('svg polyline')).stroke") != "none"
    values = "[...document.querySelectorAll('tbody tr')].map(row => row.cells[2].textContent)"
    assert window.tells(values) == ["3.5", "2.5", "1.5"]


def test_both_sides_of_an_exchange_stand_side_by_side(window: Browser, served: Served) -> None:
    window.open("", width=1400)
    window.visit(served.url + "plant/exchanges_readable?command=lookup")
    follow(window, "document.querySelector('td.col-id a')")
    asked, answered = window.tells("[...document.querySelectorAll('pre')].map(side => side.textContent)")
    assert "# OpCode: lookup" in asked
    assert "# Packet 1: Success Response to lookup" in answered
    tops = "[...document.querySelectorAll('pre')].map(side => side.getBoundingClientRect().top)"
    assert len(set(window.tells(tops))) == 1
    assert "monospace" in window.tells("getComputedStyle(document.querySelector('pre')).fontFamily")


def test_on_a_narrow_screen_only_tables_and_notation_are_wider(window: Browser, served: Served) -> None:
    window.open("", width=400)
    for path in (
        "-/live?events=1",
        "-/element/plant?id=2",
        "-/exchange/plant/11p1",
        "-/exchange/hostile/7p1",
    ):
        window.visit(served.url + path)
        assert window.tells("document.documentElement.scrollWidth <= innerWidth") is True, path


def test_the_keyboard_leads_to_an_exchange(window: Browser, served: Served) -> None:
    window.visit(served.url + "plant/exchanges_readable?command=lookup")
    for _ in range(60):
        window.press("Tab")
        if "/-/exchange/" in (window.tells(f"{FOCUSED}.href") or ""):
            break
    assert window.tells(f"getComputedStyle({FOCUSED}).outlineStyle") != "none"
    window.press("Enter")
    wait_until(lambda: window.tells("location.pathname") == "/-/exchange/plant/3p1", "its page")


@pytest.mark.slow
def test_a_recording_that_goes_on_is_seen_as_it_comes(window: Browser, database: Path, confdir: Path) -> None:
    lines = "[...document.querySelectorAll('#lines tr')].map(row => row.cells[2].textContent)"

    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
                    served = await asyncio.to_thread(Served, database)
                    with served:
                        await asyncio.to_thread(open_page, served)
                        await client.request(commands.LOOKUP, {0: "Plant.Tank 1.Level"})
                        await asyncio.to_thread(look_on, served)
                await asyncio.to_thread(proxy.stop)

    def open_page(served: Served) -> None:
        window.refused.clear()
        window.visit(f"{served.url}-/live")
        wait_until(lambda: window.tells(lines) == ["client_hello"], "the greeting")

    def look_on(served: Served) -> None:
        wait_until(lambda: window.tells(lines) == ["lookup", "client_hello"], "what came")
        wait_until(lambda: window.tells("document.getElementById('state').textContent") == "live", "live")
        assert len(served.rows("xentara/exchanges_readable.json")) == 2
        assert window.refused == []
        served.stop()
        assert served.child.returncode == 0

    run_async(main())
