"""Plain events by pattern: the same records as the general way gives, and all that servers send."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.notation import event, message
from tests.events import ELEMENT, changed_messages, messages
from xentara_inspect.frames import Frame
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.plain_events import plain_event_bytes, plain_events
from xentara_inspect.traffic.records import Decoded, Resumed, SubscriptionOpened
from xentara_inspect.traffic.session import Session

NO_PLAIN_EVENT = bytes.fromhex("83 08 01 a0")
SUBSCRIPTION = b"\x22" * 16


def decoded(payload: bytes, subscribed: tuple[int | bytes, ...] | None) -> Decoded:
    opened = [] if subscribed is None else [SubscriptionOpened(1, SUBSCRIPTION, ((ELEMENT, subscribed),))]
    (whole,) = Session(Names(), Resumed(subscriptions=opened)).feed(Frame(5, False, False, payload), 7)
    return whole


def both_ways_agree(payload: bytes, subscribed: tuple[int | bytes, ...] | None) -> None:
    """Beside a packet that is no plain event all go the general way."""
    if plain_events(payload) is None:
        return
    plain = decoded(payload, subscribed)
    general = decoded(bytes([payload[0] + 1]) + payload[1:] + NO_PLAIN_EVENT, subscribed)
    assert general.packets.pop().event_type == 1
    for ours, theirs in zip(plain.packets, general.packets, strict=True):
        assert ours._replace(packet=theirs.packet) == theirs
    for field in fields(Decoded):
        if field.name not in ("packets", "observations"):
            assert getattr(plain, field.name) == getattr(general, field.name)
    assert [seen._replace(readings=tuple(seen.readings)) for seen in plain.observations] == [
        seen._replace(readings=tuple(seen.readings)) for seen in general.observations
    ]


@pytest.mark.slow
@settings(max_examples=150)
@given(messages, st.sampled_from([None, (), (11,), (3, 5), tuple(range(24))]))
def test_both_ways_give_the_same_records(payload: bytes, subscribed: tuple[int, ...] | None) -> None:
    both_ways_agree(payload, subscribed)


@settings(max_examples=150)
@given(changed_messages())
def test_both_ways_give_the_same_records_of_changed_bytes(payload: bytes) -> None:
    both_ways_agree(payload, None)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_messages_as_servers_send_them_are_plain(size: int) -> None:
    events = plain_events(message(size))
    assert events is not None
    assert [event.position for event in events] == list(range(1, 51))
    assert {len(event.readings) for event in events} == {size}


@pytest.mark.parametrize("count", [1, 23, 24, 255, 256])
def test_any_number_of_events_may_share_a_message(count: int) -> None:
    head = bytes([0x80 + count]) if count < 24 else bytes([0x98, count & 0xFF])
    one = event(2)
    payload = (head if count < 256 else b"\x99" + count.to_bytes(2, "big")) + one * count
    events = plain_events(payload)
    assert events is not None
    assert [payload[event.start : event.end] for event in events] == [one] * count
    assert plain_event_bytes(payload) == [one] * count


def test_no_truncation_and_no_continuation_is_plain() -> None:
    payload = b"\x82" + event(3) + event(2)
    assert plain_events(payload) is not None
    for length in range(len(payload)):
        assert plain_events(payload[:length]) is None
        assert plain_event_bytes(payload[:length]) is None
    assert plain_events(payload + b"\x00") is None
    assert plain_events(payload + event(1)) is None
    assert plain_events(b"\x81" + payload[1:]) is None
    assert plain_events(b"\x83" + payload[1:]) is None


@pytest.mark.parametrize(
    "value", ["1817", "3800", "190017", "1a00001000", "1b00000000ffffffff", "7800", "e0"]
)
def test_longer_heads_than_needed_and_rare_values_go_the_general_way(value: str) -> None:
    plain = event(1)
    assert plain_events(b"\x81" + plain[:-9] + b"\x01") is not None
    assert plain_events(b"\x81" + plain[:-9] + bytes.fromhex(value)) is None
