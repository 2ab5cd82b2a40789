"""The short way for plain events writes what the general way writes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.notation import NAMES, message
from tests.events import ELEMENT, changed_messages, messages
from xentara_inspect import annotate
from xentara_inspect.notation.lines import aligned
from xentara_inspect.notation.messages import annotate_packet, lines_with_spans
from xentara_inspect.notation.packets import packet_heading, packet_lines
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.plain_events import plain_events


def both_ways_agree(payload: bytes, names: Names) -> None:
    general = "\n".join(line for line, _, _ in lines_with_spans(payload, names=names))
    assert annotate(payload, names=names).removesuffix("\n") == general.removesuffix("\n")
    plain = plain_events(payload)
    if plain is None:
        return
    for event, packet in zip(plain, packets.parse(payload).packets, strict=True):
        assert packet.item is not None
        lines = packet_lines(packet.item, payload, packet_heading(packet, None), 0, "", names=names)
        assert annotate_packet(event, payload, names=names) == aligned(lines)
        assert annotate_packet(packet, payload, names=names) == aligned(lines)


@pytest.mark.slow
@settings(max_examples=150)
@given(messages, st.sampled_from([None, "Plant.\u202eTank", ""]))
def test_both_ways_write_the_same(payload: bytes, name: str | None) -> None:
    both_ways_agree(payload, Names(elements={ELEMENT: name} if name is not None else {}))


@settings(max_examples=100)
@given(changed_messages())
def test_both_ways_write_the_same_of_changed_bytes(payload: bytes) -> None:
    both_ways_agree(payload, NAMES)


def test_messages_as_servers_send_them_are_written_alike() -> None:
    for size in (1, 2, 3):
        both_ways_agree(message(size), NAMES)


def test_a_nil_element_and_early_times_are_written_alike() -> None:
    payload = message(1)
    both_ways_agree(payload.replace(payload[30:46], bytes(16)), NAMES)
    both_ways_agree(payload[:16] + bytes(8) + payload[24:], NAMES)
