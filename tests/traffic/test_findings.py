"""Every finding: traffic that has it, and the nearest traffic that has not."""

from __future__ import annotations

import pytest

from tests.traffic.test_habits import CASES as HABITS
from tests.traffic.test_written_values import CODES as WRITTEN
from tests.transcript import Transcript
from xentara_inspect.traffic.rules import CUT_FRAME, INTERNAL_ERROR, RULES

HELLO = (">[[0, 1, 14, {0: 1, 1: 1}]]", "<[[1, 1, {0: 1}]]")
ELEMENT = "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')"
OTHER = "37(h'00112233445566778899AABBCCDDEEFF')"
NIL = "37(h'00000000000000000000000000000000')"
SUBSCRIBE = f">[[0, 2, 6, {{0: [{{0: {ELEMENT}, 1: [11]}}], 2: 100}}]]"
SUBSCRIBED = f"<[[1, 2, {OTHER}]]"
TIME = "0: 1001({4: 4([-9, 5])})"
EVENT = f"<[[8, 0, {{{TIME}, 1: {ELEMENT}, 2: {{11: 121(1.5)}}}}]]"

# code: (conversations that have it, conversations beside them that have no finding at all)
CASES: dict[str, tuple[list[tuple[str, ...]], list[tuple[str, ...]]]] = {
    "malformed-cbor": (
        [(*HELLO, ">hex:8183"), (">hex:",), (">hex:ff00ff",), (*HELLO, ">hex:818300020800ff")],
        [(*HELLO, ">hex:8183000208", "<[[1, 2, 2]]")],
    ),
    "text-message": ([(*HELLO, ">text:hello"), (*HELLO, "<text:[[1, 2]]")], [HELLO]),
    "not-an-array": ([(*HELLO, ">{0: 1}"), (*HELLO, '>"text"'), (*HELLO, ">0")], [HELLO]),
    "bad-packet-shape": (
        [
            (*HELLO, ">[[0, 2]]"),
            (*HELLO, ">[[0, 2, 8, {}, 1]]"),
            (*HELLO, ">[[0, \"2\", 8]]"),
            (*HELLO, ">[[0, 2, 8.0]]"),
            (*HELLO, ">[[]]"),
            (*HELLO, ">[{}]"),
            (*HELLO, '>[["0", 2, 8]]'),
            (*HELLO, "<[[8, 0, {}]]"),
            (*HELLO, "<[[8, 0]]"),
        ],
        [(*HELLO, ">[[0, 2, 8, {}]]", "<[[1, 2, 2]]")],
    ),
    "unknown-packet-type": ([(*HELLO, ">[[3, 2, 8]]"), (*HELLO, ">[[-1, 2, 8]]")], [HELLO]),
    "wrong-direction": ([(*HELLO, ">[[8, 1, {}]]"), (*HELLO, "<[[0, 2, 8]]")], [(*HELLO, "<[[8, 1, {}]]")]),
    "mixed-packet-types": (
        [(*HELLO, ">[[0, 2, 8]]", "<[[1, 2, 2], [8, 1, {}]]")],
        [(*HELLO, ">[[0, 2, 8], [0, 3, 8]]", "<[[1, 2, 2], [2, 3, {0: -32603}]]")],
    ),
    "hello-missing": (
        [
            (">[[0, 2, 8]]", "<[[2, 2, {0: -32000}]]"),
            (">[[0, 2, 8], [0, 1, 14, {0: 1, 1: 1}]]", "<[[2, 2, {0: -32000}], [1, 1, {0: 1}]]"),
            (">[[0, 1, 14, {0: 9, 1: 9}]]", "<[[2, 1, {0: -32602}]]", ">[[0, 2, 8]]", "<[[1, 2, 2]]"),
        ],
        [
            (">[[0, 1, 14, {0: 1, 1: 1}], [0, 2, 8]]", "<[[1, 1, {0: 1}], [1, 2, 2]]"),
            # recording began behind the first one
            (">[[0, 1, 14, {0: 1, 1: 1}]]", "<[[2, 1, {0: -32001}]]", ">[[0, 2, 8]]", "<[[1, 2, 2]]"),
        ],
    ),
    "duplicate-hello": (
        [(*HELLO, ">[[0, 2, 14, {0: 1, 1: 1}]]", "<[[2, 2, {0: -32001}]]")],
        [(">[[0, 1, 14, {0: 9, 1: 9}]]", "<[[2, 1, {0: -32602}]]", *HELLO)],
    ),
    "unknown-opcode": (
        [(*HELLO, ">[[0, 2, 16]]", "<[[2, 2, {0: -32601}]]"), (*HELLO, ">[[0, 2, -1]]")],
        [(*HELLO, f">[[0, 2, 15, {{0: {OTHER}}}]]", "<[[1, 2, {0: true, 1: false}]]")],
    ),
    "missing-parameter": (
        [
            (*HELLO, ">[[0, 2, 15, {}]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, ">[[0, 2, 3]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, f">[[0, 2, 6, {{0: [{{0: {ELEMENT}}}]}}]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, '>[[0, 2, 12, {0: 123({0: "operator"})}]]', "<[[2, 2, {0: -32602}]]"),
        ],
        [(*HELLO, ">[[0, 2, 10]]", "<[[1, 2]]"), (*HELLO, f">[[0, 2, 1, {{0: {NIL}}}]]", "<[[1, 2, []]]")],
    ),
    "wrong-parameter-type": (
        [
            (*HELLO, ">[[0, 2, 3, {0: 5}]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, ">[[0, 2, 3, []]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, f">[[0, 2, 4, {{0: {ELEMENT}, 1: [1.5]}}]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, ">[[0, 2, 4, {0: h'E3EE', 1: [11]}]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, ">[[0, 2, 12, {0: {0: \"token\"}}]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, f">[[0, 2, 1, {{0: {NIL}, 1: -1}}]]", "<[[2, 2, {0: -32602}]]"),
        ],
        [(*HELLO, f">[[0, 2, 4, {{0: {ELEMENT}, 1: [11, {OTHER}]}}]]", "<[[1, 2, {11: 121(null)}]]")],
    ),
    "unsolicited-response": ([(*HELLO, "<[[1, 2, 2]]"), (*HELLO, "<[[1, 1, {0: 1}]]")], [HELLO]),
    "trailing-bytes": (
        [(*HELLO, ">hex:818300020800", "<[[1, 2, 2]]")],
        [(*HELLO, ">hex:8183000208", "<[[1, 2, 2]]")],
    ),
    "empty-message": ([(*HELLO, ">[]")], [HELLO]),
    "bare-packet": ([(*HELLO, ">[0, 2, 8]", "<[[1, 2, 2]]")], [(*HELLO, ">[[0, 2, 8]]", "<[[1, 2, 2]]")]),
    "unknown-parameter": (
        [
            (*HELLO, '>[[0, 2, 3, {0: "Plant", 1: 1}]]', f"<[[1, 2, {ELEMENT}]]"),
            (*HELLO, '>[[0, 2, 3, {0: "Plant", "0": 1}]]', f"<[[1, 2, {ELEMENT}]]"),
            (*HELLO, ">[[0, 2, 8, {0: 1}]]", "<[[1, 2, 2]]"),
        ],
        [(*HELLO, '>[[0, 2, 3, {0: "Plant"}]]', f"<[[1, 2, {ELEMENT}]]")],
    ),
    "nil-uuid": (
        [
            (*HELLO, f">[[0, 2, 4, {{0: {NIL}, 1: [11]}}]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, f">[[0, 2, 15, {{0: {NIL}}}]]", "<[[2, 2, {0: -32602}]]"),
        ],
        [(*HELLO, f">[[0, 2, 1, {{0: {NIL}}}]]", "<[[1, 2, []]]")],
    ),
    "empty-primary-key": (
        [(*HELLO, '>[[0, 2, 3, {0: ""}]]', "<[[2, 2, {0: -32602}]]")],
        [(*HELLO, '>[[0, 2, 3, {0: " "}]]', f"<[[1, 2, {ELEMENT}]]")],
    ),
    "version-range-inverted": (
        [(">[[0, 1, 14, {0: 2, 1: 1}]]", "<[[1, 1, {0: 1}]]")],
        [(">[[0, 1, 14, {1: 1, 0: 1}]]", "<[[1, 1, {0: 1}]]")],
    ),
    "message-id-in-use": (
        [(*HELLO, ">[[0, 2, 8], [0, 2, 8]]", "<[[1, 2, 2], [1, 2, 2]]")],
        [(*HELLO, ">[[0, 2, 8]]", "<[[1, 2, 2]]", ">[[0, 2, 8]]", "<[[1, 2, 2]]")],
    ),
    "unanswered-request": ([(*HELLO, ">[[0, 2, 8]]")], [(*HELLO, ">[[0, 2, 8]]", "<[[1, 2, 2]]")]),
    "undocumented-error-code": (
        [
            (*HELLO, ">[[0, 2, 8]]", "<[[2, 2, {0: -32100}]]"),
            (*HELLO, ">[[0, 2, 8]]", "<[[2, 2, {0: -32602}]]"),
            (*HELLO, ">[[0, 2, 8]]", "<[[2, 2, {0: 7}]]"),
            (*HELLO, SUBSCRIBE, "<[[2, 2, {0: -1}]]"),
            (*HELLO, f">[[0, 2, 4, {{0: {ELEMENT}, 1: [11]}}]]", "<[[1, 2, {11: 122({0: -32110})}]]"),
        ],
        [
            (*HELLO, '>[[0, 2, 3, {0: "Plant"}]]', '<[[2, 2, {0: -32100, 1: "unknown element"}]]'),
            (*HELLO, SUBSCRIBE, "<[[2, 2, {0: -32106}]]"),
            (*HELLO, f">[[0, 2, 15, {{0: {OTHER}}}]]", "<[[2, 2, {0: -32000}]]"),
        ],
    ),
    "unexpected-result": (
        [
            (*HELLO, ">[[0, 2, 8]]", "<[[1, 2]]"),
            (*HELLO, ">[[0, 2, 8]]", "<[[1, 2, \"2\"]]"),
            (*HELLO, ">[[0, 2, 10]]", "<[[1, 2, 0]]"),
            (*HELLO, ">[[0, 2, 8]]", "<[[2, 2, {1: \"no code\"}]]"),
            *(
                (*HELLO, SUBSCRIBE, SUBSCRIBED, changed)
                for changed in (
                    EVENT.replace("121(1.5)", "1.5"),
                    EVENT.replace("121(1.5)", "122(5)"),
                    EVENT.replace("11: 121(1.5)", "11: 121(1.5), \"quality\": 121(0)"),
                    EVENT.replace(f"{TIME}, ", ""),
                    EVENT.replace(TIME, "0: 5"),
                    EVENT.replace(TIME, f"{TIME}, 3: true"),
                )
            ),
        ],
        [
            (*HELLO, ">[[0, 2, 8]]", "<[[1, 2, 99]]"),
            (*HELLO, ">[[0, 2, 10]]", "<[[1, 2]]"),
            (*HELLO, SUBSCRIBE, SUBSCRIBED, EVENT.replace("121(1.5)", "121([1.5, null])")),
            (*HELLO, SUBSCRIBE, SUBSCRIBED, EVENT.replace("121(1.5)", "122({0: -32108, 1: \"no sensor\"})")),
            (*HELLO, SUBSCRIBE, SUBSCRIBED, EVENT.replace("11: 121(1.5)", "")),
            (*HELLO, SUBSCRIBE, SUBSCRIBED, EVENT.replace(TIME, "0: 1(5)")),
        ],
    ),
    "unsubscribed-event": (
        [
            (*HELLO, EVENT),
            (*HELLO, SUBSCRIBE.replace("[11]", "[9]"), SUBSCRIBED, EVENT),
            (*HELLO, SUBSCRIBE, SUBSCRIBED, f">[[0, 3, 7, {{0: {OTHER}}}]]", "<[[1, 3]]", EVENT),
            (*HELLO, SUBSCRIBE, "<[[2, 2, {0: -32100}]]", EVENT),
            (*HELLO, SUBSCRIBE.replace("[11]", "[]"), SUBSCRIBED, EVENT),
            (*HELLO, f"<[[8, 0, {{0: 1(1), 1: {ELEMENT}, 2: {{}}}}]]"),
        ],
        [
            (*HELLO, SUBSCRIBE, SUBSCRIBED, EVENT),
            (*HELLO, SUBSCRIBE, EVENT, SUBSCRIBED),
            (*HELLO, SUBSCRIBE.replace("[11]", "[]"), SUBSCRIBED,
             f"<[[8, 0, {{0: 1(1), 1: {ELEMENT}, 2: {{}}}}]]"),
            (*HELLO, SUBSCRIBE, SUBSCRIBED, f">[[0, 3, 7, {{0: {OTHER}}}]]", EVENT, "<[[1, 3]]"),
            (
                *HELLO,
                SUBSCRIBE.replace("[11]", "[37(h'4AA0E4E0521E4599A985E454BAA59F89')]"),
                SUBSCRIBED,
                EVENT,
            ),
        ],
    ),
    "unknown-subscription": (
        [(*HELLO, f">[[0, 3, 7, {{0: {OTHER}}}]]", "<[[2, 3, {0: -32110}]]")],
        [
            (*HELLO, SUBSCRIBE, SUBSCRIBED, f">[[0, 3, 7, {{0: {OTHER}}}]]", "<[[1, 3]]"),
            (
                *HELLO,
                SUBSCRIBE.replace("2: 100", f"3: {OTHER}") ,
                f">[[0, 3, 7, {{0: {OTHER}}}]]",
                SUBSCRIBED,
                "<[[1, 3]]",
            ),
        ],
    ),
    "non-preferred-encoding": (
        [(*HELLO, ">[[0, 2_0, 8]]", "<[[1, 2, 2]]"), (*HELLO, ">[_0 [0, 2, 8]]", "<[[1, 2, 2]]")],
        [(*HELLO, ">[_ [_ 0, 2, 8]]", "<[[1, 2, 2]]")],
    ),
}  # fmt: skip

HAVE = [(code, lines) for code, (have, _) in CASES.items() for lines in have]
HAVE_NOT = [
    pytest.param(lines, id=f"{code}-{number}")
    for code, (_, have_not) in CASES.items()
    for number, lines in enumerate(have_not)
]


@pytest.mark.parametrize(("code", "lines"), HAVE)
def test_the_traffic_has_the_finding(code: str, lines: tuple[str, ...]) -> None:
    assert code in Transcript(*lines).close().codes


@pytest.mark.parametrize("lines", HAVE_NOT)
def test_the_nearest_proper_traffic_has_no_finding(lines: tuple[str, ...]) -> None:
    assert Transcript(*lines).close().codes == []


def test_every_rule_has_its_cases_and_every_case_its_rule() -> None:
    # An internal error is no traffic: test_store_indexer.py makes one. Names of files are in test_naming.py.
    elsewhere = {INTERNAL_ERROR, CUT_FRAME, "name-disagrees", *HABITS, *WRITTEN}
    assert set(CASES) == set(RULES) - elsewhere


SAID = [
    (
        (">hex:81 83 00 02",),
        "not well-formed CBOR at byte 4: found the end of the data, expected element 3 of 3 in an array",
    ),
    ((">hex:81 83 00 02 08 00", "<[[1, 2, 2]]"), "1 byte follows the message's item, from byte 5 on"),
    ((">hex:81 83 00 02 08 00 00", "<[[1, 2, 2]]"), "2 bytes follow the message's item, from byte 5 on"),
    (("<[[0, 2, 8]]",), "packet 1, of the kind request, comes from the server"),
    (
        (">[[0, 2, 15, {0: 37(h'E3EE')}]]", "<[[2, 2, {0: -32602}]]"),
        "sub_session_id is tag 37 on a byte string of 2 bytes;"
        " the specification asks for a UUID (tag 37 on 16 bytes)",
    ),
    (
        (">[[0, 2, 3, {0: null}]]", "<[[2, 2, {0: -32602}]]"),
        "primary_key is null; the specification asks for a text string",
    ),
    (
        (SUBSCRIBE, SUBSCRIBED, EVENT.replace("121(1.5)", "1.5")),
        "value 1 of attributes is the float 1.5;"
        " the specification asks for one of the tags 121 Success, 122 Error",
    ),
    (
        (SUBSCRIBE.replace("[11]", "[]"), SUBSCRIBED, EVENT),
        "no subscription has these attributes of element e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8",
    ),
    (
        (SUBSCRIBE.replace(ELEMENT, OTHER), SUBSCRIBED, EVENT),
        "no subscription on this connection has the element e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8",
    ),
    (
        (SUBSCRIBE.replace("[11]", "[9]"), SUBSCRIBED, EVENT),
        "no subscription has these attributes of element e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8",
    ),
]


@pytest.mark.parametrize(("lines", "message"), SAID)
def test_a_finding_says_what_was_seen_and_where(lines: tuple[str, ...], message: str) -> None:
    assert message in [finding.message for finding in Transcript(*HELLO, *lines).findings]


def test_of_a_client_hello_that_was_refused_it_is_not_said_that_none_was_sent() -> None:
    said = Transcript(">[[0, 1, 14, {0: 9, 1: 9}]]", "<[[2, 1, {0: -32602}]]", ">[[0, 2, 8]]")
    assert [finding.message for finding in said.findings] == ["get_stage before any client_hello was granted"]
