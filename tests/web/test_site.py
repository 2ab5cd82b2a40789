"""The pages of `serve`, as a program gets them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.queries.asking import START, fill, record
from tests.serving import Served
from tests.store_traffic import CONVERSATION, HELLO, VALVE, info
from tests.web.pages import Page
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.derived_tables import DERIVED_TABLES
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.questions import QUESTIONS
from xentara_inspect.store.view_texts import VIEW_ROWS, view_columns
from xentara_inspect.store.views import VIEWS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A database with one session of everything, served."""
    database = tmp_path_factory.mktemp("served") / "plant.db"
    with Served(fill(database, *CONVERSATION, about=info(opened=START))) as found:
        yield found
        found.stop()


def test_every_table_view_and_column_is_described(served: Served) -> None:
    assert VIEW_ROWS.keys() == VIEWS.keys()
    for name, table in (JOURNAL_TABLES | DERIVED_TABLES).items():
        page = served.page(f"plant/{name}")
        assert f"A row is {table.says.replace('`', '')}." in Page(page).text
    for name, row in VIEW_ROWS.items():
        assert f"A row is {row}." in Page(served.page(f"plant/{name}")).text


def test_every_column_of_a_view_is_described(database: Path) -> None:
    with closing(open_for_reading(fill(database, *CONVERSATION))) as connection:
        for view in VIEWS:
            assert all(view_columns(connection, view).values()), view


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_questions_of_the_documentation_are_saved(served: Served, name: str, database: Path) -> None:
    question = QUESTIONS[name]
    with closing(sqlite3.connect(fill(database, *CONVERSATION, about=info(opened=START)))) as plain:
        expected = plain.execute(question.sql, question.answers).fetchall()
    given = "&".join(f"{key}={value}" for key, value in question.answers.items())
    assert [tuple(row.values()) for row in served.rows(f"plant/{name}.json?{given}")] == expected
    assert question.title in served.page("plant")


def test_sql_has_our_functions(served: Served) -> None:
    (row,) = served.rows("plant.json?sql=select xentara_command(4) as command")
    assert row == {"command": "read"}


@pytest.mark.parametrize("sql", ["delete from frames", "attach 'x.db' as x", "select writefile('x', 'y')"])
def test_nothing_can_be_written(served: Served, sql: str) -> None:
    assert '"ok": false' in served.page(f"plant.json?sql={sql}", code=400)


@pytest.mark.parametrize("host", ["example.com", "example.com:8001", "127.0.0.1.example.com", ""])
def test_who_asks_for_it_by_another_name_gets_nothing(served: Served, host: str) -> None:
    assert served.page("plant", code=421, Host=host) == "Ask for 127.0.0.1 or localhost.\n"


@pytest.mark.parametrize("host", ["localhost", "localhost:8001", "127.0.0.1", "[::1]:8001", "[::1]"])
def test_who_asks_for_this_machine_is_answered(served: Served, host: str) -> None:
    assert "Requests and responses" in served.page("plant/exchanges_readable", Host=host)


def test_pages_load_nothing_from_elsewhere(served: Served) -> None:
    policy = served.headers("plant")["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_an_exchange_that_failed_says_why(served: Served) -> None:
    page = Page(served.page("-/exchange/plant/11p1"))
    assert page.text.startswith("11p1: write Plant.Valve")
    assert "read-only" in page.text
    assert "What helps:" in page.text
    assert "2: NaN" in page.text


def test_ids_and_elements_in_answers_to_questions_lead_to_their_pages(served: Served) -> None:
    links = Page(served.page("plant/refused_writes")).named("a")
    paths = [link["href"] for link in links]
    assert "/-/exchange/plant/11p1" in paths
    assert "/-/element/plant?name=Plant.Valve" in paths
    assert Page(served.page("-/element/plant?name=Plant.Valve")).said("h1") == ["Plant.Valve"]
    assert '<a href="/-/element/plant?id=1">Plant.Valve</a>' in served.page("plant/elements")


def test_notation_in_an_answer_is_a_block(served: Served) -> None:
    sql = "select xentara_notation(payload, 1) from frames where id = 1"
    (block,) = [text for text in Page(served.page(f"plant?sql={sql}")).said("pre") if text.startswith("[")]
    assert "# OpCode: client_hello" in block


@pytest.mark.parametrize(
    "path",
    [
        "-/exchange/plant/999p1", "-/exchange/nowhere/1p1", "-/exchange/plant/1p99999999", "nowhere",
        "-/element/plant", "-/element/nowhere?id=1", "-/element/plant?id=999", f"-/element/plant?id={9**40}",
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_on_the_page_only(served: Served, path: str) -> None:
    served.page(path, code=404)
    assert "Traceback" not in served.output


@pytest.mark.slow
def test_an_exchange_that_ends_in_the_next_file_of_a_recording_is_whole(tmp_path: Path) -> None:
    write = f">[[0, 2, 5, {{0: {VALVE}, 1: 11, 2: 7}}]]"
    refused = '<[[2, 2, {0: -32103, 1: "no"}]]'
    files = record(tmp_path / "plant.db", *HELLO, write, refused, rotation=Rotation(size=1))
    with Served(*files) as served:
        for file, place in ((files[0], "3p1"), (files[-1], "4p1")):
            page = Page(served.page(f"-/exchange/{file.stem}/{place}"))
            assert "Read Only" in page.text
            assert [text[0] for text in page.said("pre")] == ["[", "["]
        (line,) = [row for row in Page(served.page("-/live")).said("a") if row == "3p1"]
        assert line
        served.stop()


def test_who_saw_what_is_forgotten_by_now_gets_the_newest_lines_anew(served: Served) -> None:
    now = json.loads(served.page("-/live.json"))
    again = json.loads(served.page(f"-/live.json?behind={now['number']}"))
    assert (again["number"], again["rows"], again["is_anew"]) == (now["number"], "", False)
    other = json.loads(served.page("-/live.json?behind=1000000"))
    assert (other["rows"].count("<tr>"), other["is_anew"]) == (now["rows"].count("<tr>"), True)


@pytest.mark.slow
def test_tables_that_only_we_need_are_hidden(served: Served) -> None:
    page = served.page("plant")
    shown = [name for name in JOURNAL_TABLES | DERIVED_TABLES if f'<h3><a href="/plant/{name}">' in page]
    assert sorted(shown) == [
        "attributes", "elements", "exchanges", "findings", "frames", "packets", "sessions", "subscriptions",
    ]  # fmt: skip
