"""`report` as a browser shows it: nothing runs but its own script, and that does what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live import wait_until
from tests.queries.asking import START, fill
from tests.store_traffic import CONVERSATION, info
from tests.web.browser import Browser, needs_chromium
from tests.web.pages import hostile, made

pytestmark = needs_chromium

SCRIPT = "<script>document.title = 'taken over'</script>"
LATENCIES = "[...document.querySelectorAll('table')].find(table => table.tHead.textContent.includes('p99'))"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a session of everything."""
    database = tmp_path_factory.mktemp("page") / "plant.db"
    return made(fill(database, *CONVERSATION, about=info(opened=START))).source


def test_hostile_names_do_nothing(window: Browser, database: Path) -> None:
    window.asked_for.clear()
    window.open(made(hostile(database)).source)
    assert window.tells("document.title") == f"{database.name}: Xentara traffic"
    assert window.tells("document.querySelectorAll('th button').length") > 0  # its own script ran
    assert {address.partition("page.html")[1] for address in window.asked_for} == {"page.html"}


def test_even_a_name_that_was_not_escaped_would_do_nothing(window: Browser, page: str) -> None:
    window.open(f"<!DOCTYPE html><title>before</title>{SCRIPT}")
    assert window.tells("document.title") == "taken over"
    window.refused.clear()
    window.open(page.replace("<main>", f"<main>{SCRIPT}<img src=x.png onerror='document.title=1'>"))
    assert window.tells("document.title") == "plant.db: Xentara traffic"
    assert any("Content Security Policy" in said for said in window.refused)


def test_its_own_style_and_script_are_not_refused(window: Browser, page: str) -> None:
    window.refused.clear()
    window.open(page)
    assert window.tells("getComputedStyle(document.querySelector('.tiles')).display") == "grid"
    assert window.refused == []


def column(number: int, rows: str = "row => true") -> str:
    """The texts of a column of the table of latencies."""
    cells = f"row => row.cells[{number}].textContent.trim()"
    return f"[...{LATENCIES}.tBodies[0].rows].filter({rows}).map({cells})"


def test_a_table_is_sorted_by_a_click_on_its_heading_numbers_by_value(window: Browser, page: str) -> None:
    window.open(page)
    window.tells(f"{LATENCIES}.tHead.rows[0].cells[4].firstChild.click()")
    ascending = window.tells(column(4))
    assert [text for text in ascending if text] == sorted((text for text in ascending if text), key=float)
    assert ascending[-1] == ""  # what has none comes last, whichever way
    window.tells(f"{LATENCIES}.tHead.rows[0].cells[4].firstChild.click()")
    assert window.tells(column(4))[-1] == ""
    assert window.tells(column(4))[0] == "2.00"
    assert window.tells(f"{LATENCIES}.tHead.rows[0].cells[4].ariaSort") == "descending"


def test_a_table_shows_only_rows_with_all_words_of_its_filter(window: Browser, page: str) -> None:
    window.open(page)
    assert "browse" not in window.tells(column(0))
    field = f"{LATENCIES}.parentElement.previousElementSibling.firstChild"
    window.tells(f"{field}.value = 'SUB scribe'; {field}.dispatchEvent(new Event('input'))")
    shown = column(0, "row => !row.hidden")
    assert window.tells(shown) == ["subscribe", "unsubscribe"]
    assert window.tells(f"{field}.nextSibling.textContent") == "2 of 9"


def test_a_link_to_a_packet_opens_it(window: Browser, page: str) -> None:
    window.open(page)
    assert window.tells("document.getElementById('packet-1').open") is False
    window.tells("document.querySelector('a[href=\"#packet-1\"]').click()")
    wait_until(lambda: window.tells("document.getElementById('packet-1').open") is True, "it is open")


def test_it_is_light_or_dark_as_the_browser_asks_for(window: Browser, page: str) -> None:
    brightness = "parseInt(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])"
    window.open(page, scheme="light")
    assert window.tells(brightness) > 200
    window.open(page, scheme="dark")
    assert window.tells(brightness) < 50


@pytest.mark.slow
@pytest.mark.parametrize("width", [400, 1400])
def test_only_tables_are_wider_than_the_window(
    window: Browser, database: Path, page: str, width: int
) -> None:
    for source in (page, made(hostile(database)).source):
        window.open(source, width=width)
        assert window.tells("innerWidth") == width
        assert window.tells("document.documentElement.scrollWidth") == window.tells(
            "document.documentElement.clientWidth"
        )
