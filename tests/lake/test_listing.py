"""The lists say of a lake what they say of the databases that it is of, and read no more than they must."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.archived import archived, made_plant, made_rotated
from tests.lake.fleet import made_fleet, spoil_others
from tests.live import inspect, ran, rows
from tests.serving import Served

ALL = ("--limit", "0")
ELEMENT = "Plant.Tank 1.Level"


class Both(NamedTuple):
    """Two recordings: all sample captures in files of one, and another. lake: of both, at a site each."""

    rotated: str
    plant: str
    lake: str

    @property
    def north(self) -> str:
        return f"{self.lake}?site=north"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    folders = tmp_path_factory.mktemp("rotated"), tmp_path_factory.mktemp("plant")
    rotated, plant = made_rotated(folders[0]), made_plant(folders[1])
    lake = folders[0] / "lake"
    for archive in (archived(rotated), archived(plant, "--site", "south")):
        inspect("lake", "decode", "--from", archive, "--to", lake)
    databases = (str(rotated.with_name("rotated*.db")), str(plant.with_name("plant*.db")))
    return Both(*databases, f"lake:{lake}")


QUESTIONS = (
    "log --limit 0 --events",
    "log --limit 7 --events",
    "log --status pending",
    "log --command write --limit 3",
    "log --sort latency",
    f"log --element '{ELEMENT}' --events",
    "log --session 1 --limit 0",
    "events --limit 0",
    "events --element 'Plant.**' --value '> 2' --limit 4",
    "readings --limit 0",
    f"readings '{ELEMENT}' --attribute Value --limit 5",
    "readings --origin write --grep tank --limit 0",
    "readings --changes --limit 9",
    "findings --limit 0",
    "findings --element 'Plant.**' --limit 0",
    "sessions --limit 0",
    "sessions --element 'Plant.**' --grep 127",
    "stats",
    "stats --by element",
    "stats --by user",
)


def words(question: str) -> list[str]:
    return [word.strip("'") for word in re.findall(r"'[^']*'|\S+", question)]


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_lake_answers_row_by_row_what_the_databases_answer(question: str, both: Both) -> None:
    answer = rows(*words(question), "-d", both.north)
    assert answer == rows(*words(question), "-d", both.rotated)
    assert answer


@pytest.mark.parametrize("question", ["log --events", "readings --limit 0", "sessions", "stats --by hour"])
def test_it_does_so_of_a_part_of_the_time(question: str, both: Both) -> None:
    times = sorted(row["time"] for row in rows("log", *ALL, "-d", both.rotated))
    since, until = times[len(times) // 4], times[len(times) * 3 // 4]
    within = (*words(question), "--since", since, "--until", until)
    answer = rows(*within, "-d", both.north)
    assert answer == rows(*within, "-d", both.rotated)
    assert answer


@pytest.mark.slow
def test_it_does_so_in_every_form(both: Both) -> None:
    for options in (["events", "--csv"], ["findings"], ["readings", ELEMENT, "--plot"]):
        assert inspect(*options, "-d", both.north) == inspect(*options, "-d", both.rotated)


def test_what_several_files_have_is_there_once_in_sql(both: Both) -> None:
    lake = both.lake.removeprefix("lake:")
    for table, question in (
        ("exchanges", "log"),
        ("subscriptions", "subscriptions"),
        ("sessions", "sessions"),
    ):
        listed = [
            row
            for row in rows(question, *ALL, "-d", both.rotated)
            if row.get("kind", "exchange") == "exchange"
        ]
        counted = f"SELECT count(DISTINCT id) AS ids, count(*) AS n FROM {table} WHERE site = 'north'"
        (found,) = rows("sql", "--lake", lake, counted)
        assert found["ids"] == len(listed)
        assert table == "subscriptions" or found["n"] == len(listed)  # which have a row for each attribute


def test_several_recordings_are_told_apart_as_databases_are(both: Both) -> None:
    databases = ("-d", both.rotated, "-d", both.plant)
    for options in (["log", "--limit", "99"], ["sessions", *ALL], ["log", *ALL, "--session", "plant:1"]):
        assert rows(*options, "-d", both.lake) == rows(*options, *databases)


@pytest.mark.slow
def test_a_site_can_be_looked_at_in_a_browser(both: Both) -> None:
    asked = {row["id"]: row for row in rows("log", "-d", both.rotated, *ALL) if row["kind"] == "exchange"}
    with Served(both.north) as served:
        names = re.findall(r'<h2><a href="/([^"]+)">', served.page(""))
        shown = {
            row["id"]: (name, row["status"])
            for name in names
            for row in served.rows(f"{name}/exchanges_readable.json?_size=max")
        }
        assert len(names) > 1
        assert {row_id: status for row_id, (_, status) in shown.items()} == {
            row_id: row["status"] for row_id, row in asked.items()
        }
        row_id = next(row_id for row_id, row in asked.items() if row["command"] == "browse")
        assert "element_category: Data Point" in served.page(f"-/exchange/{shown[row_id][0]}/{row_id}")
        served.stop()  # what is killed leaves its databases


@pytest.mark.slow
def test_a_question_by_element_and_hour_reads_only_its_site_and_day(both: Both, tmp_path: Path) -> None:
    day = made_fleet(Path(both.lake.removeprefix("lake:")), tmp_path)
    asked = (
        f"EXPLAIN ANALYZE SELECT value FROM readings WHERE site = 's42' AND date = '{day}'"
        f" AND element_name = '{ELEMENT}' AND time >= '{day}T10:00:00Z' AND time < '{day}T11:00:00Z'"
    )
    (plan,) = rows("sql", "--lake", tmp_path, asked)
    assert set(re.findall(r"Scanning Files: (\S+)", plan["explain_value"])) == {"1/3000"}
    spoil_others(tmp_path)
    of_day = ("--since", f"{day}T00:00Z", "--until", f"{day + timedelta(1)}T00:00Z")
    found = rows("readings", *ALL, "-d", f"lake:{tmp_path}?site=s42", *of_day)
    named = next(row["element"] for row in found if row["element"] is not None)
    hour = ("--since", f"{found[0]['time'][:13]}:00Z", "--until", f"{found[-1]['time'][:13]}:59Z")
    assert rows("readings", named, "-d", f"lake:{tmp_path}?site=s42", *hour)
    whole = ran("readings", *ALL, "-d", f"lake:{tmp_path}?site=s42")  # whoever asks for more reads more
    assert (whole.returncode, "not a parquet file" in whole.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["show", "3p1"], 1, "is a lake, which answers "),
        (["why", "3p1"], 1, "`import` the part of its archive"),
        (["elements"], 1, "is a lake, which answers "),
        (["subscriptions"], 1, "is a lake, which answers "),
        (["findings", "--explain", "nil-uuid"], 1, "is a lake, which answers "),
        (["events", "--follow"], 1, "a lake does not go on: leave out --follow"),
        (["events", "--notation", "--json"], 1, "a lake has no notation: `import` the part of its archive"),
        (["log", "--grep", "tank"], 1, "a lake has no notation: `import` the part of its archive"),
        (["log", "--element", "Plant.Nobody"], 1, "element Plant.Nobody is not known"),
        (["events", "--element", "Plant.Nobody"], 1, "element Plant.Nobody is not known"),
        (["readings", "Plant.Nobody"], 1, "element Plant.Nobody is not known"),
        (["readings", "Plant.Nobody*"], 1, "element Plant.Nobody* is not known"),
        (["log", "--session", "999"], 1, "session 999 is not known"),
        (["log", "-d", "other.db"], 2, "A lake is asked alone."),
    ],
    ids=str,
)
def test_what_a_lake_does_not_say_is_one_clear_line(
    arguments: list[str], code: int, says: str, both: Both
) -> None:
    run = ran(*arguments, "-d", both.north)
    assert (run.returncode, run.stdout) == (code, "")
    assert says in run.stderr.splitlines()[-1]


def test_a_lake_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    run = ran("log", "-d", f"lake:{tmp_path}")
    assert (run.returncode, run.stderr) == (1, f"Error: {tmp_path}: no tables of a lake here\n")


def test_a_site_that_is_not_in_a_lake_is_named(both: Both) -> None:
    run = ran("log", "-d", f"{both.lake}?site=nroth")
    where = both.lake.removeprefix("lake:")
    assert (run.returncode, run.stderr) == (1, f"Error: {where}: no tables of site nroth here\n")


def test_serve_of_a_lake_says_nothing_of_an_index(both: Both) -> None:
    with Served(both.north) as served:
        served.page("")
        served.stop()  # what is killed leaves its databases
    assert "indexed" not in served.output
