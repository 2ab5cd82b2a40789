"""What the messages of a connection tell of each other, in whatever order they are asked for."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import pytest
from mitmproxy.http import HTTPFlow

from tests.proxy.shown import flow_of, messages_of
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, SUBSCRIPTION, VALVE, event
from xentara_inspect.proxy.conversations import Conversation, Known, Told
from xentara_inspect.traffic.session import Session

VALUE = "37(h'4aa0e4e0521e4599a985e454baa59f89')"


def told_of(flow: HTTPFlow, number: int, conversation: Conversation) -> Told:
    message = messages_of(flow)[number]
    return conversation.told(messages_of(flow), message, message.content)


def notes(told: Told) -> dict[int, tuple[int | None, str]]:
    return {position: (context.opcode, context.note) for position, context in told.contexts.items()}


IN_ORDER: Sequence[dict[int, tuple[int | None, str]]] = (
    {},
    {1: (14, ", after 1.000 ms")},
    {},
    {1: (3, ", after 1.000 ms")},
    {1: (2, ", after 2.000 ms")},
    {},
    {},  # the event that overtakes its subscription
    {1: (4, ", after 2.000 ms"), 2: (6, ", after 2.000 ms")},
    {1: (None, " of subscription 5B5B5B5B…")},
)
SEVERAL = (
    *HELLO,
    f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [{VALUE}]}}]}}], [0, 3, 6, {{0: [{{0: {LEVEL}, 1: [9]}}]}}]]",
    f"<[[1, 3, {VALVE}], [1, 2, {SUBSCRIPTION}]]",
    f"<[[8, 0, {{1: {LEVEL}, 2: {{11: 121(1)}}}}], [8, 0, {{1: {LEVEL}, 2: {{9: 121(0)}}}}],"
    f" [8, 0, {{1: {LEVEL}, 2: {{9: 121(0), 11: 121(1)}}}}], [8, 0, {{1: {LEVEL}, 2: {{12: 121(1)}}}}],"
    f" [8, 0, {{1: {LEVEL}, 2: {{}}}}]]",
)
"""Two subscriptions to one element, of which the one that was asked for last is granted first."""
ORDERS = (range(9), range(8, -1, -1), (4, 0, 8, 1, 2, 3, 5, 6, 7), (8, 8, 0, 8, 3, 7, 1, 2, 4, 5, 6))


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_whatever_is_asked_for_first_all_are_decoded_in_their_order(order: Sequence[int]) -> None:
    flow, conversation = flow_of(*CONVERSATION[:9]), Conversation(Known())
    for number in order:
        assert notes(told_of(flow, number, conversation)) == IN_ORDER[number]


def test_an_event_is_of_the_last_subscription_that_asked_for_one_of_its_attributes() -> None:
    told = told_of(flow_of(*SEVERAL), 4, Conversation(Known()))
    values, qualities = " of subscription 5B5B5B5B…", " of subscription 00112233…"
    assert notes(told) == {
        1: (None, values), 2: (None, qualities), 3: (None, qualities), 5: (None, qualities)
    }  # fmt: skip


def test_a_message_that_is_asked_for_is_all_that_is_read_ahead_to() -> None:
    flow, known = flow_of(*CONVERSATION[:9]), Known()
    told_of(flow, 1, Conversation(known))
    assert not known.names.elements
    told_of(flow, 8, Conversation(known))
    assert known.names.elements


def test_messages_that_were_taken_away_in_front_are_remembered() -> None:
    flow, conversation = flow_of(*CONVERSATION[:9]), Conversation(Known())
    for number in range(9):
        flow_now = messages_of(flow)
        assert notes(told_of(flow, 0, conversation)) == IN_ORDER[number]
        del flow_now[0]


def test_messages_that_leave_unseen_still_tell_what_follows() -> None:
    flow, conversation = flow_of(*CONVERSATION[:9]), Conversation(Known())
    for _ in range(8):
        conversation.leaves(messages_of(flow), 1000)
        del messages_of(flow)[0]
    assert notes(told_of(flow, 0, conversation)) == IN_ORDER[8]


def test_those_that_are_large_do_not() -> None:
    flow, conversation = flow_of(*HELLO), Conversation(Known())
    conversation.leaves(messages_of(flow), 5)
    del messages_of(flow)[0]
    assert notes(told_of(flow, 0, conversation)) == {1: (None, ", which no request waits for")}


def test_a_flow_that_was_set_back_is_read_from_its_beginning() -> None:
    flow, conversation = flow_of(*CONVERSATION[:9]), Conversation(Known())
    told_of(flow, 8, conversation)
    messages_of(flow)[:] = messages_of(flow_of(*CONVERSATION[:9]))
    for number in range(9):
        assert notes(told_of(flow, number, conversation)) == IN_ORDER[number]


def test_a_message_that_is_none_of_the_flow_stands_alone() -> None:
    conversation = Conversation(Known())
    stranger = messages_of(flow_of(*HELLO))[1]
    told = conversation.told(messages_of(flow_of(*CONVERSATION)), stranger, stranger.content)
    assert (told.shown, told.contexts) == (stranger.content, {})


def test_nothing_is_remembered_of_messages_that_are_gone() -> None:
    flow, conversation = flow_of(*CONVERSATION[:9]), Conversation(Known())
    told_of(flow, 8, conversation)
    del messages_of(flow)[:]
    gc.collect()
    assert len(conversation._told) == 1  # the last, behind which those will stand that come


def test_names_are_shared_by_connections() -> None:
    known = Known()
    first = flow_of(*HELLO, f">[[0, 2, 2, {{0: {LEVEL}, 1: [0]}}]]", '<[[1, 2, {0: "Plant.Tank"}]]')
    told_of(first, 3, Conversation(known))
    before = known.learned
    told_of(flow_of(event(1)), 0, Conversation(known))
    assert list(known.names.elements.values()) == ["Plant.Tank"]
    assert known.learned == before


def test_names_are_as_many_as_are_bearable() -> None:
    known = Known()
    known.names.elements = {number.to_bytes(16): None for number in range(200_001)}
    told_of(flow_of(event(1)), 0, Conversation(known))
    assert not known.names.elements


def test_a_bug_of_ours_hides_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    flow, conversation = flow_of(*HELLO, *HELLO), Conversation(Known())
    with monkeypatch.context() as patched:
        patched.setattr(Session, "_request", None)
        assert notes(told_of(flow, 0, conversation)) == {}
    assert notes(told_of(flow, 3, conversation)) == {1: (14, ", after 1.000 ms")}
