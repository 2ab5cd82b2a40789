"""Files and the traffic name an element differently: the traffic wins, and a finding says so."""

from __future__ import annotations

import pytest

from tests.store_traffic import HELLO, LEVEL, LEVEL_UUID, VALVE, VALVE_UUID
from tests.transcript import Transcript
from xentara_inspect.traffic.names import GivenName, Names, uuid_from_text

LEVEL_BYTES, VALVE_BYTES = bytes.fromhex(LEVEL[5:-2]), bytes.fromhex(VALVE[5:-2])
TREE = "37(h'00000000000000000000000000000000')"
LOOKUP = ('>[[0, 2, 3, {0: "Plant.Tank 1.Level"}]]', f"<[[1, 2, {LEVEL}]]")


def told(*lines: str, level: str = "Plant.Tank 1.Level", valve: str = "Plant.Valve") -> Transcript:
    """What is said where a file has names for the level and the valve."""
    given = {
        LEVEL_BYTES: GivenName(level, "model.json"),
        VALVE_BYTES: GivenName(valve, "model.json"),
    }
    return Transcript(*HELLO, *lines, names=Names(given=dict(given), given_before=dict(given)))


def browsed(message_id: int, level: str, valve: str) -> tuple[str, str]:
    return (
        f">[[0, {message_id}, 1, {{0: {TREE}}}]]",
        f'<[[1, {message_id}, [{{0: "{level}", 1: {LEVEL}, 2: 2}}, {{0: "{valve}", 1: {VALVE}, 2: 6}}]]]',
    )


@pytest.mark.parametrize(
    "lines",
    [
        LOOKUP,
        browsed(2, "Plant.Tank 1.Level", "Plant.Valve"),
        (f">[[0, 2, 2, {{0: {LEVEL}, 1: [0]}}]]", '<[[1, 2, {0: "Plant.Tank 1.Level"}]]'),
        (f">[[0, 2, 4, {{0: {LEVEL}, 1: [0]}}]]", '<[[1, 2, {0: 121("Plant.Tank 1.Level")}]]'),
    ],
    ids=["lookup", "browse", "meta_data", "read"],
)
def test_each_answer_that_tells_another_name_is_a_finding(lines: tuple[str, ...]) -> None:
    said = told(*lines, level="Plant.Old")
    (finding,) = said.findings
    assert finding.code == "name-disagrees"
    assert finding.message == (
        f"element {LEVEL_UUID} is Plant.Tank 1.Level in the traffic and Plant.Old in model.json"
    )
    assert (finding.address, finding.exchange) == (4 << 24 | 1, 3 << 24 | 1)
    assert told(*lines).codes == []


def test_an_answer_about_many_elements_is_one_finding() -> None:
    said = told(*browsed(2, "Plant.A", "Plant.B"))
    (finding,) = said.findings
    assert finding.message.endswith("; with 2 elements it is so")


def test_what_was_found_is_not_found_again_unless_the_name_changes() -> None:
    lines = (*browsed(2, "Plant.A", "Plant.Valve"), *browsed(3, "Plant.A", "Plant.Valve"))
    assert told(*lines).codes == ["name-disagrees"]
    assert told(*lines, *browsed(4, "Plant.C", "Plant.Valve")).codes == ["name-disagrees"] * 2


def test_the_traffic_wins_over_files_and_files_over_nothing() -> None:
    names = told().session._names
    assert names.element(LEVEL_BYTES) == "Plant.Tank 1.Level"
    assert names.is_element(VALVE_BYTES)
    names = told(*browsed(2, "Plant.A", "Plant.Valve")).session._names
    assert names.element(LEVEL_BYTES) == "Plant.A"
    assert names.named_elements() == {LEVEL_BYTES: "Plant.A", VALVE_BYTES: "Plant.Valve"}
    assert names.element(uuid_from_text(VALVE_UUID) or b"") == "Plant.Valve"
