"""`diff`: what counts, what does not, and that it is said to the point, whichever side comes first."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cbor2 import CBORTag
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compared import SAID, changed, compared, swapped, without
from tests.queries.asking import START, fill, record
from tests.simulated import MODE, NOW, SPEED
from tests.store_traffic import CONVERSATION, LEVEL, VALVE, add, frames, info, read
from tests.transcript import MILLISECOND
from xentara_inspect.frames import Closing, Frame
from xentara_inspect.index.process import catch_up
from xentara_inspect.protocol import commands
from xentara_inspect.queries.diff import Tolerance
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.simulator import Client, Simulator, example_plant
from xentara_inspect.simulator.accounts import OPERATOR


@dataclass(frozen=True)
class Case:
    """What somebody else said, and the rows that are told: kind, a, b, command, element, detail."""

    said: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


READ = "read", "Plant.Level"
CASES = {
    "a changed value": Case(
        changed("121(21.5)", "121(22.0)"), (("value", "7p1", "7p1", *READ, "Value: 21.5 → 22.0"),)
    ),
    "an integer in place of a float": Case(
        changed("121(21.5)", "121(21)"), (("value", "7p1", "7p1", *READ, "Value: 21.5 → 21"),)
    ),
    "a changed number that has a meaning": Case(
        changed("9: 121(0), 6", "9: 121(3), 6"), (("value", "7p1", "7p1", *READ, "Quality: Good → Bad"),)
    ),
    "an error in place of a value": Case(
        changed("121(21.5)", '122({0: -32109, 1: "no"})'),
        (("error", "7p1", "7p1", *READ, 'Value: 21.5 → error Read Error ("no")'),),
    ),
    "an attribute that is not answered": Case(
        changed("11: 121(21.5), ", ""), (("answer", "7p1", "7p1", *READ, "Value: 21.5 → nothing"),)
    ),
    "a value in place of a time": Case(
        changed("121(1(1700000000))", "121(5)"),
        (("value", "7p1", "7p1", *READ, "Update Time: a time → 5"),),
    ),
    "a request that is refused": Case(
        changed("[[1, 6]]", "[[2, 6, {0: -32103}]]"),
        (("error", "9p1", "9p1", "write", "Plant.Valve", "ok → error Read Only"),),
    ),
    "a request that is not answered": Case(
        without("<[[1, 6]]"),
        (("error", "9p1", "9p1", "write", "Plant.Valve", "ok → no answer"),),
    ),
    "another value that is written": Case(
        changed("2: 7,", "2: 8,"),
        (("value", "9p1", "9p1", "write", "Plant.Valve", "written Value: 7 → 8"),),
    ),
    "a changed answer": Case(
        changed(f"1: {VALVE}, 2: 6", f"1: {VALVE}, 2: 0"),
        (
            (
                "answer",
                "15p1",
                "15p1",
                "browse",
                None,
                "result[Plant.Valve].element_category: Device → Root Element",
            ),
        ),
    ),
    "an answer with less in it": Case(
        changed(f'{{0: "Plant.Level", 1: {LEVEL}, 2: 6}}, ', ""),
        (
            (
                "answer",
                "15p1",
                "15p1",
                "browse",
                None,
                'result[Plant.Level]: {primary_key: "Plant.Level", element_uuid: Plant.Level, elem… '
                "→ nothing",
            ),
        ),
    ),
    "another version": Case(
        changed("{0: 1}]]", "{0: 2}]]"),
        (("answer", "1p1", "1p1", "client_hello", None, "current_protocol_version: 1 → 2"),),
    ),
    "a missing request": Case(
        without(">[[0, 5,", "<[[1, 5,"),
        (
            (
                "missing",
                "7p1",
                None,
                *READ,
                "Plant.Level: Value = 21.5, Quality = Good, Update Time = 2023-11-14T22:13:20Z",
            ),
        ),
    ),
    "another request": Case(
        changed("1: [11, 9, 6]}", "1: [11, 9, 5]}"),
        (
            (
                "missing",
                "7p1",
                None,
                *READ,
                "Plant.Level: Value = 21.5, Quality = Good, Update Time = 2023-11-14T22:13:20Z, "
                "attribute_ids with Update Time",
            ),
            (
                "extra",
                None,
                "7p1",
                *READ,
                "Plant.Level: Value = 21.5, Quality = Good, Update Time = 2023-11-14T22:13:20Z, "
                "attribute_ids with Source Time",
            ),
        ),
    ),
    "another order": Case(
        swapped(">[[0, 5,", ">[[0, 6,"), (("order", "7p1", "9p1", *READ, "comes later in B"),)
    ),
    "another value of an event": Case(
        changed("11: 121(2)", "11: 121(3)"),
        (("value", "14p1", "14p1", None, "Plant.Level", "Value in events: 2 → 3"),),
    ),
    "an event that is missing": Case(
        without("<[[8, 0, {0: 1(1700000002)"),
        (("missing", "14p1", None, None, "Plant.Level", "Value in events: 2"),),
    ),
    "an error in an event": Case(
        changed("11: 121(2)", "11: 122({0: -32109})"),
        (("error", "14p1", "14p1", None, "Plant.Level", "Value in events: 2 → error Write Error"),),
    ),
    "what is not CBOR": Case(
        (*SAID, ">hex:8301"),
        (
            (
                "extra",
                None,
                "19",
                None,
                None,
                "not well-formed CBOR at byte 2: found the end of the data, "
                "expected element 2 of 3 in an array",
            ),
        ),
    ),
    "an answer that nobody asked for": Case(
        (*SAID, "<[[1, 99, 5]]"), (("extra", None, "19p1", None, None, "unsolicited: 5"),)
    ),
}


def mirrored(row: Sequence[str | None]) -> tuple[str | None, ...]:
    """A row as it must be where the sides change places."""
    kind, a, b, command, element, detail = row
    kinds = {"missing": "extra", "extra": "missing"}
    where, arrow, there = str(detail).rpartition(" → ")
    if arrow:
        path, _, here = where.partition(": ") if ": " in where else ("", "", where)
        detail = f"{path}: {there} → {here}" if path else f"{there} → {here}"
    detail = re.sub("later|earlier", lambda word: {"later": "earlier"}.get(word[0], "later"), str(detail))
    return kinds.get(str(kind), kind), b, a, command, element, detail


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("said") / "said.db", *SAID)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_exactly_what_differs_is_told_whichever_side_comes_first(
    case: Case, said: Path, database: Path
) -> None:
    other = fill(database, *case.said)
    assert compared(said, other) == list(case.rows)
    assert compared(other, said) == [mirrored(row) for row in reversed(case.rows)]


def _apart(line: str) -> list[str]:
    """A message of two packets as two messages."""
    one, other = line[2:-1].split("], [")
    return [f"{line[0]}[{one}]]", f"{line[0]}[[{other}]"]


AGAIN = tuple(
    line.replace("5b5b", "6c6c")
    .replace("7171", "8282")
    .replace("1(17000000", "1(18000000")
    .replace('"secret"', '"other"')
    for line in SAID
)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (", 1: 50", ", 1: 60", ("maximum_update_rate: 50", "maximum_update_rate: 60")),
        ("", ", 2: 900", ("minimum_update_rate: nothing", "minimum_update_rate: 900")),
        (", 1: 5, 2: 9", ", 2: 9, 1: 5.0", ("maximum_update_rate: 5", "maximum_update_rate: 5.0")),
    ],
)
def test_requests_of_one_command_and_element_are_told_by_the_parameters_that_differ(
    one: str, other: str, told: tuple[str, str], tmp_path: Path
) -> None:
    a, b = (
        fill(
            tmp_path / name,
            *SAID[:4],
            f">[[0, 7, 6, {{0: [{{0: {LEVEL}, 1: [11]}}]{rates}}}]]",
            f"<[[1, 7, {VALVE}]]",
        )
        for name, rates in (("a.db", one), ("b.db", other))
    )
    about = "subscribe", "Plant.Level"
    assert compared(a, b) == [
        ("missing", "5p1", None, *about, f"Plant.Level, {told[0]}"),
        ("extra", None, "5p1", *about, f"Plant.Level, {told[1]}"),
    ]


@pytest.mark.parametrize(
    "again",
    {
        "UUIDs that the server gives, times and secrets": AGAIN,
        "message ids": tuple(re.sub(r"\[(0|1), (\d)", r"[\1, 10\2", line) for line in SAID),
        "how numbers are encoded": changed("121(21.5)", "121(21.5_3)"),
        "the order of a map": changed("{11: 121(21.5), 9: 121(0), 6", "{9: 121(0), 11: 121(21.5), 6"),
        "a value that is told again": (*SAID[:14], SAID[13], *SAID[14:]),
        "which messages requests are in": (*SAID[:2], *_apart(SAID[2]), *_apart(SAID[3]), *SAID[4:]),
        "when an event comes": (*SAID[:13], *SAID[14:16], SAID[13], *SAID[16:]),
    }.items(),
    ids=lambda entry: entry[0],
)
def test_what_is_no_difference(again: tuple[str, tuple[str, ...]], said: Path, database: Path) -> None:
    assert again[1] != SAID
    assert compared(said, fill(database, *again[1], start=START + 10**15)) == []


def heard(path: Path, values: Sequence[int], closed: float | None) -> Path:
    """A connection that is told a value each second, and is closed by the client. closed: in seconds."""
    events = [f"<[[8, 0, {{0: 1(1700000000), 1: {LEVEL}, 2: {{11: 121({value})}}}}]]" for value in values]
    said = frames(*SAID[:2], *SAID[10:12], *events, start=START)
    times = [*[frame.time for frame in said[:4]], *[START + second * 10**9 for second in range(len(values))]]
    told = [frame._replace(time=time) for frame, time in zip(said, times, strict=True)]
    end = Closing(START + round(closed * 10**9), 1000) if closed is not None else None
    add(path, told, info(opened=START), end)
    catch_up(path)
    return path


@pytest.mark.parametrize(
    ("values", "closed", "details"),
    [
        ([1, 2, 3], 2.9, []),
        ([1, 2, 3], 3.02, []),  # it was on its way
        ([1, 2, 3], 3.3, ["Value in events: 4"]),
        ([1, 2], 1.9, ["Value in events: 3, 4"]),
        ([1, 2, 9], 2.9, ["Value in events: 3 → 9 and 1 more"]),
        ([1, 2, 3], None, ["Value in events: 4"]),
    ],
)
def test_events_of_the_last_second_count_where_the_other_connection_could_have_heard_them(
    tmp_path: Path, values: list[int], closed: float | None, details: list[str]
) -> None:
    whole = heard(tmp_path / "whole.db", [1, 2, 3, 4], 3.8)
    short = heard(tmp_path / "short.db", values, closed)
    assert [row[-1] for row in compared(whole, short)] == details
    assert len(compared(short, whole)) == len(details)


def test_what_is_not_of_the_last_second_counts_wherever_the_other_connection_ended(tmp_path: Path) -> None:
    whole = heard(tmp_path / "whole.db", [1, 2, 3, 4], 4.2)
    assert [row[-1] for row in compared(whole, heard(tmp_path / "short.db", [1, 2, 3], 2.9))] == [
        "Value in events: 4"
    ]


def test_a_request_that_still_waits_is_not_answered_either(said: Path, database: Path) -> None:
    waiting = without("<[[1, 6]]")
    add(database, frames(*waiting, start=START), end=None)
    catch_up(database)
    over = fill(database.with_name("over.db"), *waiting)
    statuses = {
        read(path, "SELECT status FROM exchanges WHERE status <> 'ok'")[0] for path in (database, over)
    }
    assert statuses == {("pending",), ("unanswered",)}
    assert compared(database, over) == []
    assert [row[-1] for row in compared(said, database)] == ["ok → no answer"]


@pytest.mark.slow
def test_a_recording_and_its_rotated_self_are_the_same(tmp_path: Path) -> None:
    whole = fill(tmp_path / "whole.db", *CONVERSATION)
    record(tmp_path / "plant.db", *CONVERSATION, rotation=Rotation(size=1))
    assert len(list(tmp_path.glob("plant*.db"))) > 2
    assert compared(whole, tmp_path / "plant*.db") == []
    assert compared(tmp_path / "plant*.db", whole) == []


async def _talk(client: Client) -> list[UUID]:
    """What a client does to which the simulator gives UUIDs, and tells times. Returns the UUIDs."""
    await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
    request = client.request
    login = CBORTag(123, {0: OPERATOR.user, 1: OPERATOR.password})
    opened = await request(commands.CREATE_SUB_SESSION, {0: login})
    granted = await request(commands.SUBSCRIBE, {0: [{0: MODE, 1: [11, 9, 6]}]})
    await request(commands.READ, {0: MODE, 1: [11, 9, 6]})
    await request(commands.WRITE, {0: SPEED, 1: 11, 2: 1500.0, 3: opened.result})
    await request(commands.CHECK_ACCESS, {0: opened.result})
    await request(commands.UNSUBSCRIBE, {0: granted.result})
    await request(commands.UNSUBSCRIBE, {0: granted.result})
    await request(commands.CLOSE_SUB_SESSION, {0: opened.result})
    return [opened.result, granted.result]


async def _talk_twice(folder: Path) -> list[Path]:
    """One after the other with one simulator, whose clock goes on; it gives other UUIDs each time."""
    now = itertools.count(NOW, 10**9)
    databases = []
    async with Simulator(plant=example_plant(lambda: next(now))) as simulator:
        for name in ("once", "again"):
            async with Client(simulator.url, user=OPERATOR.user, password=OPERATOR.password) as client:
                given = await _talk(client)
            assert client.events
            databases.append(_recorded(folder / f"{name}.db", client, {uuid: uuid4() for uuid in given}))
    return databases


def _recorded(database: Path, client: Client, others: dict[UUID, UUID]) -> Path:
    """What a client sent and received. others: UUIDs in place of those that a simulator always gives."""
    found = [(sent, True) for sent in client.sent] + [(received, False) for received in client.received]
    recording = []
    for (payload, is_text, time), mine in sorted(found, key=lambda entry: entry[0].time):
        for uuid, other in others.items():
            payload = payload.replace(uuid.bytes, other.bytes)
        recording.append(Frame(time, mine, is_text, payload))
    add(database, recording)
    catch_up(database)
    return database


def test_a_conversation_with_the_simulator_that_is_recorded_twice_is_the_same(tmp_path: Path) -> None:
    once, again = asyncio.run(_talk_twice(tmp_path))
    payloads = [read(database, "SELECT payload FROM frames ORDER BY id") for database in (once, again)]
    assert sum(here != there for here, there in zip(*payloads, strict=True)) > 5
    assert compared(once, again) == []


def _delayed(database: Path, milliseconds: int) -> Path:
    """The conversation with one answer that comes so much later."""
    said = frames(*SAID, start=START)
    late = said.index(next(frame for frame in said if frame.payload == frames(SAID[7])[0].payload))
    said = [
        frame._replace(time=frame.time + milliseconds * MILLISECOND * (place >= late))
        for place, frame in enumerate(said)
    ]
    add(database, said)
    catch_up(database)
    return database


@pytest.mark.parametrize(
    ("tolerance", "slower", "faster"),
    [
        (None, False, False),
        (Tolerance(nanoseconds=79 * MILLISECOND), True, True),
        (Tolerance(nanoseconds=80 * MILLISECOND), False, False),
        (Tolerance(nanoseconds=79 * MILLISECOND, only_slower=True), True, False),
        (Tolerance(factor=80.9), True, True),
        (Tolerance(factor=81), False, False),
        (Tolerance(factor=80.9, only_slower=True), True, False),
    ],
)
def test_latencies_count_where_they_are_asked_for(
    tolerance: Tolerance | None, slower: bool, faster: bool, said: Path, database: Path
) -> None:
    late = _delayed(database, 80)
    row = ("latency", "7p1", "7p1", *READ, "1.000 ms → 81.000 ms")
    assert compared(said, late, latency=tolerance) == [row] * slower
    assert compared(late, said, latency=tolerance) == [mirrored(row)] * faster


REQUESTS = (
    f"4, {{0: {LEVEL}, 1: [11]}}",
    f"4, {{0: {VALVE}, 1: [11, 9]}}",
    f"5, {{0: {LEVEL}, 1: 11, 2: 1}}",
    f"5, {{0: {LEVEL}, 1: 11, 2: 2}}",
    '3, {0: "Plant.Level"}',
    "8",
)
conversations = st.lists(st.sampled_from(REQUESTS), max_size=30)


def _asked(database: Path, requests: Sequence[str]) -> Path:
    lines = [f">[[0, {number}, {request}]]" for number, request in enumerate(requests)]
    return fill(database, *[line for pair in zip(lines, _answers(requests), strict=True) for line in pair])


def _answers(requests: Sequence[str]) -> Iterator[str]:
    """Of each kind of request the same answer, which is all that is needed to compare them."""
    for number, request in enumerate(requests):
        yield f"<[[1, {number}, {REQUESTS.index(request)}]]"


@given(requests=conversations)
@settings(max_examples=12)
def test_nothing_differs_from_itself(requests: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("same")
    database = _asked(folder / "a.db", requests)
    assert compared(database, database) == []


@pytest.mark.slow
@given(requests=conversations, chosen=st.randoms(use_true_random=False), data=st.data())
@settings(max_examples=12)
def test_as_many_requests_are_missing_as_were_taken_away(
    requests: list[str],
    chosen: random.Random,
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    taken = set(chosen.sample(range(len(requests)), data.draw(st.integers(0, len(requests)))))
    folder = tmp_path_factory.mktemp("less")
    whole = _asked(folder / "a.db", requests)
    less = _asked(folder / "b.db", [said for place, said in enumerate(requests) if place not in taken])
    assert [row[0] for row in compared(whole, less)] == ["missing"] * len(taken)
    assert [row[0] for row in compared(less, whole)] == ["extra"] * len(taken)
