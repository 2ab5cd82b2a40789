"""Findings that need a memory: traffic that has each, the nearest that has not; what is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transcript import edn
from xentara_inspect.frames import Frame
from xentara_inspect.traffic import thresholds
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import parse
from xentara_inspect.traffic.records import (
    Decoded,
    Exchange,
    Finding,
    Resumed,
    Status,
    SubscriptionClosed,
    SubscriptionOpened,
)
from xentara_inspect.traffic.rules import RULES
from xentara_inspect.traffic.session import Session
from xentara_inspect.traffic.thresholds import (
    ASKED_AGAIN,
    CLOCK_EVENTS,
    LEFT_OPEN,
    POLL_GAP,
    POLLS,
    REQUESTS,
    SAID,
    SECOND,
    SILENCE,
    SUB_SESSION_IDLE,
    THRESHOLDS,
    TIGHT_LOOP,
)

MILLISECOND = SECOND // 1000
START = 1_700_000_000 * SECOND
HELLO = ((0, ">[[0, 1, 14, {0: 1, 1: 1}]]"), (0, "<[[1, 1, {0: 1}]]"))
LEVEL = "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')"
VALVE = "37(h'00112233445566778899AABBCCDDEEFF')"
VALUE = "37(h'4AA0E4E0521E4599A985E454BAA59F89')"
LOGIN = "37(h'5E551000000040008000000000000001')"
Line = tuple[float, str]
"""Seconds after the line before, and what is said then."""


def uuid(number: int) -> str:
    return f"37(h'{number:032X}')"


def read(element: str = LEVEL, keys: str = "9, 11", after: float = 1.0) -> tuple[Line, ...]:
    return (after, f">[[0, 2, 4, {{0: {element}, 1: [{keys}]}}]]"), (0.001, "<[[1, 2, {11: 121(1.5)}]]")


def refused(element: str = LEVEL, after: float = 1.0) -> tuple[Line, ...]:
    return (after, f">[[0, 2, 4, {{0: {element}, 1: [11]}}]]"), (0.001, "<[[2, 2, {0: -32100}]]")


def lookup(key: str, after: float = 1.0) -> tuple[Line, ...]:
    return (after, f'>[[0, 2, 3, {{0: "{key}"}}]]'), (0.001, "<[[2, 2, {0: -32100}]]")


def stage(after: float) -> tuple[Line, ...]:
    return (after, ">[[0, 2, 8]]"), (0.001, "<[[1, 2, 2]]")


def write(value: str, element: str = VALVE, after: float = 1.0) -> tuple[Line, ...]:
    return (after, f">[[0, 2, 5, {{0: {element}, 1: 11, 2: {value}}}]]"), (0.001, "<[[1, 2]]")


def subscribed(
    number: int = 9, element: str = LEVEL, keys: str = "11", rates: str = "", after: float = 1.0
) -> tuple[Line, ...]:
    asked = f">[[0, 2, 6, {{0: [{{0: {element}, 1: [{keys}]}}]{rates}}}]]"
    return (after, asked), (0.001, f"<[[1, 2, {uuid(number)}]]")


def unsubscribed(number: int = 9, after: float = 1.0) -> tuple[Line, ...]:
    return (after, f">[[0, 2, 7, {{0: {uuid(number)}}}]]"), (0.001, "<[[1, 2]]")


def event(
    value: str = "1.5", quality: int = 0, element: str = LEVEL, after: float = 1.0, apart: float = 0.0
) -> tuple[Line, ...]:
    """apart: seconds that its time is behind that of the frame."""
    return ((after, f"<[[8, 0, {{0: 1001({{4: 4([-9, NOW-{apart}])}}), 1: {element},"
            f" 2: {{11: 121({value}), 9: 121({quality})}}}}]]"),)  # fmt: skip


def said(values: str, after: float = 1.0) -> tuple[Line, ...]:
    """An event about LEVEL. values: its map of attributes."""
    return ((after, f"<[[8, 0, {{0: 1001({{4: 4([-9, NOW-0])}}), 1: {LEVEL}, 2: {values}}}]]"),)


def logged_in(after: float = 1.0) -> tuple[Line, ...]:
    asked = '>[[0, 2, 12, {0: 123({0: "operator", 1: "******"})}]]'
    return (after, asked), (0.001, f"<[[1, 2, {LOGIN}]]")


def access(after: float) -> tuple[Line, ...]:
    return (after, f">[[0, 2, 15, {{0: {LOGIN}}}]]"), (0.001, "<[[1, 2, {0: true, 1: true}]]")


def close_login(after: float = 1.0) -> tuple[Line, ...]:
    return (after, f">[[0, 2, 13, {{0: {LOGIN}}}]]"), (0.001, "<[[1, 2]]")


def frames(*parts: Iterable[Line]) -> list[Frame]:
    found, time = [], START
    for after, line in (line for part in (HELLO, *parts) for line in part):
        time += round(after * SECOND)
        head, is_event, rest = line.partition("NOW-")
        if is_event:
            apart, _, tail = rest.partition("])")
            line = f"{head}{time - round(float(apart) * SECOND)}]){tail}"
        found.append(Frame(time, line[0] == ">", False, edn(line[1:])))
    return found


def found(*parts: Iterable[Line], end: float = 1.0) -> list[Finding]:
    """The findings of a conversation and its end, so many seconds behind its last frame."""
    session, said = Session(), frames(*parts)
    decoded = [portion for number, frame in enumerate(said, 1) for portion in session.feed(frame, number)]
    decoded += session.close(said[-1].time + round(end * SECOND))
    return [finding for portion in decoded for finding in portion.findings]


def codes(*parts: Iterable[Line], end: float = 1.0) -> list[str]:
    return [finding.code for finding in found(*parts, end=end)]


IDLE = SUB_SESSION_IDLE / SECOND
GAP = POLL_GAP / SECOND
QUIET = SILENCE / SECOND
DOUBT = (*subscribed(element=VALVE), *event("20.1875", 3, VALVE))

# code: (conversations that have it once, conversations beside them that have no finding at all)
CASES: dict[str, tuple[list[tuple[Line, ...]], list[tuple[Line, ...]]]] = {
    "tight-loop": (
        [
            TIGHT_LOOP * stage(0.001),
            TIGHT_LOOP * read(after=0.009),
            TIGHT_LOOP * write("5", after=0.001),
            ((1, ">[" + ", ".join(TIGHT_LOOP * ["[0, 2, 8]"]) + "]"),
             (0.1, "<[" + ", ".join(TIGHT_LOOP * ["[1, 2, 2]"]) + "]")),
        ],
        [
            (TIGHT_LOOP - 1) * stage(0.001),
            TIGHT_LOOP * stage(0.010),
            (TIGHT_LOOP - 1) * stage(0.001) + stage(1.0) + (TIGHT_LOOP - 2) * stage(0.001),
            tuple(line for number in range(TIGHT_LOOP) for line in read(uuid(number + 1), after=0.001)),
            # The pause counts from the answer on, however long that took.
            TIGHT_LOOP * ((0.02, ">[[0, 2, 8]]"), (3.0, "<[[1, 2, 2]]")),
        ],
    ),
    "polling": (
        [
            POLLS * read(),
            POLLS * read(after=GAP),
            POLLS * read(keys="37(h'4AA0E4E0521E4599A985E454BAA59F89')"),
            tuple(line for _ in range(POLLS) for line in (*read(), *stage(0.1))),
        ],
        [
            (POLLS - 1) * read(),
            POLLS * read(after=GAP + 1),
            POLLS * read(keys="0, 1, 3, 4"),
            POLLS * stage(1.0),
            tuple(line for number in range(POLLS) for line in read(keys="9, 11" if number % 2 else "11")),
            POLLS * ((1, f">[[0, 2, 4, {{0: {LEVEL}, 1: [11]}}]]"), (0.001, "<[[2, 2, {0: -32102}]]")),
        ],
    ),
    "asked-again": (
        [
            ASKED_AGAIN * refused(),
            ASKED_AGAIN * lookup("Plant.Nothing"),
            (*refused(), *(ASKED_AGAIN - 1) * ((1, f">[[0, 2, 1, {{0: {LEVEL}}}]]"),
                                               (0.001, "<[[2, 2, {0: -32100}]]"))),
            ASKED_AGAIN * ((1, f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}, {{0: {VALVE}, 1: [11]}}]}}]]"),
                           (0.001, "<[[2, 2, {0: -32100}]]")),
        ],
        [
            (ASKED_AGAIN - 1) * refused(),
            (ASKED_AGAIN - 1) * refused() + read() + (ASKED_AGAIN - 1) * refused(),
            tuple(line for number in range(ASKED_AGAIN) for line in lookup(f"Plant.Tank {number}")),
        ],
    ),
    "silent-subscription": (
        [
            (*subscribed(), *unsubscribed(after=QUIET)),
            (*subscribed(), *stage(QUIET)),
            (*subscribed(), *subscribed(8, VALVE), *event(after=QUIET), *unsubscribed(8), *unsubscribed()),
            (*subscribed(keys=""), *unsubscribed(after=QUIET)),
            (*subscribed(), *subscribed(rates=f", 3: {uuid(9)}", after=QUIET), *event()),
            (*subscribed(rates=", 2: 40000"), *unsubscribed(after=80)),
            (*subscribed(keys="12"), *subscribed(8), *event(after=QUIET), *unsubscribed(8), *unsubscribed()),
            (*subscribed(), *subscribed(8, keys="12"), *event(after=QUIET), *unsubscribed(),
             *unsubscribed(8)),
            (*subscribed(keys="12"), *subscribed(8), *said("{11: 122({0: -32108})}"), *event(after=QUIET),
             *unsubscribed(8), *unsubscribed()),
            (*subscribed(keys=""), *subscribed(8), *event(after=QUIET), *unsubscribed(8), *unsubscribed()),
        ],
        [
            (*subscribed(), *unsubscribed(after=QUIET - 1)),
            (*subscribed(), *event(), *unsubscribed(after=QUIET)),
            ((1, f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}]}}]]"), *event(after=0.001),
             (0.001, f"<[[1, 2, {uuid(9)}]]"), *unsubscribed(after=QUIET)),
            (*subscribed(rates=", 2: 40000"), *unsubscribed(after=79)),
            (*subscribed(), *subscribed(8), *event(), *unsubscribed(8, after=QUIET), *unsubscribed()),
            (*subscribed(keys="9, 12"), *subscribed(8), *event(), *unsubscribed(8, after=QUIET),
             *unsubscribed()),
            (*subscribed(keys=VALUE), *event(), *unsubscribed(after=QUIET)),
            (*subscribed(), *said(f"{{{VALUE}: 121(1)}}"), *unsubscribed(after=QUIET)),
            (*subscribed(keys="12"), *subscribed(8), *said("{}"), *unsubscribed(8, after=QUIET),
             *unsubscribed()),
            ((1, f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}]}}]]"), (0.001, "<[[2, 2, {0: -32102}]]"),
             *stage(QUIET)),
        ],
    ),
    "subscription-left-open": (
        [
            (*(line for number in range(LEFT_OPEN) for line in subscribed(number + 9)), *event()),
            (*(line for number in range(LEFT_OPEN) for line in subscribed(number + 9, keys=f"11, {number}")),
             *event()),
        ],
        [
            (*(line for number in range(LEFT_OPEN - 1) for line in subscribed(number + 9)), *event()),
            (*(line for _ in range(LEFT_OPEN) for line in (*subscribed(), *event(), *unsubscribed())),),
            (*(line for number in range(LEFT_OPEN) for line in subscribed(number + 9, keys=str(number + 7))),
             *event()),
        ],
    ),
    "sub-session-left-open": (
        [(*logged_in(), *stage(IDLE)), (*logged_in(), *access(600), *stage(IDLE))],
        [
            (*logged_in(), *stage(IDLE - 10)),
            (*logged_in(), *access(IDLE), *stage(600)),
            (*logged_in(), *close_login(), *stage(IDLE)),
        ],
    ),
    "bad-quality-written": (
        [
            (*DOUBT, *write("20.1875", LEVEL)),
            (*subscribed(element=VALVE), *event("201875", 2, VALVE), *write("201875.0", LEVEL)),
            (*subscribed(element=VALVE), *event('"Batch 4711"', 3, VALVE), *write('"Batch 4711"', LEVEL)),
            ((1, f">[[0, 2, 4, {{0: {VALVE}, 1: [11, 9]}}]]"),
             (0.001, "<[[1, 2, {11: 121(20.1875), 9: 121(3)}]]"), *write("20.1875", LEVEL)),
        ],
        [
            (*DOUBT, *write("20.1875", VALVE)),  # back to where it is from
            (*DOUBT, *write("20.1876", LEVEL)),
            (*DOUBT, *write("20.1875", LEVEL, after=61)),
            (*DOUBT, *event("20.1875", 0, VALVE), *write("20.1875", LEVEL)),
            (*subscribed(element=VALVE), *event("20.1875", 1, VALVE), *write("20.1875", LEVEL)),
            (*subscribed(element=VALVE), *event("20", 3, VALVE), *write("20", LEVEL)),  # by chance
            (*subscribed(element=VALVE), *event("true", 3, VALVE), *write("true", LEVEL)),
        ],
    ),
    "clock-apart": (
        [
            (*subscribed(), *(CLOCK_EVENTS * event(apart=3600))),
            (*subscribed(), *(CLOCK_EVENTS * event(apart=-31))),
            (*subscribed(), *event(apart=10**6), *(CLOCK_EVENTS * event(apart=37))),
        ],
        [
            (*subscribed(), *((CLOCK_EVENTS - 1) * event(apart=3600))),
            (*subscribed(), *(CLOCK_EVENTS * event(apart=3600, after=0.1))),
            (*subscribed(), *event(), *(CLOCK_EVENTS * event(apart=3600))),
            (*subscribed(), *(CLOCK_EVENTS * event(apart=29))),
            # A value that does not change, sent again and again with the time of its change.
            (*subscribed(), *(line for n in range(3 * CLOCK_EVENTS) for line in event(apart=100 + n))),
        ],
    ),
}  # fmt: skip

HAVE = [(code, lines) for code, (have, _) in CASES.items() for lines in have]
HAVE_NOT = [
    pytest.param(lines, id=f"{code}-{number}")
    for code, (_, have_not) in CASES.items()
    for number, lines in enumerate(have_not)
]


@pytest.mark.parametrize(("code", "lines"), HAVE)
def test_the_traffic_has_the_finding_once(code: str, lines: tuple[Line, ...]) -> None:
    seen = [seen for seen in codes(lines) if seen != "message-id-in-use"]
    assert seen == [code]


@pytest.mark.parametrize("lines", HAVE_NOT)
def test_the_nearest_proper_traffic_has_no_finding(lines: tuple[Line, ...]) -> None:
    assert codes(lines) == []


def test_every_threshold_is_of_a_rule_and_in_the_table() -> None:
    assert {row.code for row in THRESHOLDS} - {""} <= set(RULES)
    assert {row.name for row in THRESHOLDS} <= set(vars(thresholds))
    assert set(CASES) <= {row.code for row in THRESHOLDS}


@pytest.mark.slow
def test_a_habit_is_said_a_few_times_and_no_more() -> None:
    loops = [line for number in range(2 * SAID) for line in TIGHT_LOOP * read(uuid(number + 1), after=0.001)]
    assert codes(loops) == SAID * ["tight-loop"]
    assert codes((100 * TIGHT_LOOP) * stage(0.001)) == ["tight-loop"]


def test_a_finding_says_where_and_what() -> None:
    (finding,) = found(POLLS * read())
    assert finding.address == finding.exchange == (2 * POLLS + 1) << 24 | 1
    assert finding.message == (
        "the same attributes of e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8 were read 20 times in 19 s;"
        " a subscription sends their changes"
    )
    (finding,) = found(subscribed(keys=""), stage(QUIET))
    assert finding.address is None
    assert finding.exchange == 3 << 24 | 1
    assert finding.message == (
        "subscription 00000000-0000-0000-0000-000000000009 had no event in 31 s, until the connection ended;"
        " it asks for no attribute"
    )


def test_of_requests_only_the_latest_are_remembered() -> None:
    session = Session()
    many = [line for number in range(REQUESTS + 5) for line in read(uuid(number + 1), after=0.02)]
    kept: dict[tuple[str, str], object] = {}
    for number, frame in enumerate(frames(many), 1):
        for decoded in session.feed(frame, number):
            for key, state in decoded.remembered.items():
                kept[key] = state
                if state is None:
                    del kept[key]
    assert len([kind for kind, _ in kept if kind == "request"]) == REQUESTS


# Clients at their normal work


def panel() -> Iterator[Line]:
    """As the vendor's web page does it: look up, subscribe to all, write now and then, leave."""
    for number in range(7):
        yield from (line for line in lookup(f"Sampler.{number}", after=0.001)[:1])
        yield 0.01, f"<[[1, 2, {uuid(number + 20)}]]"
    elements = ", ".join(f"{{0: {uuid(number + 20)}, 1: [11, 9, 7]}}" for number in range(7))
    yield 0.001, f">[[0, 2, 6, {{0: [{elements}], 2: 100, 3: {uuid(9)}}}]]"
    yield from event(element=uuid(20), after=0.001)
    yield 0.001, f"<[[1, 2, {uuid(9)}]]"
    for number in range(300):
        yield from event(f"{number}.25", element=uuid(20 + number % 7), after=0.1)
        if number % 60 == 59:
            yield from write(str(number), uuid(26), after=0.01)


def terminal() -> Iterator[Line]:
    """As a terminal client does it, whose user holds the arrow key: up and down over forty elements."""
    for cursor in (*range(40), *range(40, 0, -1), *range(40)):
        element = uuid(100 + cursor)
        yield from read(element, "1, 3, 4", after=0.03)
        yield from subscribed(9, element, "9, 11", after=0.001)
        yield from event(element=element, after=0.001)
        yield from unsubscribed(9, after=0.001)


def logger() -> Iterator[Line]:
    """As a script does it that reads each quarter of an hour, and asks twice for what is not there."""
    for number in range(100):
        yield from (line for line in (*stage(900), *read(), *read(VALVE)))
        if number < 2:
            yield from lookup("Plant.Old")


@pytest.mark.parametrize("client", [panel, terminal, logger])
def test_clients_at_their_normal_work_have_no_finding(client: Callable[[], Iterator[Line]]) -> None:
    assert codes(client(), end=3600) == []


# Going on elsewhere


class Relay:
    """A conversation of which each frame meets a new session, which knows what is kept of the one before."""

    def __init__(self) -> None:
        self.names = Names()
        self.kept: dict[tuple[str, str], tuple[object, ...]] = {}
        self.opened: dict[bytes, SubscriptionOpened] = {}
        self.pending: dict[int, tuple[Exchange, bytes, int]] = {}
        self.greeted = False
        self.findings: list[Finding] = []

    def session(self) -> Session:
        pending = [
            (exchange, parse(payload).packets[place - 1])
            for exchange, payload, place in self.pending.values()
        ]
        states = [(*key, state) for key, state in reversed(self.kept.items())]  # as a table may give them
        return Session(self.names, Resumed(pending, self.greeted, list(self.opened.values()), states))  # type: ignore[arg-type]

    def keep(self, decoded: Decoded, payload: bytes) -> None:
        self.findings += decoded.findings
        for exchange in decoded.opened:
            self.pending[exchange.address] = exchange, payload, exchange.address & 0xFFFFFF
        for exchange in decoded.closed:
            self.pending.pop(exchange.address, None)
            self.greeted |= exchange.opcode == 14 and exchange.status is Status.OK
        for learned in decoded.learned:
            if isinstance(learned, SubscriptionOpened):
                self.opened.pop(learned.uuid, None)
                self.opened[learned.uuid] = learned
            elif isinstance(learned, SubscriptionClosed):
                self.opened.pop(learned.uuid, None)
        for key, state in decoded.remembered.items():
            if state is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = state


def relayed(lines: Iterable[Line]) -> list[Finding]:
    relay, said = Relay(), frames(lines)
    for number, frame in enumerate(said, 1):
        for decoded in relay.session().feed(frame, number):
            relay.keep(decoded, frame.payload)
    for decoded in relay.session().close(said[-1].time + SECOND):
        relay.keep(decoded, b"")
    return relay.findings


@pytest.mark.parametrize("lines", [lines for _, lines in HAVE] + [case.values[0] for case in HAVE_NOT])
def test_a_session_that_goes_on_elsewhere_after_each_frame_finds_the_same(lines: tuple[Line, ...]) -> None:
    assert relayed(lines) == found(lines)


PAUSES = st.sampled_from([-1.0, 0.0, 0.001, 0.5, 31.0, 4000.0])
SOME = [
    *(stage(0.0), read(), read(VALVE), refused(), refused(VALVE), lookup("Plant")),
    *(subscribed(9), subscribed(8, VALVE), subscribed(7, keys=""), unsubscribed(9), unsubscribed(8)),
    *(event(), event("20.1875", 3), event("20.1875", 2, VALVE), event(apart=3600.0)),
    *(write("20.1875"), write("20.1875", LEVEL), logged_in(), access(0.0), close_login()),
]
"""What a client and a server may say, each with its answer."""
MIXED = st.lists(
    st.tuples(st.sampled_from(SOME), PAUSES, st.booleans(), st.sampled_from([1, 2, POLLS, TIGHT_LOOP])),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(MIXED)
def test_whatever_is_said_in_any_order_it_finds_the_same(
    parts: list[tuple[tuple[Line, ...], float, bool, int]],
) -> None:
    lines = [
        line
        for (asked, *answer), pause, is_answered, times in parts
        for _ in range(times)
        for line in ((pause, asked[1]), *(answer if is_answered else ()))
    ]
    assert relayed(lines) == found(lines)
