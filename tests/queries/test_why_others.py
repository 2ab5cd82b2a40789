"""`why` of what is no refused request: waiting, events, subscriptions, connections, findings, messages."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.live import ROOT, inspect
from tests.queries.asking import START, ask, fill, record
from tests.queries.explaining import asked, codes, last_of, only, said, talked
from tests.simulated import LEVEL as LEVEL_ELEMENT
from tests.store_traffic import (
    CONVERSATION,
    HELLO,
    LEVEL,
    LEVEL_UUID,
    VALVE,
    VALVE_UUID,
    add,
    frames,
    info,
    reading,
)
from xentara_inspect.frames import Closing
from xentara_inspect.index.process import catch_up
from xentara_inspect.protocol import commands
from xentara_inspect.protocol.connections import CLOSE_CODES, ENDS_WELL, REFUSALS
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.why import why
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.simulator import Client
from xentara_inspect.store.database import open_for_writing

SECOND = 10**9
SUBSCRIPTION = "37(h'5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b')"
SUBSCRIPTION_UUID = "5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b"
READ, ANSWER = f">[[0, 3, 4, {{0: {LEVEL}, 1: [11]}}]]", "<[[1, 3, {11: 121(1)}]]"


STRAY = f"<[[8, 0, {{1: {LEVEL}, 2: {{11: 121(1)}}}}]]"


def timed(
    database: Path, *lines: tuple[float, str], end: Closing | None = None, until: float | None = None
) -> Path:
    """A database with lines said at so many seconds behind the hello."""
    made = frames(*HELLO, *(line for _, line in lines))
    for index, (second, _) in enumerate(lines, len(HELLO)):
        made[index] = made[index]._replace(time=START + int(second * SECOND))
    last = START + int((until if until is not None else 3600) * SECOND)
    add(database, made, end=end or Closing(last, 1000, None, "client"))
    catch_up(database)
    return database


# Waiting


def test_a_request_without_answer_tells_how_long_it_waited_and_what_was_answered_meanwhile(
    database: Path,
) -> None:
    other = f">[[0, 4, 4, {{0: {LEVEL}, 1: [11]}}]]", "<[[1, 4, {11: 121(1)}]]"
    timed(
        database, (1, READ), (2, other[0]), (2.5, other[1]), until=61, end=Closing(START + 61 * SECOND, 1006)
    )
    code, text, cause = only(database, "3p1")
    assert code == "unanswered-request"
    assert "was never answered" in cause["summary"]
    assert "waited 60.0 s, until the connection ended: 1006 Abnormal Closure" in text
    assert "meanwhile 1 later request of this connection answered: the server was there" in text
    assert cause["evidence"] == ["3p1", "4p1"]
    assert codes(database, "4p1") == []


def test_where_nobody_was_answered_meanwhile_that_is_said(database: Path) -> None:
    timed(database, (1, READ), until=2)
    fill(database, *HELLO, about=info("flow-2"), start=START + 1_500_000_000)
    _, text, cause = only(database, "3p1")
    assert "meanwhile no later request of this connection was answered" in text
    assert "meanwhile 1 request of other connections answered" in text
    assert "4p1" in cause["evidence"]


def test_a_request_of_a_connection_that_is_open_waits(database: Path) -> None:
    add(database, frames(*HELLO, READ), end=None)
    catch_up(database)
    code, text, cause = only(database, "3p1")
    assert (code, cause["severity"]) == ("pending-request", "info")
    assert "until the recording ends; the connection is open" in text


def reads(count: int, latency: float, *more: float) -> list[tuple[float, str]]:
    """Reads, a second apart, each answered so many seconds later; and some that take longer."""
    lines: list[tuple[float, str]] = []
    for number, late in enumerate([latency] * count + [*more], 10):
        lines.append((number, f">[[0, {number}, 4, {{0: {LEVEL}, 1: [11]}}]]"))
        lines.append((number + late, f"<[[1, {number}, {{11: 121(1)}}]]"))
    return lines


@pytest.mark.parametrize(
    ("count", "usual", "late", "slow"),
    [
        (20, 0.001, 0.5, True),
        (20, 0.001, 0.099, False),  # nobody notices
        (20, 0.06, 0.5, False),  # not ten times the median
        (20, 0.06, 0.61, True),
        (19, 0.001, 0.5, False),  # too few to compare with, so only what is long
        (19, 0.001, 1.001, True),
    ],
)
def test_slow_is_what_takes_much_longer_than_others_to_the_same_command(
    count: int, usual: float, late: float, slow: bool, database: Path
) -> None:
    timed(database, *reads(count, usual, late))
    assert ("slow-answer" in codes(database, "last")) == slow
    if slow:
        _, text, cause = last_of(database, "last")
        assert ("(median)" in text) == (count >= 20)
        assert "answered after" in cause["summary"]


def test_a_second_answer_is_told_from_one_to_nobody(database: Path) -> None:
    fill(database, *HELLO, READ, ANSWER, ANSWER, "<[[1, 99]]")
    code, text, cause = only(database, "5p1")
    assert code == "unsolicited-response"
    assert "was answered already: a second answer" in text
    assert cause["evidence"] == ["5p1", "3p1", "4p1"]
    assert "no request with message id 99 came before it" in only(database, "6p1")[1]
    assert codes(database, "3p1") == []


def test_the_error_for_a_message_that_cannot_be_read_points_to_that_message(database: Path) -> None:
    fill(database, *HELLO, ">hex:81840018410e", "<[[2, 0, {0: -32700}], [2, 1, {0: -32102}]]")
    _, text, cause = only(database, "4p1")
    assert "the error for a message that cannot be read" in text
    assert cause["evidence"] == ["4p1", "3"]
    assert "cannot be read" not in only(database, "4p2")[1]


# Events


def subscribe(*attributes: int, elements: Sequence[str] = (LEVEL,), rates: str = "") -> tuple[str, str]:
    wanted = ", ".join(f"{{0: {element}, 1: [{', '.join(map(str, attributes))}]}}" for element in elements)
    return f">[[0, 2, 6, {{0: [{wanted}]{rates}}}]]", f"<[[1, 2, {SUBSCRIPTION}]]"


def event(value: Any = 1, *, quality: int = 0, source: float = 0, element: str = LEVEL) -> str:
    """source: seconds behind the start."""
    time = f"1001({{4: 4([-9, {START + int(source * SECOND)}])}})"
    return f"<[[8, 0, {{0: {time}, 1: {element}, 2: {{11: 121({value}), 9: 121({quality})}}}}]]"


def test_a_bad_quality_is_told_with_the_subscription_its_user_and_the_last_good_one(database: Path) -> None:
    opened, granted = subscribe(11, 9)
    timed(database, (1, opened), (1.1, granted), (2, event(1)), (3, event(2, quality=3)))
    assert codes(database, "5p1") == []
    code, text, cause = only(database, "6p1")
    assert code == "quality-not-good"
    assert "the quality is bad" in text
    assert "of the subscription 3p1, asked for 2.0 s before by ann" in text
    assert "it was good 1.0 s before" in text
    assert cause["evidence"] == ["6p1", "3p1", "5p1"]


def test_an_error_in_place_of_a_value_has_the_cause_of_that_error(database: Path) -> None:
    fill(
        database, *HELLO, *subscribe(11), f"<[[8, 0, {{0: 1(5), 1: {LEVEL}, 2: {{11: 122({{0: -32106}})}}}}]]"
    )
    code, text, _ = only(database, "5p1")
    assert code == "type-mismatch"
    assert "Value has no value: type mismatch (-32106)" in text


@pytest.mark.parametrize(
    ("lateness", "late"),
    [([0.1, 0.1, 5], True), ([0.1, 0.1, 0.9], False), ([5, 5, 5], False), ([0.1, 5], True)],
)
def test_late_is_an_event_that_comes_later_than_the_others(
    lateness: list[float], late: bool, database: Path
) -> None:
    opened, granted = subscribe(11, 9)
    told = [(10 * number, event(number, source=10 * number - ago)) for number, ago in enumerate(lateness, 1)]
    timed(database, (1, opened), (1.1, granted), *told)
    assert codes(database, f"{4 + len(lateness)}p1") == (["late-event"] if late else [])


def test_the_first_event_tells_a_value_that_was_there_before(database: Path) -> None:
    opened, granted = subscribe(11, 9)
    timed(database, (100, opened), (100.1, granted), (101, event(1, source=1)))
    assert codes(database, "5p1") == []


# Subscriptions


def quiet(
    database: Path, *lines: tuple[float, str], rates: str = "", attributes: Sequence[int] = (11,)
) -> Path:
    opened, granted = subscribe(*attributes, rates=rates)
    return timed(database, (1, opened), (1.1, granted), *lines, until=61.1)


def test_no_event_is_told_with_what_was_asked_for_and_how_it_ended(database: Path) -> None:
    quiet(database, rates=", 1: 50, 2: 1000")
    code, text, cause = only(database, SUBSCRIPTION_UUID)
    assert code == "silent-subscription"  # for long enough to be a finding
    assert f"no event came in 60.0 s: {LEVEL_UUID}" in text
    assert "asked for Value, no more often than every 50 ms, no less often than every 1000 ms" in text
    assert "it ended with its connection after 60.0 s: 1000 Normal Closure, by the client" in text
    assert "nobody read it meanwhile" in text
    assert cause["evidence"] == ["3p1"]
    assert codes(database, "3p1") == ["silent-subscription"]


def test_one_event_is_enough_to_be_no_cause(database: Path) -> None:
    quiet(database, (2, event()))
    assert codes(database, SUBSCRIPTION_UUID) == []


def beside(database: Path, mine: Sequence[int], came: str) -> list[str]:
    """Codes of a subscription beside one to Value that has events. came: with these values."""
    opened, _ = subscribe(11)
    told = f"<[[8, 0, {{1: {LEVEL}, 2: {came}}}]]"
    events = [(second, told) for second in range(3, 61)]
    other = (2, opened.replace("0, 2, 6", "0, 4, 6")), (2.1, f"<[[1, 4, {VALVE}]]")
    quiet(database, *other, *events, attributes=mine)
    assert codes(database, "5p1") == []
    return codes(database, "3p1")


@pytest.mark.parametrize(("mine", "came"), [((9,), "{11: 121(1)}"), ((12,), "{9: 121(0), 11: 121(1)}")])
def test_a_silent_subscription_is_told_beside_one_that_is_served(
    mine: Sequence[int], came: str, database: Path
) -> None:
    assert beside(database, mine, came) == ["silent-subscription"]
    _, text, _ = only(database, "3p1")
    assert f"no event came in 60.0 s: {LEVEL_UUID}" in text


@pytest.mark.parametrize(
    ("mine", "came"), [((9,), "{11: 121(1), 9: 121(0)}"), ((12,), "{12: 121(1), 11: 121(1)}"), ((11,), "{}")]
)
def test_who_hears_beside_others_has_no_cause(mine: Sequence[int], came: str, database: Path) -> None:
    assert beside(database, mine, came) == []


def test_events_of_its_attribute_that_stopped_are_told_though_those_of_others_go_on(database: Path) -> None:
    first, granted = subscribe(9)
    second = subscribe(11)[0].replace("0, 2, 6", "0, 4, 6")
    qualities = [(number, f"<[[8, 0, {{1: {LEVEL}, 2: {{9: 121(0)}}}}]]") for number in range(3, 9)]
    values = [(number, f"<[[8, 0, {{1: {LEVEL}, 2: {{11: 121(1)}}}}]]") for number in range(9, 60)]
    timed(database, (1, first), (1.1, granted), (2, second), (2.1, f"<[[1, 4, {VALVE}]]"),
          *qualities, *values, until=60)  # fmt: skip
    assert codes(database, "5p1") == []
    _, text, cause = only(database, "3p1")
    assert cause["code"] == "events-stopped"
    assert "the last event came 52.0 s before that" in text


@pytest.mark.parametrize(
    ("values", "text", "places"),
    [
        ([1, 2], "reads meanwhile said 1, then 2: events were due", ["5p1", "7p1"]),
        ([1, 1], "2 reads meanwhile always said the same, so nothing had to be told", ["5p1", "7p1"]),
    ],
)
def test_reads_meanwhile_tell_whether_an_event_was_due(
    values: list[int], text: str, places: list[str], database: Path
) -> None:
    lines: list[tuple[float, str]] = []
    for number, value in enumerate(values, 3):
        lines.append((number, f">[[0, {number}, 4, {{0: {LEVEL}, 1: [11]}}]]"))
        lines.append((number + 0.1, f"<[[1, {number}, {{11: 121({value})}}]]"))
    quiet(database, *lines)
    _, told, cause = only(database, SUBSCRIPTION_UUID)
    assert text in told
    assert cause["evidence"] == ["3p1", *places]


def test_who_unsubscribed_is_told_and_what_came_behind_that_does_not_count(database: Path) -> None:
    closed = f">[[0, 3, 7, {{0: {SUBSCRIPTION}}}]]", "<[[1, 3]]"
    quiet(database, (2, closed[0]), (2.1, closed[1]), (3, event()))
    _, text, cause = only(database, SUBSCRIPTION_UUID)
    assert "the client unsubscribed after 1.0 s" in text
    assert cause["evidence"] == ["3p1", "5p1"]


def test_reads_behind_its_end_do_not_count(database: Path) -> None:
    closed = f">[[0, 9, 7, {{0: {SUBSCRIPTION}}}]]", "<[[1, 9]]"
    read = [(3 + late, line) for late, line in ((0, READ), (0.1, ANSWER))]
    quiet(database, *read, (4, closed[0]), (4.1, closed[1]), (5, READ), (5.1, "<[[1, 3, {11: 121(2)}]]"))
    assert "1 read meanwhile always said the same" in only(database, SUBSCRIPTION_UUID)[1]


def test_a_subscription_to_no_attribute_is_told_to_name_some(database: Path) -> None:
    quiet(database, attributes=())
    _, text, cause = only(database, SUBSCRIPTION_UUID)
    assert "asked for no attribute" in text
    assert cause["remedy"] == "name the attributes that are wanted, such as 11 (Value)"


def test_of_several_elements_the_silent_ones_are_named_beside_the_others(database: Path) -> None:
    opened, granted = subscribe(11, elements=(LEVEL, VALVE))
    timed(database, (1, opened), (1.1, granted), (2, event(element=VALVE)), until=11.1)
    _, text, cause = only(database, SUBSCRIPTION_UUID)
    assert f"no event came for 1 element of 2 in 10.0 s: {LEVEL_UUID}" in text
    assert f"events did come for {VALVE_UUID}" in text
    assert "5p1" in cause["evidence"]


@pytest.mark.parametrize(("until", "stopped"), [(9.5, False), (16, True)])
def test_events_that_stopped_are_told_with_the_last_one(until: float, stopped: bool, database: Path) -> None:
    opened, granted = subscribe(11)
    came = [(second, event(second)) for second in (2, 3, 4, 5, 6)]
    timed(database, (1, opened), (1.1, granted), *came, until=until + 1)
    assert codes(database, SUBSCRIPTION_UUID) == (["events-stopped"] if stopped else [])
    if stopped:
        _, text, cause = only(database, SUBSCRIPTION_UUID)
        assert "the last event came 11.0 s before that" in text
        assert "9p1" in cause["evidence"]


def test_a_refused_subscription_has_the_cause_of_its_error(database: Path) -> None:
    opened, _ = subscribe(11)
    fill(database, *HELLO, opened, "<[[2, 2, {0: -32102}]]")
    assert codes(database, "3p1") == ["access-denied"]


def test_a_subscription_of_a_client_that_hears_is_well(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.SUBSCRIBE, {0: [{0: LEVEL_ELEMENT, 1: [9, 11]}], 1: 20})
        await client.wait_for_events(1)

    assert codes(talked(database, talk), "3p1") == []


# Connections


@pytest.mark.parametrize("code", [*CLOSE_CODES, 4000, None])
def test_how_a_connection_closed_is_told_unless_it_closed_well(code: int | None, database: Path) -> None:
    timed(database, (1, READ), (2, ANSWER), end=Closing(START + 5 * SECOND, code, "gone", "server"))
    if code in ENDS_WELL:
        assert codes(database, "session:1") == []
        return
    found, text, cause = only(database, "session:1")
    assert found == "session-closed"
    assert f"{code or 'without a code'}" in text
    assert 'by the server, "gone"' in text
    assert "the client said something last 4.0 s before" in text
    assert "the server said something last 3.0 s before" in text
    assert cause["evidence"] == ["3", "4"]
    if code in CLOSE_CODES:
        assert cause["remedy"] == CLOSE_CODES[code].remedy


def test_requests_that_had_no_answer_when_it_closed_are_counted_even_if_it_closed_well(
    database: Path,
) -> None:
    fill(database, *HELLO, READ, ">[[0, 4, 8], [0, 5, 8]]")
    _, text, cause = only(database, "session:1")
    assert "1000 Normal Closure" in text
    assert "3 requests had no answer then" in text
    assert {"3p1", "4p1", "4p2"} <= {*cause["evidence"]}


@pytest.mark.parametrize(
    ("refused", "text"),
    [
        *((f"HTTP {status}", meaning.says) for status, meaning in REFUSALS.items()),
        ("HTTP 429", "Too Many Requests"),
        ("HTTP 799", "HTTP 799"),
        ("no answer", "the server never became a WebSocket: no answer"),
    ],
)
def test_a_refused_upgrade_is_told_with_what_its_status_means(
    refused: str, text: str, database: Path
) -> None:
    add(database, [], about=replace(info(), refused=refused), end=Closing(START))
    code, told, cause = only(database, "session:1")
    assert code == ("upgrade-refused" if refused.startswith("HTTP") else "upgrade-unanswered")
    assert ("credentials" in cause["specification"]) == refused.startswith("HTTP")
    assert text in told
    assert "asked for /api/ws at plant:8080 | the user was ann" in told
    assert cause["evidence"] == []


@pytest.mark.parametrize(
    ("refused", "helps"),
    [
        ("cannot be reached: connection refused", "that it runs"),
        ("certificate verify failed: self-signed certificate", "--ssl-insecure"),
        ("TLS failed", "http:// otherwise"),
        ("no answer", "check address and port of the server, that it runs, and whose certificate it has"),
    ],
)
def test_what_helps_follows_from_why_there_was_no_answer(refused: str, helps: str, database: Path) -> None:
    add(database, [], about=replace(info(), refused=refused), end=Closing(START))
    _, _, cause = only(database, "session:1")
    assert helps in cause["remedy"]


def test_upgrades_that_a_real_server_refused_say_whose_they_were(database: Path) -> None:
    inspect("import", ROOT / "sample_captures" / "sub-sessions.flow", "-d", database)
    refused = [row["id"] for row in ask(database, "sessions") if row["refused"]]
    told = [only(database, f"session:{number}")[1] for number in refused]
    assert ["HTTP 401" in told[0], "operator" in told[0]] == [True, True]
    assert ["HTTP 403" in told[1], "outsider" in told[1]] == [True, True]


# Names of things


def test_a_finding_is_told_by_its_rule(conversation: Path) -> None:
    for row in ask(conversation, "findings", limit=0):
        found = asked(conversation, f"finding:{row['id']}")
        assert [cause["code"] for cause in found["causes"]] == [row["code"]]
        assert found["causes"][0]["evidence"][0] == (row["exchange"] or str(row["frame"]))


@pytest.mark.parametrize(
    ("lines", "code", "text", "place"),
    [
        ((">[[0, 1, 8]]", "<[[1, 1, 2]]", *HELLO), "hello-missing", "2 ms later: ok", "3p1"),
        ((*HELLO, *HELLO), "duplicate-hello", "2 ms before: ok", "1p1"),
        ((*HELLO, ">[[0, 7, 8], [0, 7, 8]]"), "message-id-in-use", "that of get_stage, asked 0 ms", "3p1"),
        ((*HELLO, READ), "unanswered-request", "until the connection ended", "3p1"),
        ((*HELLO, f">[[0, 3, 7, {{0: {SUBSCRIPTION}}}]]"), "unknown-subscription", "never granted", "3p1"),
        ((*HELLO, STRAY), "unsubscribed-event",
         "this connection never subscribed", "3"),
        ((*HELLO, f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}]}}]]", f"<[[1, 2, {SUBSCRIPTION}]]",
          f">[[0, 3, 7, {{0: {SUBSCRIPTION}}}]]", "<[[1, 3]]", STRAY),
         "unsubscribed-event", "the last subscription to the element was closed 1 ms before", "3p1"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.count("-") else "",
)  # fmt: skip
def test_a_finding_is_told_with_what_else_the_traffic_says(
    lines: tuple[str, ...], code: str, text: str, place: str, database: Path
) -> None:
    fill(database, *lines)
    found = next(row for row in ask(database, "findings") if row["code"] == code)
    (cause,) = asked(database, f"finding:{found['id']}")["causes"]
    assert (cause["code"], cause["summary"]) == (code, found["message"])
    assert text in said(cause)
    assert place in cause["evidence"]


def test_messages_that_could_not_be_recorded_are_told(conversation: Path) -> None:
    with closing(open_for_writing(conversation)) as connection:
        connection.execute("UPDATE sessions SET dropped = 3")
    causes = {cause["code"]: cause for cause in asked(conversation, "session:1")["causes"]}
    assert causes["messages-dropped"]["summary"] == "3 messages could not be recorded"


def test_each_error_that_a_command_got_on_a_connection_is_told_once_with_how_often(database: Path) -> None:
    unknown = [
        text
        for number in (2, 3)
        for text in (f'>[[0, {number}, 3, {{0: "P"}}]]', f"<[[2, {number}, {{0: -32100}}]]")
    ]
    denied = f">[[0, 4, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[2, 4, {0: -32102}]]"
    fill(database, *HELLO, *unknown, *denied)
    told = asked(database, "session:1")["causes"]
    assert [(cause["code"], cause["evidence"], cause["details"][0]["text"]) for cause in told] == [
        ("unknown-element", ["3p1"], "2 requests got this error, first this one"),
        ("access-denied", ["7p1"], "1 request got this error"),
    ]


def test_a_message_has_the_causes_of_all_that_is_in_it(conversation: Path) -> None:
    row = asked(conversation, "11")
    assert row["about"] == "message of 2 packets"
    assert [cause["code"] for cause in row["causes"]] == [
        "message-id-in-use",
        "read-only",
        "unanswered-request",
    ]
    assert codes(conversation, "10") == ["malformed-cbor"]
    assert codes(conversation, "14p2") == ["bad-packet-shape"]
    assert codes(conversation, "1") == []


def test_the_name_of_a_response_means_its_exchange(conversation: Path) -> None:
    assert asked(conversation, "12p1") == asked(conversation, "11p1")
    assert asked(conversation, "last") == asked(conversation, "19p1")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("99p1", "99p1 is not there; `xentara-inspect log` lists what is"),
        ("1p2", "1p2 is not there"),
        ("x", "x is not there"),
        ("", " is not there"),
        ("session:9", "session 9 is not there; `xentara-inspect sessions` lists what is"),
        ("session:x", "session x is not there"),
        ("session:" + "9" * 30, "is not there"),
        ("finding:0", "finding 0 is not there; `xentara-inspect findings --json` lists what is"),
        ("finding:²", "is not there"),
        (LEVEL_UUID, f"{LEVEL_UUID} is an element, no subscription"),
        ("12121212-1212-1212-1212-121212121212", "is not there, no subscription"),
    ],
)
def test_what_is_not_there_is_one_clear_line(name: str, text: str, conversation: Path) -> None:
    with reading(conversation) as connection, pytest.raises(QuestionError, match=re.escape(text)):
        why(connection, name)


def test_the_last_of_nothing_is_not_there(database: Path) -> None:
    add(database, [])
    catch_up(database)
    with reading(database) as connection, pytest.raises(QuestionError):
        why(connection, "last")


def test_in_several_databases_names_have_that_of_the_file_before(conversation: Path, tmp_path: Path) -> None:
    other = fill(tmp_path / "other.db", *CONVERSATION, start=START + 3600 * SECOND)
    both = [conversation, other]
    row = asked(both, "other:11p1")
    assert row["id"] == "other:11p1"
    assert row["causes"][0]["evidence"][0] == "other:11p1"
    assert asked(both, "session:other:1")["causes"][0]["code"] == "session-closed"
    assert asked(both, "finding:other:1")["causes"]
    for name in ("11p1", "session:1", "finding:1"):
        with pytest.raises(QuestionError, match="may be in each of 2"):
            asked(both, name)


@pytest.mark.slow
def test_what_a_rotated_recording_has_in_several_files_is_one(tmp_path: Path) -> None:
    refused = f">[[0, 3, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[2, 3, {0: -32100}]]"
    found = '>[[0, 2, 3, {0: "Plant.Valve"}]]', f"<[[1, 2, {VALVE}]]"
    opened, granted = subscribe(11)
    files = record(
        tmp_path / "plant.db", *HELLO, *found, *refused, opened, granted, rotation=Rotation(size=1)
    )
    assert len(files) > 3
    (cause,) = asked(files, "5p1")["causes"]
    assert "told on this connection 2 ms before, by lookup Plant.Valve" in said(cause)
    (cause,) = asked(files, SUBSCRIPTION_UUID)["causes"]
    assert cause["code"] == "no-events"
    session = asked(files, "session:1")
    assert [(cause["code"], cause["evidence"]) for cause in session["causes"]] == [
        ("unknown-element", ["5p1"])
    ]
    assert session["about"].endswith('closed: 1000 Normal Closure, "bye"; 1 request answered by an error')


# Cost


SCANNED = re.compile(r"SCAN (?:packets|p|frames|f|attribute_values|r)\b(?! USING)")
"""A look at every row of what there is most of."""


def test_nothing_that_there_is_most_of_is_read_as_a_whole(conversation: Path) -> None:
    said: list[str] = []
    names = [row["id"] for row in ask(conversation, "log", limit=0, with_events=True)]
    with reading(conversation) as connection:
        connection.set_trace_callback(said.append)
        for name in (*names, *(name.partition("p")[0] for name in names), "session:1", SUBSCRIPTION_UUID):
            why(connection, name)
        connection.set_trace_callback(None)
        plans = {
            f"{statement}\n  {step[3]}"
            for statement in {text for text in said if text.lstrip().startswith("SELECT")}
            for step in plan(connection, statement)
        }
    assert len(said) > 100
    assert not [step for step in plans if SCANNED.search(step.rpartition("\n")[2])]


def plan(connection: sqlite3.Connection, statement: str) -> list[Any]:
    return connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
