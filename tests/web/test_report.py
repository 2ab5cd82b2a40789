"""`report`: one page that tells what happened, safe to open whatever the traffic says."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from pathlib import Path

import cbor2
import pytest
from click.testing import CliRunner

from tests.live import ROOT
from tests.queries.asking import START, fill, record
from tests.store_traffic import BYE, CONVERSATION, HELLO, LEVEL, VALVE, add, frames, info
from tests.transcript import edn
from tests.web.pages import HOSTILE, hostile, made
from xentara_inspect.captures.importing import import_capture
from xentara_inspect.cli import cli
from xentara_inspect.frames import Closing
from xentara_inspect.index.process import catch_up
from xentara_inspect.proxy.options import parse
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.importing import Importer
from xentara_inspect.web import listed

TOKEN = "s3cr3t-t0k3n-0f-a-test"


def test_what_happened_stands_at_the_top(conversation: Path) -> None:
    page = made(conversation)
    for sentence in (
        "From 2023-11-14 22:13:20 to 22:13:29 UTC, that is 9 s, 19 messages passed on 1 connection.",
        "User: ann; server: plant:8080.",
        "10 requests (write 2, meta_data 1, lookup 1, …) and 3 events were seen.",
        "1 request (10 %) was answered by an error, most often Read Only (1 time, by write).",
        "3 requests were never answered",
        "The slowest answer took 2 ms: meta_data at 22:13:20.003, Plant.Valve. The mean of 7 answers is",
        "10 departures from the specification: bad-packet-shape (1), malformed-cbor (1),",
        "2 changes of values or stages were asked for by ann; 2 were not made.",
        "1 element was subscribed to, and all were heard of.",
        "Busiest was Plant.Tank 1.Level with 3 events and 2 requests, of 2 elements.",
    ):
        assert sentence in page.text


def test_of_nothing_it_says_so(database: Path) -> None:
    page = made(fill(database, about=info(opened=START)))
    assert "No request was answered by an error." in page.text
    assert {"#summary", "#sessions", "#session-1"} == set(page.all_of("href"))


def test_of_a_recording_that_goes_on_it_tells_what_is_to_come(database: Path) -> None:
    add(database, frames(*HELLO, ">[[0, 2, 8]]", start=START), info(opened=START), end=None)
    assert "3 messages are not decoded yet, and not counted below." in made(database).text
    catch_up(database)
    text = made(database).text
    assert "not decoded" not in text
    assert "1 request waits for an answer, such as get_stage at 22:13:20.003 in session 1." in text


def test_the_same_database_makes_the_same_page(conversation: Path) -> None:
    assert made(conversation).source == made(conversation).source


def test_every_link_leads_to_a_place_in_the_page(database: Path) -> None:
    for page in (made(fill(database, *CONVERSATION)), made(hostile(database))):
        places = page.all_of("id")
        assert len(places) == len(set(places))
        assert page.all_of("href")
        assert {link.removeprefix("#") for link in page.all_of("href")} <= set(places)


def test_errors_and_findings_are_explained_and_shown_packet_by_packet(conversation: Path) -> None:
    page = made(conversation)
    assert (
        "value is read only; asked for: the attribute may be written (write page, error -32103)" in page.text
    )
    assert "every message is a binary WebSocket message" in page.text
    assert "send with the binary opcode, as an array buffer and not as a string" in page.text
    assert "# OpCode: write" in page.text


def test_each_example_says_why(conversation: Path) -> None:
    text = made(conversation).text
    assert "read-only write Plant.Valve" in text
    assert "What helps: " in text


def test_who_wrote_what_is_told_with_the_result(conversation: Path) -> None:
    assert (
        "22:13:20.011 ann 10.0.0.7:51234 1 write Plant.Valve Value NaN Read Only" in made(conversation).text
    )


def test_a_long_list_says_what_it_leaves_out_and_what_lists_all(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        line for number in range(5) for line in (f">[[0, {number}, 8]]", f"<[[2, {number}, {{0: -32102}}]]")
    ]
    fill(database, *HELLO, *lines, about=info(opened=START))
    assert "All of them:" not in made(database).text
    monkeypatch.setattr(listed, "ERRORS", 3)
    rest = f"The newest 3 of 5. All of them: xentara-inspect log --status error --limit 0 -d {database.name}"
    assert f"{rest} --session 1" in made(database, session=("1",)).text


def test_each_command_that_lists_the_rest_runs(conversation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(conversation, *CONVERSATION, about=info("another", opened=START), start=START + 10**9)
    for limit in ("SESSIONS", "KINDS", "ERRORS", "UNANSWERED", "SLOWEST", "FINDINGS", "WRITES", "SUBSCRIBED"):
        monkeypatch.setattr(listed, limit, 1)
    monkeypatch.setattr(listed, "ELEMENTS", 1)
    monkeypatch.setattr("xentara_inspect.web.evidence.NOTATION", 1)
    monkeypatch.chdir(conversation.parent)
    page = made(conversation, session=("1", "2"), since=START, until=START + 10**10)
    commands = {shlex.join(words) for words in map(shlex.split, page.said("code")) if len(words) > 2}
    assert {command.split()[1] for command in commands} == {
        "sessions", "log", "findings", "stats", "subscriptions", "show"
    }  # fmt: skip
    for command in commands:
        run = CliRunner().invoke(cli, shlex.split(command)[1:])
        assert run.exit_code == 0, (command, run.output)
        assert "nothing found" not in run.output


@pytest.mark.slow
def test_names_as_long_as_a_message_do_not_make_the_page_long(database: Path) -> None:
    name = "x" * 300_000
    lines = [
        line
        for number in range(10)
        for line in (
            f'>[[0, {number}, 3, {{0: "{number}{name}"}}]]',
            f'<[[2, {number}, {{0: -32100, 1: "{name}"}}]]',
        )
    ]
    page = made(fill(database, *HELLO, *lines))
    assert len(page.source) < 200_000


HUGE = f"2(h'{'ff' * 200}')"
"""A number of 1600 bits."""


@pytest.mark.parametrize(
    "values", [(HUGE, "-1"), ("1.7e308", "-1.7e308"), ("NaN", "Infinity"), ("18446744073709551615",)]
)
def test_any_value_can_be_drawn_or_left_out(database: Path, values: tuple[str, ...]) -> None:
    lines = []
    for number, value in enumerate(values, 2):
        lines += [f">[[0, {number}, 4, {{0: {LEVEL}, 1: [11]}}]]", f"<[[1, {number}, {{11: 121({value})}}]]"]
    page = made(fill(database, *HELLO, *lines, about=info(opened=START)))
    assert "Busiest elements" in page.text
    for points in page.all_of("points"):
        assert re.fullmatch("[0-9., ]+", points)


def test_clocks_that_go_backwards_are_no_trouble(database: Path) -> None:
    said = frames(*HELLO, ">[[0, 2, 8]]", "<[[1, 2, 5]]", start=START)
    backwards = [frame._replace(time=2 * START - frame.time) for frame in said]
    with Importer(database) as importer:
        importer.add(info(opened=START), backwards, Closing(START - 10**9, 1000))
    catch_up(database)
    assert "Every request was answered." in made(database).text


def test_times_may_be_local(conversation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert "From 2023-11-15 03:43:20 to 03:43:29 local time" in made(conversation, local=True).text
    finally:
        monkeypatch.undo()
        time.tzset()


def test_only_what_is_asked_for_is_told(conversation: Path) -> None:
    page = made(conversation, until=START + 5_000_000)
    assert "before 2023-11-14 22:13:20.005000000 UTC" in page.text
    assert "3 requests (" in page.text


@pytest.mark.slow
def test_a_rotated_recording_is_one(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.db", *CONVERSATION)
    parts = record(tmp_path / "parts.db", *CONVERSATION, rotation=Rotation(size=1))
    assert len(parts) > 1
    told = [page.text.partition("all times in UTC")[2] for page in (made(*whole), made(*parts))]
    assert told[0].partition("Made by")[0] == told[1].partition("Made by")[0]


# Safety


def test_nothing_is_fetched_and_nothing_runs_but_the_script_of_the_page(database: Path) -> None:
    page = made(hostile(database))
    assert page.policy["default-src"] == "'none'"
    for name in ("script", "style"):
        assert len(page.named(name)) == 1
        digest = hashlib.sha256(page.inside[name].encode()).digest()
        assert page.policy[f"{name}-src"] == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert not {name for name, _ in page.elements} & {
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
    }
    attributes = {attribute for _, found in page.elements for attribute in found}
    assert not {attribute for attribute in attributes if attribute.startswith("on")} | attributes & {
        "src",
        "style",
    }
    assert all(link.startswith("#") for link in page.all_of("href"))
    assert "url(" not in page.inside["style"]
    assert "@import" not in page.inside["style"]


def test_hostile_names_are_read_as_they_are_and_hide_nothing(tmp_path: Path) -> None:
    page = made(hostile(tmp_path / "pl'ant & <b>\u202e.db"))
    assert "pl'ant & <b>\\u202e.db: Xentara traffic" in page.text
    for name in HOSTILE:
        if "\\u" not in name:
            assert " ".join(cbor2.loads(edn(f'"{name}"')).split()) in page.text
    assert "\\u202etxt.exe\\u2066 \\u200b" in page.text
    assert "1337" not in page.text  # 7 * 191
    assert not set("\u202e\u2066\u200b") & set(page.source)


@pytest.mark.parametrize("keep", [False, True], ids=["blanked", "kept in the database"])
def test_no_password_or_token_is_in_it(database: Path, keep: bool) -> None:
    flow = ROOT / "sample_captures" / "sub-sessions.flow"
    with Importer(database, keep_secrets=keep) as importer:
        import_capture(flow, importer, parse("xentara_filter", ""), lambda _: None)
    with Importer(database, keep_secrets=keep) as importer:  # a server that repeats what it was told
        said = [f'>[[0, 1, 12, {{0: 121({{0: "{TOKEN}"}})}}]]', f'<[[2, 1, {{0: -32102, 1: "not {TOKEN}"}}]]']
        importer.add(info("another"), frames(*HELLO, *said, start=START), BYE)
    catch_up(database)
    page = made(database)
    assert (TOKEN.encode() in database.read_bytes()) is keep
    assert TOKEN not in page.source
    assert "not-a-real" not in page.source  # what passwords and tokens of the samples begin with


def test_a_change_is_by_the_user_of_its_sub_session(database: Path) -> None:
    fill(database, *HELLO,
         '>[[0, 2, 12, {0: 123({0: "operator", 1: "x"})}]]', f"<[[1, 2, {VALVE}]]",
         f">[[0, 3, 5, {{0: {LEVEL}, 1: 11, 2: 4.5, 3: {VALVE}}}]]", "<[[1, 3]]")  # fmt: skip
    assert "1 change of values or stages was asked for by operator; all were made." in made(database).text
