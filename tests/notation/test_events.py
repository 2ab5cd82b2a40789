"""The short way for events writes what the general way writes, and takes the events it is there for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.notation import NAMES, event, message
from tests.encodings import encodings
from xentara_inspect import annotate
from xentara_inspect.notation.events import event_message_lines
from xentara_inspect.notation.layout import aligned
from xentara_inspect.notation.messages import annotate_packet, lines_with_spans
from xentara_inspect.notation.packets import packet_heading, packet_lines
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names

TIME = bytes.fromhex("d903e9a104c482281b17979cfe3d85cd15")
SCALARS = [
    bytes.fromhex(text)
    for text in (
        "00", "17", "1818", "1864", "190100", "1900ff", "1a00010000", "1b0000000100000000", "20", "3863",
        "f4", "f5", "f6", "f7", "e0", "f820", "f93e00", "f97e00", "f97e01", "fa3fc00000", "fa3dcccccd",
        "fa7f800000", "fb3ff8000000000000", "fb3fb999999999999a", "fb7ff8000000000001", "fbfff0000000000000",
        "60", "6161", "61ff", "611b", "780161", "4101", "80", "a0", "c101", "d82550" + "11" * 16, "5fff",
    )
]  # fmt: skip
values = st.one_of(st.sampled_from([*SCALARS, TIME]), encodings)
attributes = st.tuples(st.integers(0, 25).map(lambda key: bytes([key])), values).map(
    lambda pair: pair[0] + b"\xd8\x79" + pair[1]
)
events = st.lists(attributes, min_size=1, max_size=4).map(
    lambda found: (
        b"\x83\x08\x00\xa3\x00" + TIME + b"\x01" + bytes.fromhex("d82550") + b"\x11" * 16 + b"\x02"
        + bytes([0xA0 + len(found)]) + b"".join(found)
    )
)  # fmt: skip
messages = st.lists(events, min_size=1, max_size=3).map(
    lambda found: bytes([0x80 + len(found)]) + b"".join(found)
)


def both_ways_agree(payload: bytes, names: Names) -> None:
    general = "\n".join(line for line, _, _ in lines_with_spans(payload, names=names))
    assert annotate(payload, names=names).removesuffix("\n") == general.removesuffix("\n")
    for packet in packets.parse(payload).packets:
        if packet.position and packet.item is not None:
            lines = packet_lines(packet.item, payload, packet_heading(packet, None), 0, "", names=names)
            assert annotate_packet(packet, payload, names=names) == aligned(lines)


@settings(max_examples=400, deadline=None)
@given(messages, st.sampled_from([None, "Plant.\u202eTank", ""]))
def test_both_ways_write_the_same(payload: bytes, name: str | None) -> None:
    both_ways_agree(payload, Names(elements={b"\x11" * 16: name} if name is not None else {}))


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 3), st.data())
def test_both_ways_write_the_same_of_changed_bytes(size: int, data: st.DataObject) -> None:
    changed = bytearray(b"\x82" + event(size) + event(3))
    for _ in range(data.draw(st.integers(0, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    both_ways_agree(bytes(changed), NAMES)


def test_every_truncation_is_left_to_the_general_way() -> None:
    payload = b"\x82" + event(3) + event(2)
    assert event_message_lines(payload, None) is not None
    for length in range(len(payload)):
        assert event_message_lines(payload[:length], None) is None
    assert event_message_lines(payload + b"\x00", None) is None


def test_messages_as_servers_send_them_take_the_short_way() -> None:
    for size in (1, 2, 3):
        assert event_message_lines(message(size), NAMES) is not None
        both_ways_agree(message(size), NAMES)


def test_a_nil_element_and_early_times_are_written_alike() -> None:
    payload = message(1)
    both_ways_agree(payload.replace(payload[30:46], bytes(16)), NAMES)
    both_ways_agree(payload[:16] + bytes(8) + payload[24:], NAMES)
