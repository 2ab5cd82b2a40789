"""A client served from a recording: what it is answered, and which events it gets when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest

from tests.compared import SAID, SUB_SESSION, SUBSCRIPTION
from tests.played import Played, played
from tests.queries.asking import START, fill
from tests.store_traffic import LEVEL, LEVEL_UUID, VALVE, info
from tests.transcript import edn
from xentara_inspect.playback.logins import Login
from xentara_inspect.playback.plant import Plant
from xentara_inspect.playback.serving import Manner, Unknown
from xentara_inspect.playback.streams import Pace

HELLO = (">[[0, 70, 14, {0: 1, 1: 1}]]", "<[[1, 70, {0: 1}]]")
WHY = "(not in the recording)"
NEW = "37(h'c01dc0ffeec01dc0ffeec01dc0ffee00')"
LOGIN = '123({0: "ann", 1: "secret"})'


Serve = Callable[..., Played]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A recording of what was said, made once."""

    @cache
    def made(*said: str) -> Path:
        return fill(tmp_path_factory.mktemp("played") / "recorded.db", *said)

    return made


@pytest.fixture
def serve(recorded: Callable[..., Path]) -> Iterator[Serve]:
    """Clients of recordings, as long as the test runs."""
    with ExitStack() as stack:
        yield lambda *said, manner=None: Played(stack.enter_context(played(recorded(*said))), manner)


def subscribe(message_id: int, *attributes: int, element: str = LEVEL) -> str:
    return f">[[0, {message_id}, 6, {{0: [{{0: {element}, 1: {list(attributes)}}}]}}]]"


def event(number: int, **told: str) -> str:
    """The event with a number in the conversation."""
    values = told or {"_11": f"121({number})", "_9": "121(0)"}
    entries = ", ".join(f"{key[1:]}: {value}" for key, value in values.items())
    return f"[[8, 0, {{0: 1(170000000{number}), 1: {LEVEL}, 2: {{{entries}}}}}]]"


def plain(text: str) -> str:
    return text.replace(" ", "").lower()


def test_the_same_requests_get_the_recorded_answers_under_their_own_message_ids(serve: Serve) -> None:
    client = serve(*SAID).say(
        *HELLO,
        '>[[0, 71, 3, {0: "Plant.Level"}], [0, 4294967296, 3, {0: "Plant.Valve"}]]',
        f"<[[1, 71, {LEVEL}], [1, 4294967296, {VALVE}]]",
        f">[[0, 71, 4, {{1: [11, 9, 6], 0: {LEVEL}}}]]",
        "<[[1, 71, {11: 121(21.5), 9: 121(0), 6: 121(1(1700000000))}]]",
    )
    assert client.manner.served.recorded == 4


def test_answers_that_change_come_in_their_order_and_then_as_the_state_is(serve: Serve) -> None:
    ask, answers = f"[[0, 5, 4, {{0: {LEVEL}, 1: [11]}}]]", [f"[[1, 5, {{11: 121({n})}}]]" for n in (1, 2)]
    said = [line for answer in answers for line in (f">{ask}", f"<{answer}")]
    serve(*SAID[:4], *said).say(*HELLO, *said, f">{ask}", f"<{answers[-1]}")


def test_what_was_never_answered_is_not(serve: Serve) -> None:
    client = serve(*SAID[:2], ">[[0, 2, 8]]", ">[[0, 3, 8]]", "<[[1, 3, 2]]")
    client.say(*HELLO, ">[[0, 1, 8]]", ">[[0, 2, 8]]", "<[[1, 2, 2]]")


def test_what_was_never_read_so_is_made_of_what_was_told_nearest(serve: Serve) -> None:
    client = serve(*SAID).say(
        *HELLO,
        f">[[0, 71, 4, {{0: {LEVEL}, 1: [9, 11, 37(h'4aa0e4e0521e4599a985e454baa59f89'), 7]}}]]",
        "<[[1, 71, {9: 121(0), 11: 121(21.5), 37(h'4aa0e4e0521e4599a985e454baa59f89'): 121(21.5),"
        ' 7: 122({0: -32101, 1: "missing attribute"})}]]',
    )
    client.now += 10**9
    client.say(f">[[0, 72, 4, {{0: {LEVEL}, 1: [11]}}]]", "<[[1, 72, {11: 121(2)}]]")
    assert client.manner.served.derived == 2


def test_what_is_written_is_read_back_and_told_to_all_who_subscribed(recorded: Callable[..., Path]) -> None:
    with played(recorded(*SAID)) as recording:
        plant = Plant()
        client, other = Played(recording, plant=plant), Played(recording, plant=plant)
        other.say(*HELLO, subscribe(71, 11, 9), f"<[[1, 71, {SUBSCRIPTION}]]")
        client.say(*HELLO, f">[[0, 71, 5, {{0: {LEVEL}, 1: 11, 2: 99.5}}]]", "<[[1, 71]]")
        client.say(
            f">[[0, 72, 4, {{0: {LEVEL}, 1: [11, 9, 6]}}]]",
            "<[[1, 72, {11: 121(99.5), 9: 121(0), 6: 121(1(1700000000))}]]",
        )
        assert other.woken
        told = [plain(message) for message in other.events(2)]
        assert len(told) == 3
        assert "{11:121(99.5" in told[0]
        assert ["121(99.5" in message and "9:121(0)" in message for message in told[1:]] == [True, True]


def test_a_write_in_its_turn_is_left_to_the_recording(serve: Serve) -> None:
    write = f">[[0, 6, 5, {{0: {LEVEL}, 1: 11, 2: 7}}]]", "<[[1, 6]]"
    read = f">[[0, 7, 4, {{0: {LEVEL}, 1: [11]}}]]", "<[[1, 7, {11: 121(7.0)}]]"  # the plant rounds
    serve(*SAID[:4], *write, *read).say(*HELLO, *write, *read)


@pytest.mark.parametrize(
    ("refused", "code", "text"),
    [
        ((), -32101, f"missing attribute {WHY}"),
        (
            (f">[[0, 6, 5, {{0: {LEVEL}, 1: 11, 2: 7}}]]", "<[[2, 6, {0: -32102}]]"),
            -32102,
            f"access denied {WHY}",
        ),
    ],
)
def test_a_write_that_the_plant_would_refuse_is_refused(
    serve: Serve, refused: tuple[str, ...], code: int, text: str
) -> None:
    serve(*SAID[:4], *refused).say(
        *HELLO, f">[[0, 71, 5, {{0: {LEVEL}, 1: 11, 2: 8}}]]", f'<[[2, 71, {{0: {code}, 1: "{text}"}}]]'
    )


def test_events_come_behind_their_subscription_as_far_apart_as_they_were(serve: Serve) -> None:
    client = serve(*SAID)
    client.now += 10**12
    client.say(*HELLO, subscribe(71, 11, 9), f"<[[1, 71, {SUBSCRIPTION}]]")
    assert client.events(0) == []
    assert [list(map(plain, client.events(1))) for _ in range(3)] == [
        [plain(event(1))],
        [plain(event(2))],
        [],
    ]
    assert client.serving.next_due() is None


def test_events_come_faster_and_again_where_that_is_asked_for(serve: Serve) -> None:
    client = serve(*SAID, manner=Manner(Pace(2.0, loops=True)))
    client.say(*HELLO, subscribe(71, 11, 9), f"<[[1, 71, {SUBSCRIPTION}]]")
    assert list(map(plain, client.events(1))) == [plain(event(1)), plain(event(2))]
    assert client.events(498) == []  # a round takes a second, half of it here
    assert list(map(plain, client.events(2))) == [plain(event(1)), plain(event(2))]


def test_what_was_left_of_a_subscription_comes_before_it_ends(serve: Serve) -> None:
    client = serve(*SAID)
    client.say(*HELLO, subscribe(71, 11, 9), f"<[[1, 71, {SUBSCRIPTION}]]")
    client.say(f">[[0, 72, 7, {{0: {SUBSCRIPTION}}}]]", f"<{event(1)}", f"<{event(2)}", "<[[1, 72]]")
    client.say(
        f">[[0, 73, 7, {{0: {SUBSCRIPTION}}}]]",
        f'<[[2, 73, {{0: -32110, 1: "unknown subscription Id {WHY}"}}]]',
    )


def test_a_subscription_that_was_not_recorded_gets_the_state_and_its_part_of_events(serve: Serve) -> None:
    client = serve(*SAID)
    client.say(
        *HELLO,
        f">[[0, 71, 6, {{0: [{{0: {LEVEL}, 1: [9]}}], 3: {NEW}}}]]",
        f"<[[1, 71, {NEW}]]",
    )
    first, *others = map(plain, client.events(20))
    assert "{9:121(0)}" in first
    assert others == [plain(event(1, _9="121(0)")), plain(event(2, _9="121(0)"))]


def test_the_ids_that_are_given_are_the_recorded_ones_and_never_the_same_twice(serve: Serve) -> None:
    client = serve(*SAID)
    client.say(*HELLO, f">[[0, 71, 12, {{0: {LOGIN}}}]]", f"<[[1, 71, {SUB_SESSION}]]")
    client.say(
        f">[[0, 72, 5, {{0: {VALVE}, 1: 11, 2: 7, 3: {SUB_SESSION}}}]]", "<[[1, 72]]",
        f">[[0, 73, 12, {{0: {LOGIN}, 1: {NEW}}}]]", f"<[[1, 73, {NEW}]]",
        f">[[0, 74, 13, {{0: {NEW}}}]]", "<[[1, 74]]",
    )  # fmt: skip
    message = edn(f"[[0, 75, 12, {{0: {LOGIN}}}]]")
    (answer,) = client.serving.received(message, client.now)
    assert answer.hex()[:16] == "818301184bd82550"  # [[1, 75, 37(h'…')]]
    assert SUB_SESSION[5:37] not in answer.hex()


def test_logins_are_taken_with_any_password_unless_there_is_one(serve: Serve) -> None:
    other = '>[[0, 71, 12, {0: 123({0: "ann", 1: "another"})}]]'
    serve(*SAID).say(*HELLO, other, f"<[[1, 71, {SUB_SESSION}]]")
    refused = '<[[2, 71, {0: -32102, 1: "access denied"}]]'
    serve(*SAID, manner=Manner(login=Login("ann", "secret"))).say(
        *HELLO, other, refused, f">[[0, 72, 12, {{0: {LOGIN}}}]]", f"<[[1, 72, {SUB_SESSION}]]"
    )


UNKNOWN = {
    "a command that there is not": ("[0, 71, 99]", -32601, "command not found"),
    "an element that was never seen": (f"[0, 71, 4, {{0: {NEW}, 1: [11]}}]", -32100, "unknown element"),
    "attributes that were never told": (f"[0, 71, 4, {{0: {VALVE}, 1: [7]}}]", -32101, "missing attribute"),
    "a name that was never told": ('[0, 71, 3, {0: "Plant.Pump"}]', -32100, "unknown element"),
    "a parameter that is missing": (f"[0, 71, 4, {{0: {LEVEL}}}]", -32602, "invalid parameter"),
    "a stage that was never changed": ("[0, 71, 10]", -32112, "invalid stage change request"),
    "what only the server knows": ("[0, 71, 0, {0: [1]}]", -32603, "internal server error"),
}


@pytest.mark.parametrize("case", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_unknown_gets_the_error_of_the_specification_and_is_counted(
    serve: Serve, case: tuple[str, int, str]
) -> None:
    asked, code, text = case
    told: list[int] = []
    client = serve(*SAID, manner=Manner(report=lambda unknown: told.append(unknown.code)))
    for _ in range(2):
        client.say(
            *(HELLO if not told else ()), f">[{asked}]", f'<[[2, 71, {{0: {code}, 1: "{text} {WHY}"}}]]'
        )
    assert told == [code]
    assert list(client.manner.served.unknown.values()) == [2]


def test_strictly_nothing_is_answered_but_what_was_recorded(serve: Serve) -> None:
    client = serve(*SAID, manner=Manner(is_strict=True))
    client.say(
        *HELLO,
        f">[[0, 71, 4, {{0: {LEVEL}, 1: [11]}}]]",
        f'<[[2, 71, {{0: -32603, 1: "internal server error {WHY}"}}]]',
        '>[[0, 72, 3, {0: "Plant.Level"}]]',
        f"<[[1, 72, {LEVEL}]]",
    )


def test_the_order_of_the_protocol_is_kept(serve: Serve) -> None:
    serve(*SAID).say(
        '>[[0, 1, 3, {0: "Plant.Level"}]]',
        '<[[2, 1, {0: -32000, 1: "missing client hello request"}]]',
        *HELLO,
        HELLO[0],
        '<[[2, 70, {0: -32001, 1: "duplicate client hello request"}]]',
        ">text:hello",
        '<[[2, 0, {0: -32700, 1: "payload not well formed"}]]',
        ">[[0, 5], 7]",
        '<[[2, 5, {0: -32600, 1: "invalid request"}], [2, 0, {0: -32600, 1: "invalid request"}]]',
    )


@pytest.mark.parametrize(("late", "told"), [(0, "1 8"), (900, "1 8"), (1100, "1 8 7")])
def test_a_write_that_comes_when_its_events_are_over_is_told_again(
    serve: Serve, late: int, told: str
) -> None:
    write = f">[[0, 6, 5, {{0: {LEVEL}, 1: 11, 2: 7}}]]", "<[[1, 6]]"
    follow = subscribe(7, 11), f"<[[1, 7, {SUBSCRIPTION}]]"
    events = [f"<{event(number, _11=value)}" for number, value in ((1, "121(1)"), (2, "121(8)"))]
    client = serve(*SAID[:4], *follow, events[0], *write, events[1])
    client.say(*HELLO, *follow)
    heard = client.events(late)
    client.say(*write)
    heard += client.events(20)
    assert " ".join(re.findall(r"121\((\d)\)", "".join(heard))) == told


def test_a_recording_that_began_behind_the_hello_is_served_with_and_without_one(serve: Serve) -> None:
    lookup = '>[[0, 5, 3, {0: "Plant.Level"}]]', f"<[[1, 5, {LEVEL}]]"
    behind = SAID[2:]
    assert serve(*behind).say(*lookup).manner.served.recorded == 1
    serve(*behind).say(
        *HELLO, *lookup, HELLO[0], '<[[2, 70, {0: -32001, 1: "duplicate client hello request"}]]'
    )


def test_of_what_is_unknown_only_so_much_is_kept_and_told(serve: Serve) -> None:
    told: list[Unknown] = []
    client = serve(*SAID, manner=Manner(report=told.append)).say(*HELLO)
    for number in range(1100):
        client.serving.received(edn(f'[[0, 5, 3, {{0: "Plant.{number}"}}]]'), client.now)
    served = client.manner.served
    assert (len(told), served.unknown.total(), served.others) == (1000, 1000, 100)


def test_a_client_that_does_not_listen_is_told_the_newest_of_what_was_written(
    recorded: Callable[..., Path],
) -> None:
    with played(recorded(*SAID)) as recording:
        plant = Plant()
        client = Played(recording, plant=plant).say(
            *HELLO, subscribe(71, 11, 9), f"<[[1, 71, {SUBSCRIPTION}]]"
        )
        for number in range(12_000):
            plant.write(UUID(LEVEL_UUID).bytes, 11, edn(str(number)))
        told = client.events(0)
        assert len(told) == 10_000
        assert "121(11999)" in plain(told[-1])


def test_a_connection_asks_the_others_for_what_its_own_does_not_know(tmp_path: Path) -> None:
    path = fill(tmp_path / "recorded.db", *SAID)
    fill(path, *SAID[:2], about=info("flow-2", opened=START + 1))
    with played(path) as recording:
        assert len(recording.talks) == 2
        for talk in range(2):
            client = Played(recording, talk=talk).say(
                *HELLO, '>[[0, 5, 3, {0: "Plant.Valve"}]]', f"<[[1, 5, {VALVE}]]"
            )
            assert client.manner.served.recorded == 2
