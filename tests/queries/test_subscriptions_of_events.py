"""Which subscription an event came for: the last one that asked for its element and one of its attributes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.queries.asking import ask, fill, record
from tests.queries.explaining import asked as explained
from tests.queries.explaining import said
from tests.queries.test_subscribed_elements import agree
from tests.store_traffic import HELLO, LEVEL, VALVE, read
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.events import events
from xentara_inspect.recorder.rotation import Rotation

VALUE_UUID = "37(h'4aa0e4e0521e4599a985e454baa59f89')"
QUALITY_UUID = "37(h'd3c4b709bccf46659621abfb5c6addce')"
OWN = "37(h'0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c')"
"""An attribute of the plant's own."""
NUMBERS = {VALUE_UUID: "11", QUALITY_UUID: "9"}
ELEMENTS = (LEVEL, VALVE)


def uuid(number: int) -> str:
    return f"37(h'{number:032x}')"


def asked(number: int, *attributes: str | int, element: str = LEVEL) -> str:
    keys = ", ".join(map(str, attributes))
    return f">[[0, {number}, 6, {{0: [{{0: {element}, 1: [{keys}]}}]}}]]"


def granted(number: int) -> str:
    return f"<[[1, {number}, {uuid(number)}]]"


def subscribed(number: int, *attributes: str | int) -> tuple[str, str]:
    return asked(number, *attributes), granted(number)


def closed(number: int) -> tuple[str, str]:
    return f">[[0, 99, 7, {{0: {uuid(number)}}}]]", "<[[1, 99]]"


def event(*attributes: str | int, element: str = LEVEL) -> str:
    values = ", ".join(
        f"{key}: 121({0 if NUMBERS.get(str(key), str(key)) == '9' else 1})" for key in attributes
    )
    return f"<[[8, 0, {{0: 1(1), 1: {element}, 2: {{{values}}}}}]]"


def viewed(database: Path) -> list[str | None]:
    return [row[0] for row in read(database, "SELECT subscription FROM events_readable ORDER BY packet_id")]


def served(database: Path, *lines: str) -> list[str | None]:
    """The subscription of each event, once all who say it agree."""
    fill(database, *HELLO, *lines)
    agree(database)
    listed = [row["subscription"] for row in ask(database, "events", limit=0)]
    assert viewed(database) == listed
    return listed


VALUES, QUALITIES = subscribed(2, 11), subscribed(3, 9)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((*VALUES, *QUALITIES, event(11), event(9), event(11)), ["3p1", "5p1", "3p1"]),
        ((*QUALITIES, *VALUES, event(11), event(9), event(11)), ["5p1", "3p1", "5p1"]),
        ((*VALUES, *QUALITIES, event(11, 9), event(9, 11), event(9, 12)), ["5p1", "5p1", "5p1"]),
        ((*QUALITIES, *VALUES, event(11, 9), event(9, 11), event(12, 9)), ["5p1", "5p1", "3p1"]),
        (
            (*subscribed(2, 11, 9), *subscribed(3, 9, 10), event(11), event(9), event(10), event(11, 10)),
            ["3p1", "5p1", "5p1", "5p1"],
        ),
        ((*VALUES, *QUALITIES, event()), ["5p1"]),
        ((*VALUES, *subscribed(3), event(), event(11)), ["5p1", "3p1"]),
        ((*subscribed(2), event(), event(11)), ["3p1", None]),
        ((*subscribed(2, VALUE_UUID), *subscribed(3, 9), event(11), event(VALUE_UUID)), ["3p1", "3p1"]),
        ((*subscribed(2, 11), *subscribed(3, QUALITY_UUID), event(VALUE_UUID), event(11, 9)), ["3p1", "5p1"]),
        ((*subscribed(2, OWN), *subscribed(3, 99), event(OWN), event(99), event(98)), ["3p1", "5p1", None]),
        ((*QUALITIES, event(11), event(12)), [None, None]),
        ((*VALUES, *QUALITIES, *closed(3), event(9), event(11)), [None, "3p1"]),
        ((*VALUES, *QUALITIES, *closed(2), event(9), event(11)), ["5p1", None]),
        ((asked(2, 11), event(11), event(9), granted(2)), ["3p1", None]),
        ((asked(2, 11), asked(3, 9), granted(3), granted(2), event(9, 11)), ["4p1"]),
        ((*VALUES, asked(3, 11), event(11), "<[[2, 3, {0: -32102}]]"), ["3p1"]),
    ],
    ids=[
        "of different attributes", "in the other order", "with both attributes", "in the other order too",
        "overlapping", "without attributes", "one that asks for none is the last", "asks for none",
        "asked by UUID", "told by UUID", "attributes of the plant's own", "nobody asked for",
        "the last is closed", "the first is closed", "the answer is overtaken", "granted in another order",
        "refused",
    ],
)  # fmt: skip
def test_an_event_is_for_the_last_that_asked_for_one_of_its_attributes(
    lines: Sequence[str], expected: list[str | None], database: Path
) -> None:
    assert served(database, *lines) == expected


def test_one_element_named_twice_in_a_subscription_is_asked_for_both(database: Path) -> None:
    twice = f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}, {{0: {LEVEL}, 1: [9]}}]}}]]"
    fill(database, *HELLO, twice, granted(2), event(9), event(11))
    assert [row["subscription"] for row in ask(database, "events")] == viewed(database) == ["3p1", "3p1"]


def test_a_finding_says_the_same_as_the_list(database: Path) -> None:
    assert served(database, *QUALITIES, event(11)) == [None]
    (finding,) = ask(database, "findings")
    assert finding["message"].startswith("no subscription has these attributes of element")
    (cause,) = explained(database, f"finding:{finding['id']}")["causes"]
    assert "never subscribed" not in said(cause)
    assert "closed" not in said(cause)


def test_an_event_that_nobody_asked_for_is_told_so_beside_what_is_wrong_with_it(database: Path) -> None:
    fill(database, *HELLO, *QUALITIES, f"<[[8, 0, {{1: {LEVEL}, 2: {{11: 122({{0: -32108}})}}}}]]")
    causes = explained(database, "5p1")["causes"]
    assert any("asked for these attributes of the element" in said(cause) for cause in causes)


def test_a_subscription_of_the_file_before_still_has_its_attributes(tmp_path: Path) -> None:
    lines = (*HELLO, *subscribed(2, OWN, 11), *QUALITIES, event(OWN), event(9), event(11, 9), event(12))
    files = record(tmp_path / "plant.db", *lines, rotation=Rotation(size=1))
    assert len(files) > 4
    agree(*files)
    with open_databases(list(map(str, files))) as databases:
        listed = [row["subscription"] for row in events(databases, limit=0)]
    assert listed == ["3p1", "5p1", "5p1", None]
    assert [name for file in files for name in viewed(file)] == listed


@dataclass
class Subscription:
    """What a random conversation asked for. place: of the request; answered, ended: frames."""

    place: int
    wanted: dict[str, set[str]]
    answered: int = 1 << 30
    is_granted: bool = False
    ended: int = 1 << 30


@dataclass
class Talk:
    """A random conversation, and what follows from it by the rule in words."""

    lines: list[str] = field(default_factory=lambda: list(HELLO))
    opened: list[Subscription] = field(default_factory=list)
    told: list[tuple[int, str, set[str]]] = field(default_factory=list)

    def ask(self, subscription: int, wanted: dict[str, list[str]], answer: str) -> None:
        one = Subscription(
            len(self.lines) + 1,
            {element: {NUMBERS.get(key, key) for key in keys} for element, keys in wanted.items()},
        )
        items = ", ".join(f"{{0: {element}, 1: [{', '.join(keys)}]}}" for element, keys in wanted.items())
        self.lines.append(f">[[0, 2, 6, {{0: [{items}]}}]]")
        if answer == "late":
            self.tell(LEVEL, ["11"])
        one.is_granted = answer != "refused"
        self.lines.append(f"<[[1, 2, {uuid(subscription)}]]" if one.is_granted else "<[[2, 2, {0: -32102}]]")
        one.answered = len(self.lines)
        if one.is_granted:
            self.end(subscription)  # one of the same id is replaced
            self.named[subscription] = one
        self.opened.append(one)

    named: dict[int, Subscription] = field(default_factory=dict)

    def close(self, subscription: int) -> None:
        self.lines += (f">[[0, 3, 7, {{0: {uuid(subscription)}}}]]", "<[[1, 3]]")
        self.end(subscription)

    def end(self, subscription: int) -> None:
        if subscription in self.named:
            self.named.pop(subscription).ended = len(self.lines)

    def tell(self, element: str, attributes: list[str]) -> None:
        distinct = {NUMBERS.get(key, key): key for key in attributes}
        self.lines.append(event(*distinct.values(), element=element))
        self.told.append((len(self.lines), element, set(distinct)))

    def serving(self, place: int, element: str, attributes: set[str]) -> list[Subscription]:
        return [
            one
            for one in sorted(self.opened, key=lambda one: one.place)
            if one.place < place < one.ended
            and element in one.wanted
            and (not attributes or attributes & one.wanted[element])
        ]

    def owners(self) -> list[str | None]:
        """The subscription of each event."""
        found = ([one for one in self.serving(*told) if one.is_granted] for told in self.told)
        return [f"{ones[-1].place}p1" if ones else None for ones in found]

    def unasked(self) -> list[int]:
        """The frames of events that nobody had asked for when they came."""
        return [
            told[0]
            for told in self.told
            if not any(one.is_granted or told[0] < one.answered for one in self.serving(*told))
        ]


KEYS = st.lists(st.sampled_from(("11", "9", "10", VALUE_UUID, QUALITY_UUID, OWN)), max_size=3, unique=True)
STEPS = st.one_of(
    st.tuples(
        st.just("ask"),
        st.integers(1, 3),
        st.dictionaries(st.sampled_from(ELEMENTS), KEYS, min_size=1),
        st.sampled_from(("granted", "late", "refused")),
    ),
    st.tuples(st.just("close"), st.integers(1, 3)),
    st.tuples(st.just("tell"), st.sampled_from(ELEMENTS), KEYS),
    st.tuples(st.just("tell"), st.just(LEVEL), KEYS),
)


@settings(max_examples=40)
@example([("ask", 1, {LEVEL: ["11"]}, "granted"), ("ask", 2, {LEVEL: ["9"]}, "granted"),
          *5 * [("tell", LEVEL, ["11"])], ("tell", LEVEL, ["9"])])  # fmt: skip
@given(st.lists(STEPS, max_size=25))
def test_the_view_the_list_the_sums_and_the_findings_agree_whatever_is_said(
    steps: list[tuple[str, ...]],
) -> None:
    talk = Talk()
    for name, *parameters in steps:
        getattr(talk, name)(*parameters)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "plant.db"
        assert served(database, *talk.lines[len(HELLO) :]) == talk.owners()
        findings = [row for row in ask(database, "findings", limit=0) if row["code"] == "unsubscribed-event"]
        assert [row["frame"] for row in findings] == talk.unasked()
