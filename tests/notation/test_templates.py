"""Packets written by a template have the text that the general way gives them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings import encodings, integers
from tests.transcript import edn
from xentara_inspect.notation.lines import aligned
from xentara_inspect.notation.looks import Looks
from xentara_inspect.notation.messages import Context, annotate, annotate_packet, lines_with_spans
from xentara_inspect.notation.packets import packet_heading, packet_lines
from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import ArrayOf
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names

UUIDS = [bytes(16), b"\x11" * 16, b"\x22" * 16, bytes(range(16)), b"*" * 16]
NAMES = [
    None,
    Names(elements={UUIDS[1]: "Plant.\u202eTank", UUIDS[2]: "", UUIDS[3]: None, UUIDS[0]: "nil?"}),
    Names(
        elements={UUIDS[3]: "known \N{SNOWMAN}"},
        attributes={(b"", UUIDS[1]): "Limit", (UUIDS[3], UUIDS[1]): "Its Limit"},
        subscriptions={UUIDS[2]: (UUIDS[3],)},
        sub_sessions={UUIDS[1]},
    ),
]

uuids = st.sampled_from(UUIDS).map(lambda uuid: b"\xd8\x25\x50" + uuid)
message_ids = st.one_of(
    st.integers(0, 23).map(lambda number: bytes([number])),
    st.integers(0, 255).map(lambda number: bytes([0x18, number])),
    st.integers(0, 1000).map(lambda number: b"\x19" + number.to_bytes(2, "big")),
    integers,
)
floats = st.one_of(
    st.floats(width=16).map(lambda value: b"\xf9" + struct.pack(">e", value)),
    st.floats(width=32).map(lambda value: b"\xfa" + struct.pack(">f", value)),
    st.floats().map(lambda value: b"\xfb" + struct.pack(">d", value)),
    st.binary(min_size=2, max_size=2).map(lambda bits: b"\xf9" + bits),
    st.sampled_from([b"\xfb\x7f\xf8" + bytes(6), b"\xfb\x7f\xf8" + bytes(5) + b"\x01"]),
)
texts = st.one_of(
    st.sampled_from([b"\x63abc", b"\x63***", b"\x63\xff..", b'\x63"\\\n', b"\x63\xe2\x80\xae", b"\x60"]),
    st.integers(24, 70).map(lambda size: b"\x78" + bytes([size]) + b"x" * size),
    st.text(max_size=5).map(lambda text: text.encode()).map(lambda text: bytes([0x60 + len(text)]) + text),
)
times = st.builds(
    lambda exponent, value: b"\xd9\x03\xe9\xa1\x04\xc4\x82" + exponent + b"\x1b" + value.to_bytes(8, "big"),
    st.sampled_from([b"\x28", b"\x25", b"\x22", b"\x20"]),
    st.one_of(st.integers(2**32, 2**64 - 1), st.integers(0, 2**33)),
)
values = st.one_of(floats, texts, times, uuids, st.sampled_from([b"\x00", b"\x05", b"\xf4", b"\x18\x64"]))
keys = st.one_of(st.sampled_from([b"\x0b", b"\x09", b"\x05", b"\x00", b"\x0c"]), uuids)


def results(count: int) -> st.SearchStrategy[bytes]:
    tagged = st.tuples(keys, st.sampled_from([b"\xd8\x79", b"\xd8\x79", b"\xd8\x7b"]), values).map(b"".join)
    return st.lists(tagged, min_size=count, max_size=count).map(
        lambda entries: bytes([0xA0 + count]) + b"".join(entries)
    )


def joined(*parts: st.SearchStrategy[bytes] | bytes) -> st.SearchStrategy[bytes]:
    return st.tuples(*(st.just(part) if isinstance(part, bytes) else part for part in parts)).map(b"".join)


def arrays(*element: st.SearchStrategy[bytes] | bytes) -> st.SearchStrategy[bytes]:
    """Arrays of up to five such elements, and of others now and then."""
    elements = st.lists(st.one_of(*[joined(*element)] * 9, encodings), max_size=5)
    return elements.map(lambda found: bytes([0x80 + len(found)]) + b"".join(found))


FOUND = (
    b"\xa3\x00",
    texts,
    b"\x01",
    uuids,
    b"\x02",
    st.sampled_from([b"\x02", b"\x02", b"\x18\x02", b"\x63"]),
)
ATTRIBUTE = (b"\xa4\x00", texts, b"\x01", keys, b"\x02\x01\x03", st.sampled_from([b"\x00", b"\x01"]))

LOOKS = [
    (joined(b"\x84\x00", message_ids, b"\x04\xa2\x00", uuids, b"\x01\x82\x0b", keys), None),
    (joined(b"\x84\x00", message_ids, b"\x03\xa1\x00", texts), None),
    (joined(b"\x84\x00", message_ids, b"\x05\xa3\x00", uuids, b"\x01", keys, b"\x02", values), None),
    (joined(b"\x84\x00", message_ids, b"\x07\xa1\x00", uuids), None),
    (joined(b"\x84\x00", message_ids, b"\x06\xa1\x00\x81\xa2\x00", uuids, b"\x01\x81", keys), None),
    (joined(b"\x84\x00", message_ids, b"\x0c\xa1\x00\xd8\x79\xa1\x00", texts), None),
    (joined(b"\x83\x01", message_ids, results(2)), 4),
    (joined(b"\x83\x01", message_ids, results(1)), None),
    (joined(b"\x83\x01", message_ids, b"\x81\xa3\x00", texts, b"\x01", uuids, b"\x02\x02"), 1),
    (joined(b"\x83\x01", message_ids, arrays(*FOUND)), 1),
    (joined(b"\x83\x01", message_ids, b"\xa2\x00", texts, b"\x02", arrays(*ATTRIBUTE)), 3),
    (joined(b"\x84\x00", message_ids, b"\x06\xa1\x00", arrays(b"\xa2\x00", uuids, b"\x01\x81", keys)), None),
    (joined(b"\x83\x01", message_ids, uuids), 6),
    (joined(b"\x83\x02", message_ids, b"\xa2\x00\x39\x7d\x64\x01", texts), 5),
    (joined(b"\x83\x08\x00\xa3\x00", times, b"\x01", uuids, b"\x02", results(1)), None),
    (joined(b"\x83\x08", message_ids, b"\xa1\x00", values), None),
    (joined(b"\x84\x00", message_ids, b"\x05\xa3\x00", uuids, b"\x01\x0b\x02", encodings), None),
]


@pytest.mark.parametrize("look", range(len(LOOKS)))
@settings(max_examples=25)
@given(st.data())
def test_packets_of_one_look_are_written_as_by_the_general_way(look: int, data: st.DataObject) -> None:
    packet_bytes, opcode = LOOKS[look]
    context = Context(opcode, data.draw(st.sampled_from([None, UUIDS[3]])))
    looks = Looks(free=100)
    for _ in range(4):
        payload = b"\x81" + data.draw(packet_bytes)
        names = data.draw(st.sampled_from(NAMES))
        (packet,) = packets.parse(payload).packets
        assert packet.item is not None
        if packet.position == 0:
            continue
        heading = packet_heading(packet, context)
        general = packet_lines(packet.item, payload, heading, 0, "", names=names, context=context)
        written = looks.packet(packet, packet.item, payload, context, names or Names())
        assert aligned(written) == aligned(general)
        assert annotate_packet(packet, payload, context=context, names=names) == aligned(general)


@settings(max_examples=50)
@given(
    st.lists(st.one_of(*(look for look, _ in LOOKS)), min_size=1, max_size=4),
    st.sampled_from(NAMES),
    st.sampled_from([None, True, False]),
)
def test_messages_are_written_as_by_the_general_way(
    found: list[bytes], names: Names | None, from_client: bool | None
) -> None:
    payload = bytes([0x80 + len(found)]) + b"".join(found)
    general = [line for line, _, _ in lines_with_spans(payload, from_client=from_client, names=names)]
    for _ in range(2):
        assert annotate(payload, from_client=from_client, names=names).splitlines() == general


def test_packets_of_a_look_that_is_known_are_not_parsed() -> None:
    looks = Looks()
    look = (None, 0, "", None)
    payload = edn("[[0, 5, 8]]")
    assert looks.known_packet(payload, 1, 1, look, Names()) == ([], 0)
    (packet,) = packets.parse(payload).packets
    assert packet.item is not None
    looks.packet(packet, packet.item, payload, Context(), Names())
    written, end = looks.known_packet(edn("[0, 7, 8]") + b"\x00", 0, 3, look, Names())
    assert end == 4
    assert [text for text, _, _ in written] == ["[", "  0,", "  7,", "  8", "]"]
    assert written[0][1] == "Packet 3: Request"


def test_the_objects_of_an_array_share_their_templates_however_many_they_are() -> None:
    looks = Looks()
    found = "{0: \"Plant\", 1: 37(h'%s'), 2: 2}"
    elements = [found % (bytes([number]) * 16).hex() for number in range(1, 100)]
    payload = edn(f"[[1, 5, [{', '.join(elements)}]]]")
    (packet,) = packets.parse(payload).packets
    assert packet.item is not None
    looks.packet(packet, packet.item, payload, Context(commands.BROWSE), Names())
    browse = commands.COMMANDS[commands.BROWSE].result
    assert isinstance(browse, ArrayOf)
    other = edn(found.replace("Plant", "Tank") % UUIDS[3].hex())
    names = Names(elements={UUIDS[3]: "Plant.Tank"})
    written, end = looks.of((commands.BROWSE, 2, browse.element)).lines(other + b"\x00", 0, names)
    assert end == len(other)
    assert [(text.strip(" "), comment) for text, comment, _ in written] == [
        ("{", "Element"),
        ('0: "Tank",', "primary_key"),
        (f"1: 37(h'{UUIDS[3].hex().upper()}'),", "element_uuid: Plant.Tank"),
        ("2: 2", "element_category: Data Point"),
        ("},", ""),
    ]


def test_looks_that_do_not_come_again_are_not_paid_for() -> None:
    looks = Looks(free=3)
    payloads = [edn(f"[[0, 5, 3, {{0: {'[' * depth}{']' * depth}}}]]") for depth in range(1, 10)]
    for payload in payloads:
        (packet,) = packets.parse(payload).packets
        assert packet.item is not None
        looks.packet(packet, packet.item, payload, Context(), Names())
    look = (None, 0, "", None)
    assert [bool(looks.known_packet(payload, 1, 1, look, Names())[0]) for payload in payloads] == [
        depth <= 3 for depth in range(1, 10)
    ]
