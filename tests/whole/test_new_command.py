"""A new command is one row of a table: everything else follows from it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tests.made_up_command import add
from tests.transcript import Transcript, edn
from xentara_inspect.notation.messages import Context, annotate_packet
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.learning import elements_named
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.redaction import redact

HELLO = (">[[0, 1, 14, {0: 1, 1: 1}]]", "<[[1, 1, {0: 1}]]")
TANK = "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')"
PUMP = "37(h'00112233445566778899AABBCCDDEEFF')"
REQUEST = f'[[0, 2, 20, {{0: {TANK}, 1: -3, 2: "swordfish", 3: [{{0: {PUMP}, 1: 7}}, {{0: {TANK}, 1: 1}}]}}]]'
RESPONSE = "[[1, 2, {0: true, 1: 1}]]"
NAMES = Names(elements={bytes.fromhex("E3EE10714D884BA18E5D0F1E4CE25EE8"): "Plant.Tank 1"})


@pytest.fixture(autouse=True)
def _calibrate(monkeypatch: pytest.MonkeyPatch) -> None:
    add(monkeypatch)


def test_it_is_written_with_the_names_of_its_parameters() -> None:
    payload = redact(edn(REQUEST), from_client=True)
    (packet,) = packets.parse(payload).packets
    text = annotate_packet(packet, payload, names=NAMES)
    assert [re.sub(" +# ", "  # ", line) for line in text.splitlines()] == [
        "[  # Packet 1: Request",
        "  0,  # Packet Type: Request",
        "  2,  # Message Id",
        "  20,  # OpCode: calibrate",
        "  {  # Calibrate Object",
        "    0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'),  # element_uuid: Plant.Tank 1",
        "    1: -3,  # offset (mm)",
        '    2: "*********",  # pass_phrase: blanked by the recorder',
        "    3: [  # references",
        "      {  # Reference",
        "        0: 37(h'00112233445566778899AABBCCDDEEFF'),  # element_uuid",
        "        1: 7  # weight",
        "      },",
        "      {  # Reference",
        "        0: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'),  # element_uuid: Plant.Tank 1",
        "        1: 1  # weight",
        "      }",
        "    ]",
        "  }",
        "]",
    ]


def test_its_answer_is_written_with_the_names_of_its_result() -> None:
    payload = edn(RESPONSE)
    (packet,) = packets.parse(payload).packets
    assert annotate_packet(packet, payload, context=Context(20)).splitlines() == [
        "[             # Packet 1: Success Response to calibrate",
        "  1,          # Packet Type: Success Response",
        "  2,          # Message Id",
        "  {           # Calibration Object",
        "    0: true,  # is_calibrated",
        "    1: 1      # quality: Acceptable",
        "  }",
        "]",
    ]


def test_it_is_paired_and_names_its_elements() -> None:
    said = Transcript(*HELLO, f">{REQUEST}", f"<{RESPONSE}")
    assert said.codes == []
    assert (said.exchanges[1].opcode, str(said.exchanges[1].status)) == (20, "ok")
    (request,) = packets.parse(edn(REQUEST)).packets
    assert isinstance(request, packets.Request)
    assert [element.hex()[:4] for element in elements_named(request)] == ["e3ee", "0011"]
    seen = [learned for decoded in said.decoded for learned in decoded.learned]
    assert [(getattr(element, "learned_from", None)) for element in seen] == ["calibrate", "calibrate"]


def test_a_request_about_one_element_is_found_by_it() -> None:
    said = Transcript(*HELLO, f">[[0, 2, 20, {{0: {TANK}, 1: 5}}]]")
    assert said.exchanges[1].element == next(iter(NAMES.elements))


@pytest.mark.parametrize(
    ("lines", "finding"),
    [
        ([f">[[0, 2, 20, {{0: {TANK}}}]]"], "calibrate lacks offset (key 1), which is not optional"),
        (
            [f'>[[0, 2, 20, {{0: {TANK}, 1: "far"}}]]'],
            "offset is a text string; the specification asks for an integer",
        ),
        ([f">{REQUEST}", "<[[1, 2]]"], "calibrate answers with a result, here it is left out"),
        (
            [f">{REQUEST}", "<[[2, 2, {0: -32100}]]"],
            "error code -32100 (Unknown Element) is not on the page of calibrate",
        ),
        ([">[[0, 2, 21]]"], "opcode 21; known are 0 to 15 and 20"),
    ],
)
def test_its_faults_are_found(lines: list[str], finding: str) -> None:
    assert [found.message for found in Transcript(*HELLO, *lines).findings] == [finding]


def test_its_secret_is_blanked_and_nothing_else() -> None:
    kept = redact(edn(f'[[0, 2, 20, {{0: {TANK}, 1: -300, 2: "swordfish"}}]]'), from_client=True)
    assert kept == edn(f'[[0, 2, 20, {{0: {TANK}, 1: -300, 2: "*********"}}]]')


def test_the_page_of_the_protocol_has_its_row() -> None:
    path = Path(__file__).parents[2] / "docs" / "make.py"
    spec = importlib.util.spec_from_file_location("docs_make", path)
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    table = make.GENERATED["commands"]()
    assert (
        "| 20 | calibrate | 0: element_uuid (element UUID)<br>1: offset (integer)<br>2: pass_phrase? (text)"
        "<br>3: references? ([{0: element_uuid, 1: weight}, …]) | {0: is_calibrated, 1: quality} | -32102 |"
    ) in table
