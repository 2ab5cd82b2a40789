"""Secrets are blanked in the bytes, whatever the encoding, and nothing else is."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings import encodings, integers
from tests.transcript import edn
from tests.work import lines_run
from xentara_inspect import cbor
from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import ArrayOf, Bytes, Command, Field, Integer, Object, Text
from xentara_inspect.traffic.redaction import redact

SECRET = "not-a-real-secret"
SESSION = "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')"

# ruff: noqa: E501 - the table reads better in two columns

REDACTED = [
    # a client's message, and what of it is stored
    (
        f'[[0, 65, 12, {{0: 123({{0: "operator", 1: "{SECRET}"}}), 1: {SESSION}}}]]',
        f'[[0, 65, 12, {{0: 123({{0: "operator", 1: "*****************"}}), 1: {SESSION}}}]]',
    ),
    (
        f'[[0, 65, 12, {{0: 121({{0: "{SECRET}"}})}}], [0, 66, 3, {{0: "Plant"}}]]',
        '[[0, 65, 12, {0: 121({0: "*****************"})}], [0, 66, 3, {0: "Plant"}]]',
    ),
    ("[[0, 1, 12, {0: 122({0: h'3082'})}]]", "[[0, 1, 12, {0: 122({0: h'3082'})}]]"),
    # a bare packet, keys in another order, heads longer than needed, indefinite lengths
    (f'[0, 65, 12, {{0: 121({{0: "{SECRET}"}})}}]', '[0, 65, 12, {0: 121({0: "*****************"})}]'),
    (
        f'[[0, 1, 12, {{1: {SESSION}, 0: 123({{1: "{SECRET}", 0: "me"}})}}]]',
        f'[[0, 1, 12, {{1: {SESSION}, 0: 123({{1: "*****************", 0: "me"}})}}]]',
    ),
    (f'[_ [_ 0, 1, 12_1, {{_ 0_0: 121_2({{0: "{SECRET}"_1}})}}]]', '[_ [_ 0, 1, 12_1, {_ 0_0: 121_2({0: "*****************"_1})}]]'),
    (
        '[[0, 1, 12, {0: 121({0: (_ "not-a", "-real")})}]]',
        '[[0, 1, 12, {0: 121({0: (_ "*****", "*****")})}]]',
    ),
    # shapes that no page knows keep no string at all
    (f'[[0, 1, 12, {{0: 123({{0: "{SECRET}"}})}}]]', '[[0, 1, 12, {0: 123({0: "*****************"})}]]'),
    (f'[[0, 1, 12, {{0: 122({{0: "{SECRET}"}})}}]]', '[[0, 1, 12, {0: 122({0: "*****************"})}]]'),
    (f'[[0, 1, 12, {{0: 130("{SECRET}")}}]]', '[[0, 1, 12, {0: 130("*****************")}]]'),
    (f'[[0, 1, 12, {{0: {{"password": "{SECRET}"}}}}]]', '[[0, 1, 12, {0: {"********": "*****************"}}]]'),
    (f'[[0, 1, 12, ["{SECRET}"]]]', '[[0, 1, 12, ["*****************"]]]'),
    (f'[[0, 1, 12, {{0: 123({{0: "me", 1: h\'6869\', 2: "{SECRET}"}})}}]]', '[[0, 1, 12, {0: 123({0: "**", 1: h\'2a2a\', 2: "*****************"})}]]'),
    ('[[0, 1, 12, {0: 123({0: "me", 1: 31337424242})}]]', '[[0, 1, 12, {0: 123({0: "me", 1: 3038287259199220266})}]]'),
    ('[[0, 1, 12, {0: 123({0: "me", 1: [115, 101, 99.5_3]})}]]', '[[0, 1, 12, {0: 123({0: "me", 1: [42, 42, 1.4260258159703532e-105]})}]]'),
    # credentials where none belong
    (f'[[0, 12, 13, {{0: 123({{0: "me", 1: "{SECRET}"}})}}]]', '[[0, 12, 13, {0: 123({0: "me", 1: "*****************"})}]]'),
    (f'[[0, 1, "12", {{0: 121_1({{0: "{SECRET}"}})}}]]', '[[0, 1, "**", {0: 121_1({0: "*****************"})}]]'),
    (f'[[0, 1, "create_sub_session", {{"token": "{SECRET}"}}]]', '[[0, 1, "******************", {"*****": "*****************"}]]'),
    (f'[[8, 0, 123({{0: "me", 1: "{SECRET}"}})]]', '[[8, 0, 123({0: "me", 1: "*****************"})]]'),
    (f'123({{0: "me", 1: "{SECRET}"}})', '123({0: "**", 1: "*****************"})'),
    # what might be such a request but is not one that can be told
    (f'[[0, 1, 12.0, {{0: 121({{0: "{SECRET}"}})}}]]', '[[0, 1, 12.0, {0: 121({0: "*****************"})}]]'),
    (f'[[0, 1, "12", {{0: 121({{0: "{SECRET}"}})}}]]', '[[0, 1, "**", {0: 121({0: "*****************"})}]]'),
    (f'[[0, 1, "create_sub_session", {{0: "{SECRET}"}}]]', '[[0, 1, "******************", {0: "*****************"}]]'),
    (f"[[0, 1, 2(h'0c'), {{0: \"{SECRET}\"}}]]", "[[0, 1, 2(h'2a'), {0: \"*****************\"}]]"),
    (f'[[[0, 1, 12, {{0: "{SECRET}"}}]]]', '[[[0, 1, 12, {0: "*****************"}]]]'),
    (f'{{0: 12, 1: "{SECRET}"}}', '{0: 12, 1: "*****************"}'),
    # opcodes that are none, and packets that only servers send
    (f'[[0, 1, 268, {{0: "{SECRET}"}}]]', '[[0, 1, 268, {0: "*****************"}]]'),
    (f'[[0, 1, -13, {{0: "{SECRET}"}}]]', '[[0, 1, -13, {0: "*****************"}]]'),
    (f'[[1, 12, "{SECRET}"]]', '[[1, 12, "*****************"]]'),
    (f'[[2, 12, {{0: 12, 1: "{SECRET}"}}]]', '[[2, 12, {0: 12, 1: "*****************"}]]'),
    # which answer is whose stays, whatever is blanked
    (f'[[0, 3735928559, -4294967296, {{0: "{SECRET}", 1: 268}}]]', '[[0, 3735928559, -4294967296, {0: "*****************", 1: 10794}]]'),
    ("[[1, 3735928559, 3735928559]]", "[[1, 3735928559, 707406378]]"),
    # authentication tags on what is no map; alternative 0 may be that of a value
    (f'[[0, 1, 13, {{0: 121("{SECRET}")}}]]', '[[0, 1, 13, {0: 121("*****************")}]]'),
    (f'[[0, 1, 5, {{0: {SESSION}, 1: 11, 2: 123(["me", "{SECRET}"])}}]]', f'[[0, 1, 5, {{0: {SESSION}, 1: 11, 2: 123(["**", "*****************"])}}]]'),
    (f'[[0, 1, 5, {{0: {SESSION}, 1: 11, 2: 55799(123({{0: "me", 1: "{SECRET}"}}))}}]]', f'[[0, 1, 5, {{0: {SESSION}, 1: 11, 2: 55799(123({{0: "me", 1: "*****************"}}))}}]]'),
    # numbers that may be one, in what cannot be told
    ('[[0, "1", 3735928559, 2.5_3]]', '[[0, "*", 707406378, 1.4260258159703532e-105]]'),
    ('[{3735928559: 268, 17: 12}]', '[{707406378: 268, 17: 12}]'),
    ('[3735928559(1)]', '[707406378(1)]'),
]  # fmt: skip

UNTOUCHED = [
    '[[0, 12, 3, {0: "Plant.Tank 12"}]]',
    "[[0, 1, 5, {0: 37(h'0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C'), 1: 11, 2: \"set point\"}]]",
    '[[2, 12, {0: -32102, 1: "access denied"}]]',
    "[[0, 12, 5, {0: 37(h'0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C'), 1: 11, 2: 121(\"value\")}]]",
    "[[0, 12, 5, {0: 37(h'0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C'), 1: 11, 2: h'000c8001'}]]",
    "[[0, 12, 4, {0: 37(h'D87B0C0CD87BA2000C0C0C0C0C0C0C0C'), 1: [11, 37(h'D87BA0D87BA2000C0C0C0C0C0C0C0C0C')]}]]",
    '[[0, 4294967296, 8], [_ 0, -5000000000, 3, {_ 0: "Plant.Tank 12"}]]',
]


@pytest.mark.parametrize(("sent", "stored"), REDACTED)
def test_a_client_s_secrets_are_blanked_at_their_length(sent: str, stored: str) -> None:
    assert redact(edn(sent), from_client=True) == edn(stored)


@pytest.mark.parametrize(("sent", "stored"), REDACTED)
def test_every_truncation_keeps_no_piece_of_the_secret(sent: str, stored: str) -> None:
    whole, blanked = edn(sent), edn(stored)
    for length in range(whole.find(b"\x0c") + 1, len(whole)):
        kept = redact(whole[:length], from_client=True)
        assert len(kept) == length
        assert b"not-a" not in kept or b"not-a" in blanked
        assert SECRET[:4].encode() not in kept
        # What cannot be read is so at the same place, for the same reason.
        assert str(cbor.decode(kept).error) == str(cbor.decode(whole[:length]).error)


@pytest.mark.parametrize("sent", UNTOUCHED)
def test_other_messages_come_back_as_the_same_object(sent: str) -> None:
    payload = edn(sent)
    assert redact(payload, from_client=True) is payload


@pytest.mark.parametrize(
    "sent",
    [f'[[0, 1, 12, {{"0": "{SECRET}"}}]]', f'{{"command": "create_sub_session", "token": "{SECRET}"}}'],
)
def test_a_request_written_out_as_text_keeps_no_secret(sent: str) -> None:
    assert SECRET.encode() not in redact(sent.encode(), from_client=True)


@pytest.mark.parametrize(
    "value",
    [
        f'24(<<123({{0: "me", 1: "{SECRET}"}})>>)',
        f'<<123({{0: "me", 1: "{SECRET}"}})>>',
        f'[1, <<121_1(["{SECRET}"])>>]',
        f'55799(<<[0, 1, 12, {{0: "{SECRET}"}}]>>)',
        f"(_ h'd8', h'7b', '{SECRET}')",
    ],
)
def test_bytes_that_hold_credentials_are_blanked_in_any_command(value: str) -> None:
    payload = edn(f"[[0, 1, 5, {{0: {SESSION}, 1: 11, 2: {value}}}], [0, 2, 8]]")
    kept = redact(payload, from_client=True)
    assert SECRET[:8].encode() not in kept
    assert str(cbor.decode(kept).error) == "None"
    assert edn("[0, 2, 8]") in kept


def test_a_request_over_two_messages_keeps_no_secret() -> None:
    whole = edn(f'[[0, 65, 12, {{0: 123({{0: "operator", 1: "{SECRET}"}})}}]]')
    for cut in range(len(whole)):
        first, second = redact(whole[:cut], True), redact(whole[cut:], True)
        assert SECRET[:4].encode() not in first + second
        assert SECRET[-4:].encode() not in first + second


@pytest.mark.parametrize(
    "text",
    [
        '{"createSubSession": {"token": "%s"}}',
        "CREATE_SUB_SESSION %s",
        "%s",
        '{"id": 1, "method": "get_stage", "auth": "%s"}',
    ],
)
def test_of_a_text_message_only_a_few_words_are_kept(text: str) -> None:
    for written in (text % SECRET, (text % SECRET).encode().hex(), "\0".join(text % SECRET)):
        payload = written.encode()
        assert redact(payload, True, is_text=True) == b"*" * len(payload)
    assert redact(b"ping", True, is_text=True) == b"ping"
    assert redact(b'{"any": "thing"}', False, is_text=True) == b'{"any": "thing"}'


@pytest.mark.parametrize(
    "payload",
    [
        *map(edn, UNTOUCHED),
        edn('[[1, 12, {0: "Plant"}], [8, 0, {12: "text"}]]'),
        edn('[[0, 1, 3, {0: "Plant"}]]')[:-2],
        b"\xff",
    ],
)
def test_of_unknown_direction_what_may_be_a_server_s_is_left_alone(payload: bytes) -> None:
    assert redact(payload, None) is payload


@pytest.mark.parametrize(("sent", "stored"), REDACTED[:10])
def test_of_unknown_direction_requests_are_blanked(sent: str, stored: str) -> None:
    assert redact(edn(sent), None) == edn(stored)
    assert SECRET[:4].encode() not in redact(edn(sent)[:-4], None)


MADE_UP = Command(
    20,
    "made_up",
    Object(
        "Made Up Object",
        (
            Field(0, "title", Text()),
            Field(1, "pin", Integer(), optional=True),
            Field(2, "key", Bytes(secret=True)),
            Field(
                3, "owners", ArrayOf(Object("Owner", (Field(0, "phrase", Text(secret=True)),))), optional=True
            ),
        ),
    ),
    None,
)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("{0: \"title\", 2: 'abc'}", "{0: \"title\", 2: '***'}"),
        ("{0: \"title\", 1: 1234, 2: 'abc'}", "{0: \"title\", 1: 1234, 2: '***'}"),
        ('{0: "title", 2: h\'\', 3: [{0: "abc"}]}', '{0: "title", 2: h\'\', 3: [{0: "***"}]}'),
        ("{0: \"title\", 2: 'abc', 4: \"more\"}", "{0: \"*****\", 2: '***', 4: \"****\"}"),
        ("{0: \"title\"}", "{0: \"*****\"}"),
    ],
)  # fmt: skip
def test_what_is_secret_follows_from_the_tables(
    monkeypatch: pytest.MonkeyPatch, sent: str, stored: str
) -> None:
    monkeypatch.setitem(commands.COMMANDS, 20, MADE_UP)
    assert redact(edn(f"[[0, 1, 20, {sent}]]"), True) == edn(f"[[0, 1, 20, {stored}]]")


def test_what_a_server_sends_is_left_alone() -> None:
    payload = edn(REDACTED[0][0])
    assert redact(payload, from_client=False) is payload


def test_trailing_items_keep_no_string() -> None:
    hidden = edn('[0, 1, 12, {0: 121({0: "secret"})}]')
    assert b"secret" not in redact(edn("[[0, 1, 8]]") + hidden, from_client=True)
    assert b"secret" not in redact(edn("[[0, 1, 8]]") + b"\xff" + hidden, from_client=True)


requests = st.builds(
    lambda head, message_id, opcode, body: (
        head + b"\x00" + message_id + opcode + body + (b"\xff" if head == b"\x9f" else b"")
    ),
    st.sampled_from([b"\x84", b"\x9f", b"\x83"]),
    integers,
    st.sampled_from([b"\x0c", b"\x05", b"\x03"]),
    st.one_of(
        encodings,
        st.tuples(st.sampled_from([b"\x79", b"\x7a", b"\x7b"]), encodings).map(
            lambda pair: b"\xa1\x00\xd8" + pair[0] + pair[1]
        ),
    ),
)
messages = st.one_of(
    st.lists(st.one_of(requests, encodings), max_size=3).map(
        lambda packets: bytes([0x80 + len(packets)]) + b"".join(packets)
    ),
    st.lists(requests, max_size=2).map(lambda packets: b"\x9f" + b"".join(packets) + b"\xff"),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with up to two bytes changed, cut or with something behind."""
    message = bytearray(draw(messages) + draw(st.binary(max_size=5)))
    for _ in range(draw(st.integers(0, 2))):
        message[draw(st.integers(0, len(message) - 1))] = draw(st.integers(0, 255))
    return bytes(message[: draw(st.integers(0, len(message)))] if draw(st.booleans()) else message)


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=80), damaged()))
def test_blanked_bytes_keep_their_length_and_their_structure(data: bytes) -> None:
    kept = redact(data, from_client=True)
    assert len(kept) == len(data)
    before, after = cbor.decode(data), cbor.decode(kept)
    assert before.error == after.error
    shape = [(item.kind, item.start, item.end) for root in before.items for item in cbor.walk(root)]
    assert shape == [(item.kind, item.start, item.end) for root in after.items for item in cbor.walk(root)]
    assert redact(kept, from_client=True) == kept


@pytest.mark.parametrize("secret", [b"\x6aabcdefghij", b"\x58\x0aabcdefghij", b"\x5f\x6aabcdefghij\xff"])
@pytest.mark.parametrize("opener", [b"\x81", b"\x9f", b"\xbf\x00", b"\xc1", b"\xa1\x00", b"\x9f\x81"])
@pytest.mark.parametrize("before", [b"", b"\x81", b"\x81\x84\x00\x01\x0c"])
def test_no_depth_hides_a_secret(before: bytes, opener: bytes, secret: bytes) -> None:
    payload = before + opener * 5000 + secret
    kept = redact(payload, from_client=True)
    assert len(kept) == len(payload)
    assert b"abc" not in kept


@pytest.mark.parametrize(
    "unit", [b"\x0c", b"\x80", b"\x9f", b"\x82", b"\x61x", b"\x18\xff", b"\x83\x00\x01\x0c"]
)
@pytest.mark.parametrize(
    "start", [b"\x9a\x00\x0f\x00\x00", b"\x81\x84\x00\x01\x0c\x9a\x00\x0f\x00\x00", b"\x9f"]
)
def test_memory_does_not_grow_with_what_a_message_holds(start: bytes, unit: bytes) -> None:
    payload = start + unit * ((1 << 18) // len(unit))
    tracemalloc.start()
    try:
        redact(payload, from_client=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3.5 * len(payload)


IN_COMPANY = [
    # the beginning of a message up to the items: what is blanked of them differs
    bytes.fromhex("81 84 00 01 05"),  # a value of a write
    bytes.fromhex("81 84 00 01 0c"),  # where credentials ought to be
    bytes.fromhex("81 84 00 01 17"),  # of a command that is not known
    bytes.fromhex("a1 00"),  # no array of packets
]
DENSE = [
    bytes.fromhex(text)
    for text in (
        "0c",
        "18ff",
        "6178",
        "4178",
        "1a 01020304",
        "82 0c 82 6178 18ff",
        "a1 6161 18ff",
        "9f 0c 6178 ff",
        "bf 6178 0c ff",
        "7f 6161 6162 ff",
        "5f 4161 ff",
        "c1 1a 01020304",
        "d9 d9f7 6178",
        "d8 25 50 83000cd87b0000000000000000000000",
        "81 81 81 81 81 81 6178",
        "78 18" + "61" * 24,
        # credentials and requests in bytes, and what looks like some
        "44 83000c05",
        "45 83010c0506",
        "43 d87b61",
        "44 d9007b61",
        "47 00 d97b db007b61",
        "5f 41d8 427b61 ff",
        "58 18" + "d8" * 24,
        "d8 7b 82 6178 0c",
        "81 d8 7b 82 6178 0c",
        "d8 79 6178",
    )
]


def _redacted(start: bytes, array: bytes, content: bytes, end: bytes = b"") -> bytes:
    kept = redact(start + array + content + end, from_client=True)
    assert kept.startswith(start + array)
    assert kept.endswith(end)
    return kept[len(start + array) : len(kept) - len(end)]


def _redacted_together(start: bytes, items: list[bytes], is_endless: bool) -> bytes:
    many = b"\x9f" if is_endless else b"\x9a" + len(items).to_bytes(4, "big")
    return _redacted(start, many, b"".join(items), b"\xff" * is_endless)


@pytest.mark.parametrize("is_endless", [False, True])
@pytest.mark.parametrize("start", IN_COMPANY)
@pytest.mark.parametrize("item", DENSE)
def test_what_is_blanked_of_an_item_is_what_is_blanked_of_it_among_many(
    start: bytes, is_endless: bool, item: bytes
) -> None:
    others = [bytes.fromhex(text) for text in ("0c", "f5", "19 0c0c")] * 200
    alone = [_redacted(start, b"\x81", one) for one in (*others, item, *others)]
    assert _redacted_together(start, [*others, item, *others], is_endless) == b"".join(alone)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(IN_COMPANY),
    st.booleans(),
    st.lists(st.one_of(encodings, st.sampled_from(DENSE)), min_size=1, max_size=12),
    st.integers(1, 300),
)
def test_what_is_blanked_of_an_item_does_not_depend_on_how_many_there_are(
    start: bytes, is_endless: bool, items: list[bytes], times: int
) -> None:
    alone = b"".join(_redacted(start, b"\x81", item) for item in items)
    assert _redacted_together(start, items * times, is_endless) == alone * times


def _steps(payload: bytes) -> int:
    """Lines of Python that run to redact a message."""
    redact(payload, from_client=True)  # patterns are made
    return lines_run(lambda: redact(payload, from_client=True))


@pytest.mark.parametrize("end", ["", "ff"])
@pytest.mark.parametrize(
    "unit",
    [
        "0c 6178 18ff f5",
        "820c 826178 18ff",
        "a26161 0c 6162 f5",
        "4178 0c 430d0e0f",
        "c10c d8180c 0c",
        "9f0cff bf0cf5ff 0c",
    ],
)
def test_items_in_which_there_is_nothing_to_blank_are_taken_many_at_a_time(unit: str, end: str) -> None:
    content = bytes.fromhex(unit) * 4000
    count = (
        b"\x9f" if end else b"\x9a" + (4000 * len(cbor.decode(bytes.fromhex(unit)).items)).to_bytes(4, "big")
    )
    payload = bytes.fromhex("81 84 00 01 05") + count + content + bytes.fromhex(end)
    assert _steps(payload) < 4000


@pytest.mark.parametrize("unit", ["0c 6178 18ff f5", "9f0cff", "7f6178ff", "d8180c 6178"])
def test_dense_items_that_are_blanked_cost_a_bounded_number_of_steps(unit: str) -> None:
    content = bytes.fromhex(unit) * 1000
    payload = bytes.fromhex("81 84 00 01 0c 9f") + content + b"\xff"
    assert _steps(payload) < 16 * len(content)
